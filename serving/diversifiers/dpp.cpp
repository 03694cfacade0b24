#include "serving/diversifiers/dpp.h"

#include <cmath>

#include "serving/vector_lanes.h"

namespace riffle::serving {
namespace {

constexpr float kTwin = 1e-10f;

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
  float* row = factors_.data() + added_ * width;
  similarity_.row(candidate, {row, width});
  for (std::size_t above = 0; above < added_; ++above) {
    const float* c = factors_.data() + above * width;
    const float own = c[candidate];
    for (std::size_t i = 0; i < width; i += kLanes) {
      FloatLanes left, other;
      load_lanes(left, row + i);
      load_lanes(other, c + i);
      store_lanes(left - own * other, row + i);
    }
  }
  const float scale = 1 / std::sqrt(residual_[candidate]);
  for (std::size_t i = 0; i < width; i += kLanes) {
    FloatLanes e, residual;
    load_lanes(e, row + i);
    load_lanes(residual, residual_.data() + i);
    e *= scale;
    residual -= e * e;
    const IntLanes positive = residual > 0;
    store_lanes(e, row + i);
    store_lanes(positive ? residual : FloatLanes{}, residual_.data() + i);
  }
  ++added_;
}

}  // namespace riffle::serving
