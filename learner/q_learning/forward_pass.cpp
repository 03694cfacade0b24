#include "learner/q_learning/forward_pass.h"

#include <algorithm>

#include <Eigen/Core>

#include "base/check.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using MapRows = Eigen::Map<const Rows>;
using MapColumn = Eigen::Map<const Eigen::VectorXf>;

// Candidates at a time: both layers of so many stay in the first-level cache.
constexpr std::size_t kTile = 32;

// From rows that are outputs to rows that are inputs, the first `inputs` of them.
std::vector<float> transposed(const float* matrix, std::size_t outputs, std::size_t stride, std::size_t inputs) {
  std::vector<float> made(inputs * outputs);
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t i = 0; i < inputs; ++i) made[i * outputs + o] = matrix[o * stride + i];
  return made;
}

}  // namespace

ForwardPass::ForwardPass(const network::Shape& shape, std::span<const float> parameters)
    : hidden_1_(shape.hidden_1), hidden_2_(shape.hidden_2) {
  RIFFLE_CHECK(shape.inputs == kFeatureCount + 1 && parameters.size() == shape.parameters(), "inputs", shape.inputs);
  const auto part = [&](std::size_t from, std::size_t count) {
    return std::vector<float>(parameters.begin() + static_cast<std::ptrdiff_t>(from),
                              parameters.begin() + static_cast<std::ptrdiff_t>(from + count));
  };
  first_ = transposed(parameters.data() + shape.w1(), hidden_1_, shape.inputs, kFeatureCount);
  for (std::size_t o = 0; o < hidden_1_; ++o) last_.push_back(parameters[shape.w1() + (o + 1) * shape.inputs - 1]);
  first_bias_ = part(shape.b1(), hidden_1_);
  second_ = transposed(parameters.data() + shape.w2(), hidden_2_, hidden_1_, hidden_1_);
  second_bias_ = part(shape.b2(), hidden_2_);
  u_ = part(shape.u(), hidden_2_);
  bias_ = parameters[shape.b()];
}

float ForwardPass::run(std::span<const float> features, std::span<float> scores, std::span<const float> w) const {
  const auto h1 = static_cast<Eigen::Index>(hidden_1_), h2 = static_cast<Eigen::Index>(hidden_2_);
  const MapRows first(first_.data(), kFeatureCount, h1), second(second_.data(), h1, h2);
  const Eigen::RowVectorXf first_bias = MapColumn(first_bias_.data(), h1), second_bias = MapColumn(second_bias_.data(), h2);
  thread_local Rows a, b;  // scratch: two layers of a tile
  float common = 0;
  for (std::size_t from = 0; from < scores.size(); from += kTile) {
    const auto count = static_cast<Eigen::Index>(std::min(kTile, scores.size() - from));
    const MapRows rows(features.data() + from * kFeatureCount, count, kFeatureCount);
    a.resize(count, h1);
    a.noalias() = rows * first;
    a = (a.rowwise() + first_bias).cwiseMax(0.0F);
    b.resize(count, h2);
    b.noalias() = a * second;
    b = (b.rowwise() + second_bias).cwiseMax(0.0F);
    Eigen::Map<Eigen::VectorXf>(scores.data() + from, count).noalias() = b * MapColumn(u_.data(), h2);
    if (!w.empty()) common += (b * MapColumn(w.data(), h2)).sum();
  }
  return common;
}

float ForwardPass::run_one(std::span<const float> row, float last) const {
  const auto h1 = static_cast<Eigen::Index>(hidden_1_), h2 = static_cast<Eigen::Index>(hidden_2_);
  const MapRows first(first_.data(), kFeatureCount, h1), second(second_.data(), h1, h2);
  const Eigen::VectorXf a = (first.transpose() * MapColumn(row.data(), kFeatureCount) + MapColumn(first_bias_.data(), h1) +
                             last * MapColumn(last_.data(), h1)).cwiseMax(0.0F);
  const Eigen::VectorXf b = (second.transpose() * a + MapColumn(second_bias_.data(), h2)).cwiseMax(0.0F);
  return b.dot(MapColumn(u_.data(), h2));
}

}  // namespace riffle::learner
