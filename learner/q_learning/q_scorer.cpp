#include "learner/q_learning/q_scorer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Core>

#include "base/check.h"
#include "base/errors.h"
#include "learner/q_learning/q_state.h"

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

QScorer::QScorer(const network::Shape& shape, std::span<const float> parameters, bool relative)
    : shape_(shape), relative_(relative) {
  RIFFLE_CHECK(shape.inputs == kFeatureCount + 1 && parameters.size() == shape.parameters(), "inputs", shape.inputs);
  const auto part = [&](std::size_t from, std::size_t count) {
    return std::vector<float>(parameters.begin() + static_cast<std::ptrdiff_t>(from),
                              parameters.begin() + static_cast<std::ptrdiff_t>(from + count));
  };
  // The position's column is left out: it is 0 in ranking.
  first_ = transposed(parameters.data() + shape.w1(), shape.hidden_1, shape.inputs, kFeatureCount);
  first_bias_ = part(shape.b1(), shape.hidden_1);
  second_ = transposed(parameters.data() + shape.w2(), shape.hidden_2, shape.hidden_1, shape.hidden_1);
  second_bias_ = part(shape.b2(), shape.hidden_2);
  advantage_ = part(shape.u(), shape.hidden_2);
  bias_ = parameters[shape.b()];
  if (!shape.duelling) return;
  common_ = part(shape.v(), shape.hidden_2);
  for (std::size_t i = 0; i < common_.size(); ++i) common_[i] -= advantage_[i];
}

void QScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == batch.count() * kFeatureCount && scores.size() == batch.count(), "features",
               batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  std::fill(scores.begin(), scores.end(), 0.0F);
  if (first_.empty() || scores.empty()) return;
  const Eigen::Index h1 = shape_.hidden_1, h2 = shape_.hidden_2;
  const MapRows first(first_.data(), kFeatureCount, h1), second(second_.data(), h1, h2);
  const Eigen::RowVectorXf first_bias = MapColumn(first_bias_.data(), h1), second_bias = MapColumn(second_bias_.data(), h2);
  thread_local Rows a, b;  // scratch: two layers of a tile
  float common = 0;
  for (std::size_t from = 0; from < scores.size(); from += kTile) {
    const auto count = static_cast<Eigen::Index>(std::min(kTile, scores.size() - from));
    const MapRows rows(batch.features.data() + from * kFeatureCount, count, kFeatureCount);
    a.resize(count, h1);
    a.noalias() = rows * first;
    a = (a.rowwise() + first_bias).cwiseMax(0.0F);
    b.resize(count, h2);
    b.noalias() = a * second;
    b = (b.rowwise() + second_bias).cwiseMax(0.0F);
    Eigen::Map<Eigen::VectorXf>(scores.data() + from, count).noalias() = b * MapColumn(advantage_.data(), h2);
    if (!common_.empty()) common += (b * MapColumn(common_.data(), h2)).sum();
  }
  const float same = bias_ + common / static_cast<float>(scores.size());
  float least = std::numeric_limits<float>::infinity();
  for (float& score : scores) {
    score += same;
    if (std::isfinite(score)) least = std::min(least, score);
  }
  for (float& score : scores) {
    if (relative_) score -= least;
    if (!std::isfinite(score)) score = 0;
  }
}

absl::StatusOr<std::shared_ptr<const Scorer>> q_scorer(std::string_view state) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::DqnState parsed, parse_q_state(state));
  return std::make_shared<const QScorer>(shape_of(parsed), numbers_of(parsed).online, parsed.relative());
}

}  // namespace riffle::learner
