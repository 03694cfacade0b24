// Forgetting in event time: what was decided at t weighs w = 2^((t − reference)/half-life).
//
// The weight refers to the decision's own time, so a revision that comes late weighs what its slot weighed and the order of
// decisions does not matter. The reference moves on by whole half-lives, which scales what was summed by powers of two:
// exactly. Worked example, half-life 7 d: a slot shown 14 d before the newest one counts a quarter of it against the prior.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/time.h"

namespace riffle::learner {

class Forgetting {
 public:
  explicit Forgetting(Milliseconds half_life)  // 0: never forget
      : half_life_ms_(std::max<std::int64_t>(half_life.count(), 0)) {}

  // The weight of a decision made at this time (after 1970); 0: long forgotten. Where the reference must move on, all sums are
  // first multiplied by what `scale(factor)` is called with.
  template <class Scale>
  double weight_at(std::int64_t decision_ms, Scale&& scale) {
    if (reference_ms_ == 0) reference_ms_ = latest_ms_ = decision_ms;
    latest_ms_ = std::max(latest_ms_, decision_ms);
    if (half_life_ms_ == 0) return 1.0;
    const std::int64_t half_lives = (decision_ms - reference_ms_) / half_life_ms_;
    if (half_lives > kMostHalfLives) {
      reference_ms_ += half_lives * half_life_ms_;
      scale(std::exp2(-static_cast<double>(half_lives)));
    }
    return std::exp2(static_cast<double>(decision_ms - reference_ms_) / static_cast<double>(half_life_ms_));
  }

  // Of a decision made at the newest time: sums divided by it are scaled to now.
  double latest_weight() const {
    if (half_life_ms_ == 0) return 1.0;
    return std::exp2(static_cast<double>(latest_ms_ - reference_ms_) / static_cast<double>(half_life_ms_));
  }

  // State: a message with reference_ms, latest_ms and half_life_ms.
  template <class State>
  void save(State& state) const {
    state.set_reference_ms(reference_ms_);
    state.set_latest_ms(latest_ms_);
    state.set_half_life_ms(half_life_ms_);
  }
  // InvalidArgument: times that cannot be; nothing is changed. With another half-life than what was saved, what was learned
  // keeps the weight that it has now: the sums, loaded before, are multiplied by what `scale(factor)` is called with.
  template <class State, class Scale>
  absl::Status load(const State& state, Scale&& scale) {
    Forgetting loaded{Milliseconds(state.half_life_ms())};
    loaded.reference_ms_ = state.reference_ms();
    loaded.latest_ms_ = state.latest_ms();
    if (loaded.reference_ms_ < 0 || loaded.latest_ms_ < loaded.reference_ms_ || !std::isfinite(loaded.latest_weight()))
      return absl::InvalidArgumentError(absl::StrCat("times that cannot be: reference ", loaded.reference_ms_,
                                                     " ms, latest ", loaded.latest_ms_, " ms"));
    if (loaded.half_life_ms_ != half_life_ms_) {
      scale(1.0 / loaded.latest_weight());
      loaded.reference_ms_ = loaded.latest_ms_;
      loaded.half_life_ms_ = half_life_ms_;
    }
    *this = loaded;
    return absl::OkStatus();
  }

 private:
  // Beyond this many half-lives after the reference a weight (2³²) starts to eat into the old ones' digits.
  static constexpr std::int64_t kMostHalfLives = 32;

  std::int64_t half_life_ms_;
  std::int64_t reference_ms_ = 0;  // 0: no decision yet
  std::int64_t latest_ms_ = 0;     // never before the reference
};

}  // namespace riffle::learner
