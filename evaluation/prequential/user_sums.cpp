#include "evaluation/prequential/user_sums.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/rng.h"
#include "evaluation/group_sums.h"

namespace riffle::evaluation {

Sums& UserSums::of(const UserId& user) {
  return groups_[GroupSums::group_of(stable_hash(user.str())) % groups_.size()];
}

Sums UserSums::total() const {
  Sums total{};
  for (const Sums& group : groups_)
    for (std::size_t i = 0; i < kSums; ++i) total[i] += group[i];
  return total;
}

std::optional<Interval> UserSums::interval(const MetricFacts& metric, double z) const {
  const Sums total = this->total();
  const std::optional<double> value = value_of(metric, total);
  const auto filled = static_cast<double>(
      std::count_if(groups_.begin(), groups_.end(), [&](const Sums& group) { return group[metric.denominator] > 0; }));
  if (!value || filled < 2) return std::nullopt;
  double squares = 0;
  for (const Sums& group : groups_) {
    const double residual = group[metric.numerator] - *value * group[metric.denominator];
    squares += residual * residual;
  }
  const double error = std::sqrt(squares * filled / (filled - 1)) / total[metric.denominator];
  return Interval{*value - z * error, *value + z * error};
}

PairedBootstrap::PairedBootstrap(std::span<const UserSums* const> policies, const IntervalOptions& options)
    : options_(options) {
  if (policies.empty()) return;
  std::vector<std::size_t> filled;
  for (std::size_t group = 0; group < policies.front()->groups().size(); ++group)
    if (policies.front()->groups()[group][kPoints] > 0) filled.push_back(group);
  if (filled.size() < 2) return;
  Rng rng(options.seed);
  totals_.resize(options.resamples, std::vector<Sums>(policies.size(), Sums{}));
  for (std::vector<Sums>& totals : totals_) {
    for (std::size_t draw = 0; draw < filled.size(); ++draw) {
      const std::size_t group = filled[rng.below(filled.size())];
      for (std::size_t policy = 0; policy < policies.size(); ++policy) {
        const Sums& sums = policies[policy]->groups()[group];
        for (std::size_t i = 0; i < kSums; ++i) totals[policy][i] += sums[i];
      }
    }
  }
}

// Between the percentiles of the resamples' estimates (Efron 1979).
template <class Estimate>
std::optional<Interval> PairedBootstrap::percentiles(const Estimate& estimate) const {
  std::vector<double> values;
  for (const std::vector<Sums>& totals : totals_)
    if (const std::optional<double> value = estimate(totals)) values.push_back(*value);
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double tail = (1 - options_.confidence) / 2 * static_cast<double>(values.size());
  const auto low = static_cast<std::size_t>(tail);
  return Interval{values[low], values[values.size() - 1 - low]};
}

std::optional<Interval> PairedBootstrap::interval(std::size_t policy, const MetricFacts& metric) const {
  return percentiles([&](const std::vector<Sums>& totals) { return value_of(metric, totals[policy]); });
}

std::optional<Interval> PairedBootstrap::difference(std::size_t first, std::size_t second,
                                                    const MetricFacts& metric) const {
  return percentiles([&](const std::vector<Sums>& totals) -> std::optional<double> {
    const std::optional<double> a = value_of(metric, totals[first]), b = value_of(metric, totals[second]);
    if (!a || !b) return std::nullopt;
    return *a - *b;
  });
}

}  // namespace riffle::evaluation
