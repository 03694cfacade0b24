#include "serving/diversifiers/similarity.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace riffle::serving {
namespace {

constexpr features::KernelVector kUnknown{};

// Eight sums side by side: one vector register, and the same order of additions on every machine.
float dot(const features::KernelVector& a, const features::KernelVector& b) {
  constexpr std::size_t kLanes = SimilarityRows::kLanes;
  std::array<float, kLanes> sums{};
  for (std::size_t block = 0; block < features::kKernelDimension; block += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[block + lane] * b[block + lane];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

}  // namespace

void SimilarityRows::reset(std::span<const features::KernelVector* const> kernels) {
  kernels_.assign(kernels.begin(), kernels.end());
  inverse_norms_.resize(kernels_.size());
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    if (!kernels_[i]) kernels_[i] = &kUnknown;
    const float square = dot(*kernels_[i], *kernels_[i]);
    inverse_norms_[i] = square > 0 && std::isfinite(square) ? 1 / std::sqrt(square) : 0;
  }
}

void SimilarityRows::row(std::uint32_t candidate, std::span<float> out) const {
  const features::KernelVector& kernel = *kernels_[candidate];
  const float scale = inverse_norms_[candidate];
  for (std::size_t i = 0; i < kernels_.size(); ++i) out[i] = dot(kernel, *kernels_[i]) * scale * inverse_norms_[i];
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(kernels_.size()), out.end(), 0.f);
}

}  // namespace riffle::serving
