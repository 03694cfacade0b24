// Intervals of the estimates from the sums by groups of users (group_sums.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/estimators.h"

namespace riffle::evaluation {

struct Interval {
  double low = 0, high = 0;
};

struct IntervalOptions {
  double confidence = 0.95;
  std::size_t resamples = 1000;
  std::uint64_t seed = 1;
};

// The bootstrap's totals: each is the sum of as many groups as there are, drawn with replacement.
class Bootstrap {
 public:
  Bootstrap(std::span<const Stats> groups, const IntervalOptions& options);

  // Between the percentiles of the estimates of the resamples (Efron 1979); nothing with fewer than
  // two groups, or where no resample has an estimate.
  std::optional<Interval> interval(Estimator estimator, std::size_t lambda = 0) const;

 private:
  IntervalOptions options_;
  std::size_t groups_;
  std::vector<Stats> totals_;
};

// Maurer & Pontil 2009, theorem 4, on both sides: the mean of independent y_1 … y_m of range B lies
// within √(2·V·ln(4/δ) / m) + 7·B·ln(4/δ) / (3·(m − 1)). The y are the groups' sums, scaled so that
// their mean is the estimate; B is the range that was seen, since that of the weights is not known
// beforehand. Nothing of self-normalised estimators, which are no means.
std::optional<Interval> empirical_bernstein(Estimator estimator, std::span<const Stats> groups,
                                            double confidence, std::size_t lambda = 0);

// Standard error of the ratio Σ numerator / Σ denominator over groups (Cochran 1977, §2.11).
double ratio_standard_error(std::span<const Stats> groups, Stat numerator, Stat denominator);

// Of an estimate, linearised about its sums: that of a ratio of sums, or, of sndr, of a sum of two.
double standard_error(Estimator estimator, std::span<const Stats> groups, std::size_t lambda = 0);

// Which λ of kShrinkage dros takes, by SLOPE (Su, Srinath & Krishnamurthy 2020): from the least
// biased (the largest) down, as long as the intervals of all so far have a point in common.
std::size_t slope_choice(std::span<const Stats> groups);

}  // namespace riffle::evaluation
