#include "serving/diversifiers/dpp.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {
namespace {

constexpr float kTwin = 1e-10f;
constexpr std::size_t kLanes = SimilarityRows::kLanes;

}  // namespace

void Dpp::reset(std::span<const features::KernelVector* const> kernels) {
  similarity_.reset(kernels);
  residual_.assign(similarity_.padded_count(), 1.f);
  added_ = 0;
}

void Dpp::gains(std::span<float> out) const {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::sqrt(residual_[i]);
}

void Dpp::add(std::uint32_t candidate) {
  if (!similarity_.known(candidate) || residual_[candidate] < kTwin) return;
  const std::size_t width = residual_.size();
  if (factors_.size() < (added_ + 1) * width) factors_.resize((added_ + 1) * width);
  float* __restrict row = factors_.data() + added_ * width;
  similarity_.row(candidate, {row, width});
  for (std::size_t above = 0; above < added_; ++above) {
    const float* __restrict c = factors_.data() + above * width;
    const float own = c[candidate];
    for (std::size_t block = 0; block < width; block += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane) row[block + lane] -= own * c[block + lane];
  }
  const float scale = 1 / std::sqrt(residual_[candidate]);
  float* __restrict residual = residual_.data();
  for (std::size_t block = 0; block < width; block += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      row[block + lane] *= scale;
      residual[block + lane] = std::max(0.f, residual[block + lane] - row[block + lane] * row[block + lane]);
    }
  }
  ++added_;
}

}  // namespace riffle::serving
