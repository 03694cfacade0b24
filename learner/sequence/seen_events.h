// Which events were learned, by 64-bit hashes: the last so many, the oldest goes when there is no room. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "records/sequence.pb.h"

namespace riffle::learner {

class SeenEvents {
 public:
  explicit SeenEvents(std::size_t most) : most_(most) {}

  // False: it was seen before, and is held.
  bool add(std::uint64_t hash);
  std::size_t size() const { return ring_.size(); }

  // As messages that merge into the whole, a hash in the same one whatever is held besides.
  void save_parts(const std::function<void(const pb::SeenEventsState&)>& part) const;
  // Into one that is empty. InvalidArgument: not what save_parts() writes, or more than fit.
  absl::Status load(const pb::SeenEventsState& state);

 private:
  std::size_t most_;
  std::uint64_t end_ = 0;                      // numbers count from 0
  std::vector<std::uint64_t> ring_;            // by number modulo most_
  absl::flat_hash_set<std::uint64_t> held_;
};

}  // namespace riffle::learner
