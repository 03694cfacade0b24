// What the linear learner remembers of all outcomes: the sufficient statistics of a weighted ridge regression, apart for
// each position of the slate.
//
//   A_k = Σ w x xᵀ    b_k = Σ w r x    over the slots exposed at position k,  w = 2^((t_decision - reference)/half-life)
//
// With the examination factor θ_k a slot's row is x′ = θ_k·x, so A = Σ_k θ_k² A_k and b = Σ_k θ_k b_k whatever θ is when
// the weights are solved: θ may be fitted anew at any time and no slot was ever learned under an old one. A is that of
// recursive least squares with forgetting; holding A instead of A⁻¹ needs no re-factorisation and cannot lose symmetry
// (FORMULAS 1.3).
//
// Time: w refers to the decision's own time, so a revision that comes late weighs what its slot weighed and the order of
// decisions does not matter. The reference moves on by whole half-lives, which scales by powers of two: exactly. Worked
// example, half-life 7 d: a slot shown 14 d before the newest one counts a quarter of it against the ridge.
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "features/feature_vector.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

using LinearWeights = std::array<double, features::kFeatureCount>;

class LinearStatistics {
 public:
  // Positions 0 … 15 apart, all below them in the last place: lists are rarely longer on a screen, and 17 matrices of
  // 32 × 32 doubles still fit the second-level cache.
  static constexpr std::size_t kPositions = 17;

  explicit LinearStatistics(Milliseconds half_life);  // 0: never forget

  // The weight of a decision made at this time (after 1970); moves the reference on where it must. 0: long forgotten.
  double weight_at(std::int64_t decision_ms);

  // One slot's part of a revision. `features` are kFeatureCount finite numbers; x xᵀ is added where `newly_exposed`, and
  // `reward` is what was not added before.
  void add(std::size_t position, const float* features, double weight, bool newly_exposed, double reward,
           bool randomised);

  std::vector<double> examination(double position_prior) const;

  // Weights of the rewards' regression: (A + ridge·I)⁻¹ b with A, b scaled to the newest decision, so forgetting leads
  // back to the prior. FailedPrecondition where the Cholesky factorisation fails or a weight is not finite.
  absl::StatusOr<LinearWeights> solve(double ridge, double position_prior) const;

  void save(pb::LinearState& state) const;
  absl::Status load(const pb::LinearState& state);  // on error nothing is changed

 private:
  static constexpr std::size_t kDimension = features::kFeatureCount;
  struct alignas(64) Position {
    std::array<double, kDimension * kDimension> gram{};  // by columns; only the lower triangle is read
    std::array<double, kDimension> moment{};
    double randomised_count = 0;
    double randomised_reward = 0;
    bool used = false;
  };

  void move_reference(std::int64_t half_lives);
  void scale(double factor);
  double latest_weight() const;

  std::int64_t half_life_ms_;
  std::int64_t reference_ms_ = 0;    // 0: no decision yet
  std::int64_t latest_ms_ = 0;       // never before the reference
  std::vector<Position> positions_;  // kPositions
};

}  // namespace riffle::learner
