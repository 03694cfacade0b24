#include "serving/diversifiers/dpp.h"

#include <algorithm>
#include <cmath>

#include "serving/vector_lanes.h"

namespace riffle::serving {
namespace {

constexpr float kTwin = 1e-10f;

}  // namespace

void Dpp::reset(std::span<const features::KernelVector* const> kernels) {
  similarity_.reset(kernels);
  residual_.assign(similarity_.padded_count(), 1.f);
  gains_.assign(similarity_.padded_count(), 1.f);
  added_ = 0;
}

void Dpp::gains(std::span<float> out) const {
  std::copy_n(gains_.begin(), out.size(), out.begin());
}

void Dpp::add(std::uint32_t candidate) {
  if (!similarity_.known(candidate) || residual_[candidate] < kTwin) return;
  const std::size_t width = residual_.size();
  if (factors_.size() < (added_ + 1) * width) factors_.resize((added_ + 1) * width);
  float* row = factors_.data() + added_ * width;
  similarity_.row(candidate, {row, width});
  own_.resize(added_);
  for (std::size_t above = 0; above < added_; ++above) own_[above] = factors_[above * width + candidate];
  const float scale = 1 / std::sqrt(residual_[candidate]);
  for (std::size_t i = 0; i < width; i += kLanes) {
    FloatLanes e, residual;
    load_lanes(e, row + i);
    load_lanes(residual, residual_.data() + i);
    for (std::size_t above = 0; above < added_; ++above) {
      FloatLanes c;
      load_lanes(c, factors_.data() + above * width + i);
      e -= own_[above] * c;
    }
    e *= scale;
    residual -= e * e;
    const IntLanes positive = residual > 0;
    residual = positive ? residual : FloatLanes{};
    store_lanes(e, row + i);
    store_lanes(residual, residual_.data() + i);
    for (std::size_t lane = 0; lane < kLanes; ++lane) gains_[i + lane] = std::sqrt(residual_[i + lane]);
  }
  ++added_;
}

}  // namespace riffle::serving
