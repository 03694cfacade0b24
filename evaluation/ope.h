// Off-policy evaluation: what would a target policy have earned, by the log of another one? Reads the
// log once for the reward model, where one is given, and once for the estimates; keeps sums only.
//
//   auto result = evaluate_off_policy(open_log, *target, &model, options, watch);
//   for (const EstimateRow& row : result->estimates) …   // a value, or why not
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "evaluation/estimators.h"
#include "evaluation/intervals.h"
#include "evaluation/logs/round_source.h"
#include "evaluation/marginal_evaluation.h"
#include "evaluation/models/reward_model.h"
#include "evaluation/refusals.h"
#include "evaluation/targets/target.h"
#include "evaluation/weight_diagnostics.h"

namespace riffle::evaluation {

struct OpeOptions {
  std::vector<Estimator> estimators;  // empty: all that apply to the log
  EstimatorOptions weights;
  IntervalOptions intervals;
  std::size_t slate_draws = 100;      // lists a round and policy, for marginal propensities
  std::size_t policy_folds = 0;       // of users, of which the target has a policy each (targets/cross_fitting.h); 0: none
  int passes_before = 0;              // over the log, for the watch: what was done before
  bool assume_uniform = false;        // propensities are 1 / what was allowed, whatever the log says
  bool force = false;                 // give refused estimates, too, and take a log that is cut short
};

struct OpeProgress {
  int pass = 1, passes = 1;
  std::uint64_t rounds = 0;        // of this pass
  std::optional<double> fraction;  // of this pass
};
// Called now and then; false stops, and what was read so far is reported as partial.
using OpeWatch = std::function<bool(const OpeProgress&)>;

struct EstimateRow {
  Estimator estimator = Estimator::kIps;
  double value = kMissing;
  std::optional<Interval> bootstrap, bernstein;
  std::optional<double> shrinkage;  // dros's λ …
  std::size_t lambda = 0;           // … its place in kShrinkage
  std::optional<double> monte_carlo_error;  // of estimates by drawn lists
  std::vector<Refusal> refusals;
  bool given = false;               // not refused, or forced
};

// The rounds of a span of time; 95 % intervals are ± 1.96 errors.
struct OpeSlice {
  TimePoint from;
  std::uint64_t rounds = 0;
  double logged_value = kMissing, logged_error = kMissing;
  struct Value {
    Estimator estimator = Estimator::kIps;
    double value = kMissing, error = kMissing;
  };
  std::vector<Value> values;  // of the estimates that are given
};

struct OpeResult {
  std::vector<ingest::RowCount> read;     // what became of the log's rows
  std::vector<std::string> problems;
  std::uint64_t left_out = 0;             // rounds that are no evidence for this target
  Evidence evidence;
  WeightDiagnostics weights;
  std::optional<MarginalFigures> marginals;  // where an estimator by marginals was asked
  std::map<std::string, std::uint64_t> logged_by;  // rounds by the policy that made them, of Riffle's own log
  std::uint64_t users = 0;                // groups of users with rounds (at most 4,096)
  double logged_value = kMissing, logged_error = 0;  // what the logging policy earned a round
  bool off_support_estimated = false;     // by 1 − E[w]
  std::uint64_t longest = 0, shortest = 0;  // slots of a list
  std::vector<EstimateRow> estimates;
  std::vector<Stats> folds;               // sums by fold, where the target has policy_folds
  Milliseconds slice_width{0};            // of rounds that say when they were
  std::vector<OpeSlice> slices;
  bool partial = false;                   // stopped by the watch
  std::string cut_short;                  // by --force: where the log broke off, and why

  bool any_refused() const;               // and not forced
};

// Errors are of the log. `target` and `model` (null: none) are used by this call alone.
absl::StatusOr<OpeResult> evaluate_off_policy(const OpenRounds& open, Target& target,
                                              RewardModel* model, const OpeOptions& options,
                                              const OpeWatch& watch = {});

// One round's terms from what was logged and what the target would do.
void make_terms(const LoggedRound& round, std::span<const TargetSlot> target,
                const RewardModel* model, std::size_t fold, std::vector<SlotTerms>& terms);

}  // namespace riffle::evaluation
