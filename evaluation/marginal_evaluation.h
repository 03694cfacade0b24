// The part of an off-policy evaluation that rests on marginal propensities (evaluation/slate_sampler.h): IIPS and DM of slates,
// over the rounds of which both policies' are known, with their own evidence; for a slot's weight needs no other slot to agree,
// these weights are much evener than those of whole lists.
//
// Monte Carlo error of IIPS: that of the rounds' Σ_k W_k·r_k, each W_k's by the delta method,
//   sd(N̂/D̂) = √(var N̂ + W²·var D̂) / D̂,
// added up over the slots of a list (they share their prefixes: from above) and in squares over rounds. It is no further
// source of error beside the interval, whose resampled rounds vary by it, too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/group_sums.h"
#include "evaluation/logging_marginals.h"
#include "evaluation/pareto.h"
#include "evaluation/refusals.h"
#include "evaluation/targets/target.h"
#include "evaluation/weight_diagnostics.h"

namespace riffle::evaluation {

struct MarginalFigures {
  std::uint64_t left_out = 0;         // rounds that are not fully logged
  Evidence evidence;                  // `ess`: the smallest of a position's; others as of whole lists
  std::vector<SlotDiagnostics> slots;  // by position; weights W_k
  double largest_weight = 0;
  double iips_error = 0, dm_error = 0;  // Monte Carlo: standard errors of the estimates
  std::size_t draws = 0;              // lists drawn a round and policy
};

class MarginalEvaluation {
 public:
  // Both outlive it; no model: no DM. `draws.seed` is that of the whole.
  MarginalEvaluation(Target& target, const RewardModel* model, const EstimatorOptions& options, const SlateDraws& draws)
      : target_(target), model_(model), options_(options), draws_(draws) {}

  // A round with propensities in (0, 1] that concerns the target; adds what it says to `stats`.
  void add(const LoggedRound& round, std::size_t fold, Stats& stats);
  MarginalFigures figures(const GroupSums& sums) const;

 private:
  Unanswerable find(const LoggedRound& round, std::size_t fold);
  void tally(const LoggedRound& round);

  Target& target_;
  const RewardModel* model_;
  EstimatorOptions options_;
  SlateDraws draws_;
  LoggingMarginals logging_;
  SlateMarginals logged_, asked_;
  std::vector<MarginalTerms> terms_;
  MarginalFigures figures_;
  WeightTail tail_;
  double iips_variance_ = 0, dm_variance_ = 0;  // summed over rounds
};

}  // namespace riffle::evaluation
