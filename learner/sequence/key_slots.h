// Keys and the slots of a bounded table, one key a slot: nothing collides. When there is no slot left, the key that was not seen for
// longest gives up its own; keys that were not seen for long can be dropped. Slots are given out smallest first, so that equal
// histories give equal slots. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "records/sequence.pb.h"

namespace riffle::learner {

class KeySlots {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  explicit KeySlots(std::uint32_t most) : most_(most) {}

  std::uint32_t find(std::uint64_t key) const {
    const auto at = slot_of_.find(key);
    return at == slot_of_.end() ? kNone : at->second;
  }
  // The key was seen: it is now the one seen last. Its slot, which it gets here where it has none; `made` says so.
  std::uint32_t see(std::uint64_t key, std::int64_t time_ms, bool& made);
  void remove(std::uint32_t slot);
  // The slot of the key that was not seen for longest; kNone where there is no key.
  std::uint32_t oldest() const { return oldest_; }
  std::uint32_t newer(std::uint32_t slot) const { return slots_[slot].newer; }

  std::uint64_t key(std::uint32_t slot) const { return slots_[slot].key; }
  std::int64_t time_ms(std::uint32_t slot) const { return slots_[slot].time_ms; }
  bool used(std::uint32_t slot) const { return slots_[slot].used; }
  std::size_t size() const { return slot_of_.size(); }
  std::uint32_t slots() const { return static_cast<std::uint32_t>(slots_.size()); }  // used and free, numbers below it
  std::uint32_t most() const { return most_; }
  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot) + slot_of_.capacity() * 17; }

  // As messages that merge into the whole.
  void save_parts(const std::function<void(const pb::KeySlotsState&)>& part) const;
  // Into one that has no key. InvalidArgument: not what save() writes, or more than `most` keys.
  absl::Status load(const pb::KeySlotsState& state);

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::int64_t time_ms = 0;
    std::uint32_t older = kNone, newer = kNone;
    bool used = false;
  };
  void unlink(std::uint32_t slot);
  void link_newest(std::uint32_t slot);

  std::uint32_t most_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> slot_of_;
  std::vector<Slot> slots_;
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_;
  std::uint32_t oldest_ = kNone, newest_ = kNone;
};

}  // namespace riffle::learner
