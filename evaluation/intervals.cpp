#include "evaluation/intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"

namespace riffle::evaluation {
namespace {

Stats sum_of(std::span<const Stats> groups) {
  Stats totals{};
  for (const Stats& group : groups)
    for (std::size_t i = 0; i < kStats; ++i) totals[i] += group[i];
  return totals;
}

// √(m/(m−1)·Σd²) of what each group deviates by.
template <class Deviation>
double error_of(std::span<const Stats> groups, const Deviation& deviation) {
  const auto m = static_cast<double>(groups.size());
  if (groups.size() < 2) return std::numeric_limits<double>::infinity();
  double squares = 0;
  for (const Stats& group : groups) {
    const double d = deviation(group);
    squares += d * d;
  }
  return std::sqrt(m / (m - 1) * squares);
}

}  // namespace

Bootstrap::Bootstrap(std::span<const Stats> groups, const IntervalOptions& options)
    : options_(options), groups_(groups.size()) {
  if (groups.size() < 2) return;
  Rng rng(options.seed);
  totals_.resize(options.resamples, Stats{});
  for (Stats& total : totals_) {
    for (std::size_t draw = 0; draw < groups.size(); ++draw) {
      const Stats& group = groups[rng.below(groups.size())];
      for (std::size_t i = 0; i < kStats; ++i) total[i] += group[i];
    }
  }
}

std::optional<Interval> Bootstrap::interval(Estimator estimator, std::size_t lambda) const {
  std::vector<double> values;
  values.reserve(totals_.size());
  for (const Stats& total : totals_)
    if (const double value = evaluation::estimate(estimator, total, lambda); std::isfinite(value))
      values.push_back(value);
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  // Linear between neighbours, as numpy.percentile.
  const auto percentile = [&values](double share) {
    const double at = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
  };
  const double tail = (1 - options_.confidence) / 2;
  return Interval{percentile(tail), percentile(1 - tail)};
}

std::optional<Interval> empirical_bernstein(Estimator estimator, std::span<const Stats> groups,
                                            double confidence, std::size_t lambda) {
  if (facts_of(estimator).self_normalised || groups.size() < 2) return std::nullopt;
  const auto m = static_cast<double>(groups.size());
  const double rounds = sum_of(groups)[rounds_of(estimator)];
  double sum = 0, squares = 0, smallest = 0, largest = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const double y = numerator(estimator, groups[i], lambda) * m / rounds;
    sum += y;
    squares += y * y;
    smallest = i == 0 ? y : std::min(smallest, y);
    largest = i == 0 ? y : std::max(largest, y);
  }
  const double mean = sum / m;
  const double variance = std::max(0.0, (squares - m * mean * mean) / (m - 1));
  const double log_term = std::log(4 / (1 - confidence));
  const double half = std::sqrt(2 * variance * log_term / m) +
                      7 * (largest - smallest) * log_term / (3 * (m - 1));
  return Interval{mean - half, mean + half};
}

double ratio_standard_error(std::span<const Stats> groups, Stat numerator, Stat denominator) {
  const Stats totals = sum_of(groups);
  const double ratio = totals[numerator] / totals[denominator];
  return error_of(groups, [&](const Stats& group) { return group[numerator] - ratio * group[denominator]; }) /
         totals[denominator];
}

double standard_error(Estimator estimator, std::span<const Stats> groups, std::size_t lambda) {
  if (estimator == Estimator::kReplay) return ratio_standard_error(groups, kMatchedReward, kMatched);
  if (estimator == Estimator::kSnips || estimator == Estimator::kSnsips)
    return ratio_standard_error(groups, kWeighted, kWeight);
  const Stats totals = sum_of(groups);
  if (estimator == Estimator::kSndr) {
    const double mean = totals[kModelled] / totals[kRounds], correction = totals[kResidual] / totals[kWeight];
    return error_of(groups, [&](const Stats& group) {
      return (group[kModelled] - mean * group[kRounds]) / totals[kRounds] +
             (group[kResidual] - correction * group[kWeight]) / totals[kWeight];
    });
  }
  const Stat rounds = rounds_of(estimator);
  const double mean = evaluation::numerator(estimator, totals, lambda) / totals[rounds];
  return error_of(groups, [&](const Stats& group) {
           return evaluation::numerator(estimator, group, lambda) - mean * group[rounds];
         }) / totals[rounds];
}

std::size_t slope_choice(std::span<const Stats> groups) {
  const Stats totals = sum_of(groups);
  double low = -INFINITY, high = INFINITY;
  std::size_t chosen = kShrinkage.size() - 1;
  for (std::size_t lambda = kShrinkage.size(); lambda-- > 0;) {
    const double value = estimate(Estimator::kDros, totals, lambda);
    const double width = 2 * standard_error(Estimator::kDros, groups, lambda);
    low = std::max(low, value - width);
    high = std::min(high, value + width);
    if (low > high) break;
    chosen = lambda;
  }
  return chosen;
}

}  // namespace riffle::evaluation
