// What the importance weights of a log look like: always printed beside the estimates, for no
// estimate is better than its weights.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/estimators.h"
#include "evaluation/pareto.h"

namespace riffle::evaluation {

// Below it a weight rests on what was hardly ever shown.
constexpr double kSmallPropensity = 1e-4;

// (Σw)² / Σw² (Kish 1965): how many rounds drawn from the target itself would tell as much.
inline double effective_sample_size(double sum, double squares) {
  return squares > 0 ? sum * sum / squares : 0;
}

// Of one place in the list. The weights are those of the whole prefix, w_{1:k}, clipped as asked.
struct SlotDiagnostics {
  std::uint32_t position = 0;
  std::uint64_t rounds = 0;
  std::uint64_t rewarded = 0;
  double reward = 0;           // summed
  double weight = 0, weight_squares = 0, largest_weight = 0;
  double weighted_reward = 0;  // Σ w_{1:k}·r_k
  double smallest_propensity = 1;

  // A round's slot here: what it earned, the weight that it is given, the one that counts as the largest, its propensity.
  void add(double earned, double used, double largest, double propensity);

  double mean_reward() const { return reward / static_cast<double>(rounds); }
  double mean_weight() const { return weight / static_cast<double>(rounds); }
  double value() const { return weighted_reward / static_cast<double>(rounds); }
  double ess() const { return effective_sample_size(weight, weight_squares); }
};

class WeightDiagnostics {
 public:
  // `raw`: the round's whole weight, as add_round() answered.
  void add(const RoundTerms& round, std::uint32_t first_position, double raw, double clip);

  std::uint64_t rounds() const { return rounds_; }
  std::uint64_t rewarded() const { return rewarded_; }
  double ess() const { return effective_sample_size(weight_, squares_); }
  double largest_weight() const { return largest_; }      // before clipping
  std::uint64_t clipped() const { return clipped_; }      // rounds
  double smallest_propensity() const { return smallest_propensity_; }  // of a slot
  std::uint64_t small_propensities() const { return small_; }          // slots below 10⁻⁴
  std::optional<double> k_hat() const { return tail_.k_hat(); }        // before clipping
  // Shares of the rounds whose weight is 0, in (0, 2⁻⁴), [2⁻⁴, 2⁻³) … [2³, 2⁴), and from 2⁴ on.
  std::span<const std::uint64_t> histogram() const { return histogram_; }
  const std::vector<SlotDiagnostics>& slots() const { return slots_; }

 private:
  std::uint64_t rounds_ = 0, rewarded_ = 0, clipped_ = 0, small_ = 0;
  double weight_ = 0, squares_ = 0, largest_ = 0, smallest_propensity_ = 1;
  WeightTail tail_;
  std::vector<std::uint64_t> histogram_ = std::vector<std::uint64_t>(11, 0);
  std::vector<SlotDiagnostics> slots_;  // by position
};

}  // namespace riffle::evaluation
