#include "learner/listwise.h"

#include <algorithm>
#include <cmath>

namespace riffle::learner {

void ListwiseTrainer::start_at(std::size_t column, float weight) { weights_[column] = weight; }

float ListwiseTrainer::score(std::span<const float> row) const {
  float sum = 0;
  for (std::size_t f = 0; f < weights_.size(); ++f) sum += weights_[f] * row[f];
  return sum;
}

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
    for (std::size_t f = 0; f < columns; ++f) others_[f] += shares_[i] * row(i)[f];
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
