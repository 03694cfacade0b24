#include "serving/diversifiers/similarity.h"

#include <algorithm>
#include <cmath>

#include "serving/vector_lanes.h"

namespace riffle::serving {
namespace {

constexpr features::KernelVector kUnknown{};

inline void add_product(const float* a, const float* b, FloatLanes& sum) {
  FloatLanes x, y;
  load_lanes(x, a);
  load_lanes(y, b);
  sum += x * y;
}

// Four sums, so that no addition waits for the one before; always in the same order.
inline float dot(const features::KernelVector& a, const features::KernelVector& b) {
  static_assert(features::kKernelDimension % (4 * kLanes) == 0);
  FloatLanes first{}, second{}, third{}, fourth{};
  for (std::size_t i = 0; i < features::kKernelDimension; i += 4 * kLanes) {
    add_product(a.data() + i, b.data() + i, first);
    add_product(a.data() + i + kLanes, b.data() + i + kLanes, second);
    add_product(a.data() + i + 2 * kLanes, b.data() + i + 2 * kLanes, third);
    add_product(a.data() + i + 3 * kLanes, b.data() + i + 3 * kLanes, fourth);
  }
  const FloatLanes sum = (first + second) + (third + fourth);
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
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
