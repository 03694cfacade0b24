#include "evaluation/estimators.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace riffle::evaluation {
namespace {

//                            estimator               name       slates model weights normalised marginals
constexpr EstimatorFacts kFacts[] = {
    {Estimator::kReplay, "replay", false, false, false, true, false},
    {Estimator::kDm, "dm", false, true, false, false, false},
    {Estimator::kIps, "ips", false, false, true, false, false},
    {Estimator::kSnips, "snips", false, false, true, true, false},
    {Estimator::kDr, "dr", false, true, true, false, false},
    {Estimator::kSndr, "sndr", false, true, true, true, false},
    {Estimator::kDros, "dros", false, true, true, false, false},
    {Estimator::kSips, "sips", true, false, true, false, false},
    {Estimator::kSnsips, "snsips", true, false, true, true, false},
    {Estimator::kRips, "rips", true, false, true, false, false},
    {Estimator::kCascadeDr, "cascade-dr", true, true, true, false, false},
    {Estimator::kIips, "iips", true, false, true, false, true},
    {Estimator::kSlateDm, "slate-dm", true, true, false, false, true},
};

double ratio(double numerator, double denominator) {
  return denominator != 0 ? numerator / denominator : std::numeric_limits<double>::quiet_NaN();
}

void add_single(const SlotTerms& slot, double weight, bool modelled,
                const EstimatorOptions& options, std::span<double> stats) {
  if (slot.target > 0) {
    stats[kMatched] += 1;
    stats[kMatchedReward] += slot.reward;
  }
  if (!modelled) return;
  const double residual = slot.reward - slot.q;
  stats[kModelled] += slot.v;
  stats[kResidual] += weight * residual;
  const double raw = slot.target / slot.propensity;
  const auto shrunk = [&](double lambda) {
    return slot.v + lambda * raw / (raw * raw + lambda) * residual;
  };
  if (options.shrinkage > 0) {
    stats[kShrunk] += shrunk(options.shrinkage);
    return;
  }
  for (std::size_t i = 0; i < kShrinkage.size(); ++i) stats[kShrunk + i] += shrunk(kShrinkage[i]);
}

}  // namespace

std::span<const EstimatorFacts> all_estimators() { return kFacts; }

const EstimatorFacts& facts_of(Estimator estimator) {
  return kFacts[static_cast<std::size_t>(estimator)];
}

std::optional<Estimator> estimator_named(std::string_view name) {
  for (const EstimatorFacts& facts : kFacts)
    if (facts.name == name) return facts.estimator;
  return std::nullopt;
}

double add_round(const RoundTerms& round, const EstimatorOptions& options,
                 std::span<double> stats) {
  const double clip =
      options.clip > 0 ? options.clip : std::numeric_limits<double>::infinity();
  double raw = 1, prefix = 1, reward = 0, prefix_weighted = 0, cascade = 0;
  for (const SlotTerms& slot : round.slots) {
    const double above = prefix;
    raw *= slot.target / slot.propensity;
    prefix = std::min(raw, clip);
    reward += slot.reward;
    prefix_weighted += prefix * slot.reward;
    cascade += prefix * (slot.reward - slot.q - slot.below) + above * (slot.v + slot.below);
  }
  stats[kRounds] += 1;
  stats[kReward] += reward;
  stats[kRawWeight] += raw;
  stats[kWeight] += prefix;
  stats[kWeighted] += prefix * reward;
  stats[kPrefixWeighted] += prefix_weighted;
  if (round.modelled) stats[kCascade] += cascade;
  if (round.slots.size() == 1) add_single(round.slots[0], prefix, round.modelled, options, stats);
  return raw;
}

void add_marginals(std::span<const MarginalTerms> slots, double expected, const EstimatorOptions& options,
                   std::span<double> stats) {
  const double clip = options.clip > 0 ? options.clip : std::numeric_limits<double>::infinity();
  stats[kMarginalRounds] += 1;
  stats[kMarginalSlots] += static_cast<double>(slots.size());
  for (const MarginalTerms& slot : slots) {
    const double weight = std::min(slot.target / slot.propensity, clip);
    stats[kMarginalWeight] += weight;
    stats[kMarginalWeighted] += weight * slot.reward;
  }
  if (std::isnan(expected)) return;
  stats[kSlateModelledRounds] += 1;
  stats[kSlateModelled] += expected;
}

Stat rounds_of(Estimator estimator) {
  if (estimator == Estimator::kIips) return kMarginalRounds;
  return estimator == Estimator::kSlateDm ? kSlateModelledRounds : kRounds;
}

double numerator(Estimator estimator, std::span<const double> stats, std::size_t lambda) {
  switch (estimator) {
    case Estimator::kDm:
      return stats[kModelled];
    case Estimator::kIps:
    case Estimator::kSips:
      return stats[kWeighted];
    case Estimator::kDr:
      return stats[kModelled] + stats[kResidual];
    case Estimator::kDros:
      return stats[kShrunk + lambda];
    case Estimator::kRips:
      return stats[kPrefixWeighted];
    case Estimator::kCascadeDr:
      return stats[kCascade];
    case Estimator::kIips:
      return stats[kMarginalWeighted];
    case Estimator::kSlateDm:
      return stats[kSlateModelled];
    default:
      RIFFLE_CHECK(false, facts_of(estimator).name, "is no mean");
  }
}

double estimate(Estimator estimator, std::span<const double> totals, std::size_t lambda) {
  switch (estimator) {
    case Estimator::kReplay:
      return ratio(totals[kMatchedReward], totals[kMatched]);
    case Estimator::kSnips:
    case Estimator::kSnsips:
      return ratio(totals[kWeighted], totals[kWeight]);
    case Estimator::kSndr:
      return ratio(totals[kModelled], totals[kRounds]) + ratio(totals[kResidual], totals[kWeight]);
    default:
      return ratio(numerator(estimator, totals, lambda), totals[rounds_of(estimator)]);
  }
}

}  // namespace riffle::evaluation
