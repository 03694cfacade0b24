// Of what comes, how much a learner that cannot train on all of it trains on: half as much each time that what waits has grown, and
// twice as much each time that hardly anything waits. A backlog that shrinks is left to shrink, however long it is: a history that is
// there already is learned whole.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace riffle::pipeline {

class TrainingShare {
 public:
  static constexpr std::uint64_t kFew = 1000;      // records; fewer are what comes between two looks
  static constexpr double kLeast = 1.0 / 256;      // what comes is read a hundred times as fast as it is trained on

  // At every look, a few seconds apart.
  void note(std::uint64_t waiting) {
    if (waiting <= kFew) {
      share_ = std::min(1.0, 2 * share_);
    } else if (before_ && waiting > *before_) {
      share_ = std::max(kLeast, share_ / 2);
    }
    before_ = waiting;
  }

  double share() const { return share_; }

 private:
  double share_ = 1;
  std::optional<std::uint64_t> before_;
};

}  // namespace riffle::pipeline
