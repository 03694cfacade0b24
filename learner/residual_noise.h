// σ of rewards about a ridge regression's estimates, from its sufficient statistics:
//   Σ w (r − ŵ·x)² = Σ w r² − 2 ŵ·b + ŵᵀAŵ = Σ w r² − ŵ·b − λ‖ŵ‖²,  as (A + λI) ŵ = b
#pragma once

#include <algorithm>
#include <cmath>

namespace riffle::learner {

// `explained`: ŵ·b + λ‖ŵ‖². Before anything is known the noise is 1, which is worth one slot; and rewards that the features
// explain to the last digit still leave a little to explore for.
inline double residual_noise(double count, double squares, double explained) {
  constexpr double kPriorVariance = 1, kPriorSlots = 1, kLeastNoise = 1e-3;
  const double unexplained = std::max(squares - explained, 0.0);
  return std::max(kLeastNoise, std::sqrt((kPriorSlots * kPriorVariance + unexplained) / (kPriorSlots + count)));
}

}  // namespace riffle::learner
