#include "learner/listwise.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace riffle::learner {
namespace {

// Side by side, so that the compiler takes whole registers: it may not change the order of sums by itself.
constexpr std::size_t kLanes = 16;

float dot(std::span<const float> a, std::span<const float> b) {
  std::array<float, kLanes> sums{};
  std::size_t f = 0;
  for (; f + kLanes <= a.size(); f += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[f + lane] * b[f + lane];
  float rest = 0;
  for (; f < a.size(); ++f) rest += a[f] * b[f];
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  return sums[0] + rest;
}

void add_scaled(std::span<const float> row, float by, std::span<float> sums) {
  std::size_t f = 0;
  for (; f + kLanes <= row.size(); f += kLanes) {
    std::array<float, kLanes> lanes;
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = sums[f + lane] + by * row[f + lane];
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[f + lane] = lanes[lane];
  }
  for (; f < row.size(); ++f) sums[f] += by * row[f];
}

}  // namespace

void ListwiseTrainer::start_at(std::size_t column, float weight) { weights_[column] = weight; }

float ListwiseTrainer::score(std::span<const float> row) const { return dot(weights_, row); }

void ListwiseTrainer::learn(std::span<const float> rows, std::span<const std::uint32_t> taken) {
  const std::size_t columns = weights_.size();
  const std::size_t count = rows.size() / columns;
  if (count < 2 || taken.empty()) return;
  const auto row = [&](std::size_t i) { return rows.subspan(i * columns, columns); };
  shares_.resize(count);
  for (std::size_t i = 0; i < count; ++i) shares_[i] = score(row(i));
  const float largest = *std::max_element(shares_.begin(), shares_.end());
  for (float& share : shares_) share = std::exp(share - largest);

  // Σ e_i and Σ e_i x_i over what was not taken.
  float others = 0;
  std::fill(others_.begin(), others_.end(), 0.0F);
  for (std::size_t i = 0; i < count; ++i) {
    if (std::find(taken.begin(), taken.end(), i) != taken.end()) continue;
    others += shares_[i];
    add_scaled(row(i), shares_[i], others_);
  }
  std::fill(gradient_.begin(), gradient_.end(), 0.0F);
  for (const std::uint32_t i : taken) {
    const float total = others + shares_[i];
    if (!(total > 0)) continue;
    for (std::size_t f = 0; f < columns; ++f) gradient_[f] += row(i)[f] - (others_[f] + shares_[i] * row(i)[f]) / total;
  }
  for (std::size_t f = 0; f < columns; ++f) {
    const double gradient = gradient_[f] / static_cast<double>(taken.size());
    squares_[f] += gradient * gradient;
    if (squares_[f] > 0) weights_[f] += static_cast<float>(options_.step * gradient / std::sqrt(squares_[f]));
  }
  ++examples_;
}

}  // namespace riffle::learner
