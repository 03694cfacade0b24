#include "learner/listwise.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "features/packet_math.h"

namespace riffle::learner {
namespace {

using Rows = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using Column = Eigen::Map<Eigen::VectorXf>;

float sum_of_packets(std::span<const float> numbers) {
  using Packet = Eigen::Array<float, features::kPacket, 1>;
  Packet sums = Packet::Zero();
  for (std::size_t i = 0; i < numbers.size(); i += features::kPacket) sums += Eigen::Map<const Packet>(numbers.data() + i);
  return sums.sum();
}

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

}  // namespace

void ListwiseTrainer::start_at(std::size_t column, float weight) { weights_[column] = weight; }

void ListwiseTrainer::score(std::span<const float> rows, std::vector<float>& scores) const {
  const std::size_t columns = weights_.size(), count = rows.size() / columns;
  scores.resize(count);
  const Eigen::Map<const Eigen::VectorXf> weights(weights_.data(), index(columns));
  Column(scores.data(), index(count)).noalias() = Rows(rows.data(), index(count), index(columns)) * weights;
}

void ListwiseTrainer::learn(std::span<const float> rows, std::span<const float> scores,
                            std::span<const std::uint32_t> taken) {
  const std::size_t columns = weights_.size();
  const std::size_t count = rows.size() / columns;
  if (count < 2 || taken.empty()) return;
  const auto row = [&](std::size_t i) { return rows.subspan(i * columns, columns); };
  RIFFLE_CHECK(scores.size() == count, "scores", scores.size());
  // By whole packets: where the numbers lie in memory must not tell in which order they are added up.
  const float most = *std::max_element(scores.begin(), scores.end());
  shares_.assign(features::whole_packets(count), -std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < count; ++i) shares_[i] = scores[i] - most;
  features::take_exps(shares_);

  // Σ e_i and Σ e_i x_i over what was not taken.
  of_others_ = shares_;
  for (const std::uint32_t i : taken) of_others_[i] = 0;
  const float others = sum_of_packets(of_others_);
  Column(others_.data(), index(columns)).noalias() =
      Rows(rows.data(), index(count), index(columns)).transpose() * Column(of_others_.data(), index(count));
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
