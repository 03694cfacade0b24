// n-step returns over a user's decisions (Sutton & Barto 2018, section 7.1; uncorrected, as Hessel et al. 2018), in the time
// between them (semi-Markov: Bradtke & Duff 1994):
//
//   y(n, slot) = r_slot + Σ_{k=1}^{m−1} Γ_k r̄_{n+k} + Γ_m max_a Q(s_{n+m}, a),   Γ_k = Π_{j≤k} γ^max(1, Δt_j/τ)
//
// m ≤ `steps` is how many of the user's next decisions are there; r̄ of a list is the mean of its exposed slots, since Q is the
// worth of one slot (slateq: their sum, since its Q is the worth of a list). Lists less than τ apart are a step apart, so that values stay below r/(1 − γ) however often someone asks;
// a longer pause costs more, so that coming back counts, and the sooner the more. Without a next decision there is no
// bootstrap: the user has not come back.
//
//   Worked example, γ = .5, τ = 1 h, 2 steps: lists at 12:00, 12:10 (r̄ = 1) and 14:10. For a slot of the first with r = 0:
//   Γ_1 = .5, Γ_2 = .5 · .5² = .125; y = 0 + .5 · 1 + .125 · max Q(s at 14:10).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "learner/q_learning/decision_buffer.h"
#include "learner/q_learning/options.h"

namespace riffle::learner {

struct Return {
  double later = 0;                                    // Σ Γ_k r̄_{n+k}
  double discount = 0;                                 // Γ_m
  std::optional<DecisionBuffer::Place> bootstrap;      // decision n + m; none: nothing to bootstrap on
};

// Time never runs backwards: a next decision that is older by its clock counts as at once.
inline double discount_of_pause(const ReplayedOptions& options, std::int64_t pause_ms) {
  const double steps = static_cast<double>(pause_ms) / static_cast<double>(options.discount_time.count());
  return std::pow(options.discount, std::max(1.0, steps));
}

// `reward`: of a later list.
inline Return return_of(const DecisionBuffer& buffer, DecisionBuffer::Place place, const ReplayedOptions& options,
                        double (HeldDecision::*reward)() const = &HeldDecision::mean_reward) {
  Return made;
  double discount = 1;
  for (std::size_t k = 1; options.discount > 0 && k <= options.steps; ++k) {
    const auto next = buffer.next_of(place);
    if (!next) break;
    if (made.bootstrap) made.later += made.discount * (buffer.at(*made.bootstrap).*reward)();
    discount *= discount_of_pause(options, buffer.at(*next).decision_ms - buffer.at(place).decision_ms);
    made.bootstrap = next;
    made.discount = discount;
    place = *next;
  }
  return made;
}

}  // namespace riffle::learner
