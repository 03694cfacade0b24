// Which outcomes no learner may see: one poisoned number would stay in every later version.
#pragma once

#include <cstdint>
#include <string_view>

#include "records/riffle.pb.h"

namespace riffle::learner {

// Features lie in about [-1, 1] and rewards are sums of a few type rewards; what is this far outside is a fault, and its
// square would drown everything else that a Gram matrix holds. Raising them weakens the guard, nothing else.
constexpr float kLargestFeature = 1e3F;
constexpr double kLargestReward = 1e6;

// Why the outcome is to be ignored, as a label of `riffle_learner_ignored_total`; empty: it may be learned from.
//   foreign_features   other feature specification than this build's
//   bad_features       a slot to learn from has not kFeatureCount features, or one is not finite or beyond kLargestFeature
//   bad_reward         not finite or beyond kLargestReward
//   bad_time           decision_ms is not a time between 1970 and the year 5138
std::string_view outcome_problem(const pb::Outcome& outcome);

// Whether `scorer`'s trainer may learn of it; else counts it in `ignored` and now and then says so in the log.
bool may_learn(const pb::Outcome& outcome, std::string_view scorer, std::uint64_t& ignored);

// The reward of a slot that was not learned before this revision. A newly exposed slot was never learned, whatever
// `previous_reward` says; a slot that is not exposed is not learned.
inline double unlearned_reward(const pb::OutcomeSlot& slot) {
  return slot.newly_exposed() ? slot.reward() : slot.reward() - slot.previous_reward();
}

// What Σ r² grows by with it.
inline double squares_grown_by(const pb::OutcomeSlot& slot) {
  const double before = slot.newly_exposed() ? 0 : slot.previous_reward();
  return slot.reward() * slot.reward() - before * before;
}

// Whether the n-th fault of a kind is worth a line of the log: the 1st, 2nd, 4th, 8th…
constexpr bool worth_a_line(std::uint64_t n) { return (n & (n - 1)) == 0; }

}  // namespace riffle::learner
