#include "serving/diversifiers/residuals.h"

#include <cmath>

#include "serving/vector_lanes.h"

namespace riffle::serving {
namespace {

constexpr float kTwin = 1e-10f;

}  // namespace

void Residuals::reset(std::size_t width) {
  squares_.assign(width, 1.f);
  norms_.assign(width, 1.f);
  projected_ = 0;
}

void Residuals::project_out(std::uint32_t candidate, std::span<const float> similarities) {
  if (squares_[candidate] < kTwin) return;
  const std::size_t width = squares_.size();
  if (factors_.size() < (projected_ + 1) * width) factors_.resize((projected_ + 1) * width);
  float* row = factors_.data() + projected_ * width;
  own_.resize(projected_);
  for (std::size_t above = 0; above < projected_; ++above) own_[above] = factors_[above * width + candidate];
  const float scale = 1 / std::sqrt(squares_[candidate]);
  for (std::size_t i = 0; i < width; i += kLanes) {
    FloatLanes e, square;
    load_lanes(e, similarities.data() + i);
    load_lanes(square, squares_.data() + i);
    for (std::size_t above = 0; above < projected_; ++above) {
      FloatLanes c;
      load_lanes(c, factors_.data() + above * width + i);
      e -= own_[above] * c;
    }
    e *= scale;
    square -= e * e;
    const IntLanes positive = square > 0;
    square = positive ? square : FloatLanes{};
    store_lanes(e, row + i);
    store_lanes(square, squares_.data() + i);
    for (std::size_t lane = 0; lane < kLanes; ++lane) norms_[i + lane] = std::sqrt(squares_[i + lane]);
  }
  ++projected_;
}

}  // namespace riffle::serving
