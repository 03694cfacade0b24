// A policy's sums by groups of users, and intervals of metrics and of their differences between policies from them.
//
// The groups are those of evaluation/group_sums.h (a hash of the user), and are what is resampled: the clustered bootstrap.
// Policies were judged at the same points, so a resample takes the same groups of all of them: differences are paired
// (Efron & Tibshirani 1993, ch. 8 and 15).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/intervals.h"
#include "evaluation/prequential/metrics.h"

namespace riffle::evaluation {

class UserSums {
 public:
  explicit UserSums(std::size_t groups) : groups_(groups, Sums{}) {}

  Sums& of(const UserId& user);
  std::span<const Sums> groups() const { return groups_; }
  Sums total() const;
  // The metric ± z standard errors of a ratio over groups (Cochran 1977, §2.11); none with fewer than two groups.
  std::optional<Interval> interval(const MetricFacts& metric, double z) const;

 private:
  std::vector<Sums> groups_;
};

class PairedBootstrap {
 public:
  // All of equally many groups.
  PairedBootstrap(std::span<const UserSums* const> policies, const IntervalOptions& options);

  std::optional<Interval> interval(std::size_t policy, const MetricFacts& metric) const;
  // Of the first minus the second.
  std::optional<Interval> difference(std::size_t first, std::size_t second, const MetricFacts& metric) const;

 private:
  template <class Estimate>
  std::optional<Interval> percentiles(const Estimate& estimate) const;

  IntervalOptions options_;
  std::vector<std::vector<Sums>> totals_;  // resample, policy
};

}  // namespace riffle::evaluation
