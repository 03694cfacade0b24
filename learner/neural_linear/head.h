// The Bayesian head of `neural_linear`: a linear regression of the reward on z, a network's last hidden layer and a 1 (Riquelme,
// Tucker & Snoek 2018, section 3 and appendix; FORMULAS 1.1):
//
//   r = w·z + ε,  ε ~ N(0, σ²),   w | σ² ~ N(0, σ² I/λ₀),   σ² ~ IG(a₀, b₀)
//   Λ = Σ z zᵀ + λ₀ I,   μ = Λ⁻¹ Σ r z,   a = a₀ + n/2,   b = b₀ + ½ (Σ r² − μ·Σ r z)
//   w | σ² ~ N(μ, σ² Λ⁻¹),   σ² ~ IG(a, b)                     sums over the n slots that were added
//
// The 1 is not the paper's: rectified units need not make a constant. Sums are in double, one slot after the other, so that the
// same slots in the same order make the same bits. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/gaussian_posterior.h"
#include "learner/options.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

class NeuralHead {
 public:
  explicit NeuralHead(std::size_t dimension);

  std::size_t dimension() const { return moment_.size(); }
  double count() const { return count_; }
  void clear();
  // `z`: dimension() finite numbers. A slot is added once as seen, and by what its reward (and the reward's square) grew since.
  void add_slot(const float* z);
  void add_reward(const float* z, double reward, double squared);

  // FailedPrecondition where the factorisation fails or a weight is not finite. `seed`: of the version's draws.
  absl::StatusOr<std::shared_ptr<const GaussianPosterior>> solve(const NeuralLinearOptions& options, std::uint64_t seed) const;

  void save(pb::NeuralHead& state) const;
  absl::Status load(const pb::NeuralHead& state);  // InvalidArgument: of another dimension, or not finite; nothing is changed

 private:
  std::vector<double> gram_;    // the lower triangle, column after column
  std::vector<double> moment_;
  double count_ = 0, squares_ = 0;
};

}  // namespace riffle::learner
