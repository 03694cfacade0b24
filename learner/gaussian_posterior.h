// What a ridge regression believes of its weights: w ~ N(ŵ, σ² (A + λI)⁻¹), from its Cholesky factor A + λI = L Lᵀ.
//
//   mean(x)    ŵ·x
//   width(x)   √(xᵀ (A + λI)⁻¹ x) = ‖L⁻¹x‖: how far the estimate can be moved by a unit of root excess squared loss
//   draw_s(x)  θ_s·x,  θ_s = ŵ + s·σ·L⁻ᵀz_s,  z_s ~ N(0, I): Thompson sampling (Agrawal & Goyal 2013; FORMULAS 1.1)
//
// Where σ itself is only believed, σ² ~ IG(a, a·noise²), each draw has a σ_s of its own (Riquelme, Tucker & Snoek 2018).
//
// The draws belong to the posterior: the same seed gives the same draws on every worker, so a policy version ships them
// without storing them. What widths and draws need is made when they are first asked for. Any thread, any dimension.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "learner/options.h"

namespace riffle::learner {

class GaussianPosterior {
 public:
  // `factor`: L, lower triangle, of the dimension of the weights. `noise`: σ, in reward units; `noise_shape`: a, 0: σ is known.
  GaussianPosterior(std::vector<float> weights, Eigen::MatrixXd factor, double noise, const DrawOptions& draws,
                    std::uint64_t seed, double noise_shape = 0);
  ~GaussianPosterior();

  std::size_t dimension() const { return weights_.size(); }
  std::size_t draw_count() const { return draw_options_.count; }
  std::span<const float> weights() const { return weights_; }
  double noise() const { return noise_; }

  // `x` has dimension() numbers. Not finite where x is not.
  float mean(const float* x) const;
  float width(const float* x) const;
  void draws(const float* x, std::span<float> out) const;  // draw_count() numbers

 private:
  struct Made;
  const Made& inverse() const;
  const Made& drawn() const;

  std::vector<float> weights_;
  Eigen::MatrixXd factor_;
  double noise_, noise_shape_;
  DrawOptions draw_options_;
  std::uint64_t seed_;
  std::unique_ptr<Made> made_;
};

}  // namespace riffle::learner
