// What the linear learner remembers of all outcomes: the sufficient statistics of a weighted ridge regression, apart for
// each position of the slate.
//
//   A_k = Σ w x xᵀ    b_k = Σ w r x    over the slots exposed at position k,  w as in learner/forgetting.h
//
// With the examination factor θ_k a slot's row is x′ = θ_k·x, so A = Σ_k θ_k² A_k and b = Σ_k θ_k b_k whatever θ is when
// the weights are solved: θ may be fitted anew at any time and no slot was ever learned under an old one. A is that of
// recursive least squares with forgetting; holding A instead of A⁻¹ needs no re-factorisation and cannot lose symmetry
// (FORMULAS 1.3).
//
// Σ w r² and Σ w are kept too: what the regression leaves unexplained is the rewards' noise, which Thompson sampling scales
// its draws by.
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "features/feature_vector.h"
#include "learner/forgetting.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

using LinearWeights = std::array<double, features::kFeatureCount>;

struct LinearSolution {
  LinearWeights weights{};
  Eigen::MatrixXd factor;   // L of A + ridge·I = L Lᵀ, scaled to the newest decision
  double noise = 1;         // σ of a reward about its estimate
};

class LinearStatistics {
 public:
  // Positions 0 … 15 apart, all below them in the last place: lists are rarely longer on a screen, and 17 matrices of
  // 32 × 32 doubles still fit the second-level cache.
  static constexpr std::size_t kPositions = 17;

  explicit LinearStatistics(Milliseconds half_life);  // 0: never forget

  // The weight of a decision made at this time (after 1970); moves the reference on where it must. 0: long forgotten.
  double weight_at(std::int64_t decision_ms);

  // One slot's part of a revision. `features` are kFeatureCount finite numbers; x xᵀ is added where `newly_exposed`, and
  // `reward` is what was not added before, with `squared` what its square has grown by.
  void add(std::size_t position, const float* features, double weight, bool newly_exposed, double reward,
           double squared, bool randomised);

  std::vector<double> examination(double position_prior) const;

  // Weights of the rewards' regression: (A + ridge·I)⁻¹ b with A, b scaled to the newest decision, so forgetting leads
  // back to the prior. FailedPrecondition where the Cholesky factorisation fails or a weight is not finite.
  absl::StatusOr<LinearSolution> solve(double ridge, double position_prior) const;

  void save(pb::LinearState& state) const;
  absl::Status load(const pb::LinearState& state);  // on error nothing is changed

 private:
  static constexpr std::size_t kDimension = features::kFeatureCount;
  struct alignas(64) Position {
    std::array<double, kDimension * kDimension> gram{};  // by columns; only the lower triangle is read
    std::array<double, kDimension> moment{};
    double randomised_count = 0;
    double randomised_reward = 0;
    double count = 0;
    double squares = 0;
    bool used = false;
  };

  void scale(double factor);

  Forgetting forgetting_;
  std::vector<Position> positions_;  // kPositions
};

}  // namespace riffle::learner
