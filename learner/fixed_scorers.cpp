#include "learner/fixed_scorers.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "features/feature_vector.h"

namespace riffle::learner {
namespace {

float finite_or_zero(float value) { return std::isfinite(value) ? value : 0.0F; }

}  // namespace

PopularityScorer::PopularityScorer() : feature_(features::feature_index("popularity")) {}

void PopularityScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == scores.size() * features::kFeatureCount, "features", batch.features.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] = finite_or_zero(batch.features[i * features::kFeatureCount + feature_]);
}

void RandomScorer::score(const ScoringBatch& /*batch*/, std::span<float> scores) const {
  std::fill(scores.begin(), scores.end(), 0.0F);
}

void GivenScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.given.size() == scores.size(), "given", batch.given.size(), "scores", scores.size());
  std::transform(batch.given.begin(), batch.given.end(), scores.begin(), finite_or_zero);
}

}  // namespace riffle::learner
