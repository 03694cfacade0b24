// Marginal propensities of slots by Monte Carlo. What a policy puts into slot k depends on the slots above it; the chance that
// it puts item a there, whatever is above, is an average over the lists that it makes:
//
//   P(a in slot k) = E over prefixes s ~ π of π(a | x, s)
//
// which S drawn prefixes estimate with the exact probability of a under each (Rao–Blackwell: never a count of a's). The first
// slot has no prefix and is exact.
//
// IIPS (the item-position model: Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay & Wen 2018, §4.2) weighs a slot's reward by the
// ratio of the two policies' marginals. With D̂ drawn independently of what was logged, E[1/D̂] > 1/D: too much. So the logging
// policy's average has the logged prefix among its S + 1: given the context these are exchangeable, and the logged item was
// drawn under one of them, so
//
//   E[f(a) / D̂(a)] = E[Σ_a f(a)·D̂(a)/D̂(a)] = E[Σ_a f(a)·1(D̂(a) > 0)]
//
// without a bias for any S, but for items that all S + 1 prefixes hold (the balance heuristic of Veach & Guibas 1995 has the same
// denominator). f is the target's marginal, drawn apart.
//
// DM of slates: Σ_k Σ_a P(a in slot k)·q̂(x, a, k), the direct method with a reward that is additive over slots (Swaminathan
// et al. 2017, §2), from the same prefixes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "evaluation/logged_round.h"
#include "evaluation/models/reward_model.h"
#include "serving/slate.h"

namespace riffle::evaluation {

struct SlateDraws {
  std::size_t count = 100;   // S
  std::uint64_t seed = 1;    // of the round and of whose lists are drawn
};

// Of one policy, of one round.
struct SlateMarginals {
  struct Slot {
    double probability = 0;  // of the logged item there
    double variance = 0;     // of that estimate, by Monte Carlo
  };
  std::vector<Slot> slots;
  double expected = kMissing;  // Σ_k Σ_a P(a in slot k)·q̂; NaN: cannot be told
  double expected_variance = 0;
};

// Whose expected reward is summed; no model: nobody's.
struct ModelledRound {
  const LoggedRound& round;
  const RewardModel* model = nullptr;
  std::size_t fold = 0;
};

// One thread; keeps its memory from round to round.
class SlateSampler {
 public:
  // `chosen`: the logged candidates, by slot. `with_logged`: the logged list is one more, S + 1 in all.
  void sample(const serving::SlateInput& input, std::span<const std::uint32_t> chosen, const ModelledRound& modelled,
              const SlateDraws& draws, SlateMarginals& out, bool with_logged = false);

 private:
  void ask_model(const ModelledRound& modelled, std::size_t slots, std::size_t candidates);
  template <class Next>
  void add_list(const serving::SlateInput& input, std::span<const std::uint32_t> chosen, const Next& next);

  serving::SlateBuilder builder_;
  std::vector<double> sum_, squares_;  // of the logged item's probability, by slot
  double value_ = 0, value_squares_ = 0;
  std::vector<double> q_;              // slot by slot, by candidate; empty: no model
};

// P(candidate) where it is among `allowed` (ascending), else 0.
double probability_among(const serving::Distribution& distribution, std::span<const std::uint32_t> allowed,
                         std::uint32_t candidate);

// Which of an outcome's candidates its slots hold. Not empty: why it cannot be told.
std::string_view find_chosen(const pb::Outcome& outcome, std::vector<std::uint32_t>& chosen);

}  // namespace riffle::evaluation
