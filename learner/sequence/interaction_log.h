// The last interactions of all users, in the order in which they came, each knowing the one of the same user before it: what encoders
// are trained on, again and again. A ring: the oldest goes when there is no room. Numbers count from 0 and never come twice. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "learner/sequence/history.h"
#include "records/sequence.pb.h"

namespace riffle::learner {

struct LoggedInteraction {
  std::uint64_t user = 0;
  SequenceEntry entry;
  bool target = true;          // to be predicted; else context
  std::uint32_t back = 0;      // from it to the user's one before; 0: there is none
};

class InteractionLog {
 public:
  // Whose interactions are nobody's any more.
  static constexpr std::uint64_t kForgotten = ~std::uint64_t{0};

  explicit InteractionLog(std::size_t most) : most_(most) {}

  std::uint64_t add(std::uint64_t user, const SequenceEntry& entry, bool target);  // its number
  // What the user did is context of nothing and no target from now on: only that something was there stays.
  void forget(std::uint64_t user);
  std::uint64_t begin() const { return end_ - ring_.size(); }
  std::uint64_t end() const { return end_; }
  bool empty() const { return ring_.empty(); }
  const LoggedInteraction& at(std::uint64_t number) const { return ring_[number % most_]; }
  bool holds(std::uint64_t number) const { return number >= begin() && number < end_; }
  // Of the user's one before `number`, as long as it is held.
  bool before(std::uint64_t number, std::uint64_t& found) const {
    const std::uint32_t back = at(number).back;
    if (back == 0 || number - begin() < back) return false;
    found = number - back;
    return true;
  }
  // Replaces `numbers` by those of the last ones of the user of `last`, it included: at most `most`, oldest first.
  void window(std::uint64_t last, std::size_t most, std::vector<std::uint64_t>& numbers) const;
  std::uint32_t count_of(ItemKey item) const;   // targets with it that are held
  std::size_t memory_bytes() const;

  // As messages that merge into the whole, a number's in the same one whatever is held besides.
  void save_parts(const std::function<void(const pb::InteractionLogState&)>& part) const;
  void save(pb::InteractionLogState& state) const;
  // Into one that is empty. InvalidArgument: not what save() writes, or more than fit.
  absl::Status load(const pb::InteractionLogState& state);

 private:
  void count(const LoggedInteraction& interaction);
  void uncount(const LoggedInteraction& interaction);

  std::size_t most_;
  std::uint64_t end_ = 0;
  std::vector<LoggedInteraction> ring_;                           // by number modulo most_
  absl::flat_hash_map<std::uint64_t, std::uint64_t> last_of_;     // user → number of his last one held
  absl::flat_hash_map<ItemKey, std::uint32_t> counts_;
  std::vector<std::uint64_t> forgotten_;                          // scratch
};

}  // namespace riffle::learner
