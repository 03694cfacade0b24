#include "learner/listwise.h"

#include <algorithm>
#include <cmath>

namespace riffle::learner {

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
  float total = 0;
  for (float& share : shares_) total += share = std::exp(share - largest);
  std::fill(gradient_.begin(), gradient_.end(), 0.0F);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t f = 0; f < columns; ++f) gradient_[f] -= shares_[i] / total * row(i)[f];
  // Of several taken, each as if it were asked for alone, so that a large basket weighs as a small one.
  for (const std::uint32_t i : taken)
    for (std::size_t f = 0; f < columns; ++f) gradient_[f] += row(i)[f] / static_cast<float>(taken.size());
  for (std::size_t f = 0; f < columns; ++f) {
    const double gradient = gradient_[f] - options_.ridge * weights_[f];
    squares_[f] += gradient * gradient;
    if (squares_[f] > 0) weights_[f] += static_cast<float>(options_.step * gradient / std::sqrt(squares_[f]));
  }
  ++examples_;
}

}  // namespace riffle::learner
