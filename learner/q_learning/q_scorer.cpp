#include "learner/q_learning/q_scorer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/errors.h"
#include "learner/q_learning/q_state.h"

namespace riffle::learner {

using features::kFeatureCount;

QScorer::QScorer(const network::Shape& shape, std::span<const float> parameters, bool relative)
    : pass_(shape, parameters), relative_(relative) {
  if (!shape.duelling) return;
  for (std::size_t i = 0; i < shape.hidden_2; ++i) common_.push_back(parameters[shape.v() + i] - pass_.u()[i]);
}

void QScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == batch.count() * kFeatureCount && scores.size() == batch.count(), "features",
               batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  std::fill(scores.begin(), scores.end(), 0.0F);
  if (pass_.empty() || scores.empty()) return;
  const float common = pass_.run(batch.features, scores, common_);
  const float same = pass_.bias() + common / static_cast<float>(scores.size());
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
  RIFFLE_ASSIGN_OR_RETURN(const pb::DqnState parsed, parse_q_state(state, "dqn"));
  return std::make_shared<const QScorer>(shape_of(parsed), numbers_of(parsed).online, parsed.relative());
}

}  // namespace riffle::learner
