#include "learner/multi_task/multi_task_scorer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "learner/q_learning/q_state.h"

namespace riffle::learner {

void MultiTaskScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == batch.count() * features::kFeatureCount && scores.size() == batch.count(), "features",
               batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  std::fill(scores.begin(), scores.end(), 0.0F);
  if (!pass_ || scores.empty()) return;
  thread_local std::vector<HeadValues> predictions;  // scratch
  predictions.resize(scores.size());
  pass_->predict(batch.features, predictions);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const float combined = std::inner_product(factors_.begin(), factors_.end(), predictions[i].begin(), 0.0F);
    if (std::isfinite(combined)) scores[i] = combined;
  }
}

absl::StatusOr<std::shared_ptr<const Scorer>> multi_task_scorer(std::string_view state, const MultiTaskOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::DqnState parsed, parse_q_state(state, "multi_task"));
  auto pass = std::make_shared<const MultiTaskPass>(multi_task_shape_of(parsed), numbers_of(parsed).online);
  return std::make_shared<const MultiTaskScorer>(std::move(pass), factors_of(options));
}

}  // namespace riffle::learner
