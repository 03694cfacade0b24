#include "learner/neural_linear/neural_linear_scorer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "learner/neural_linear/head.h"
#include "learner/neural_linear/head_state.h"
#include "learner/q_learning/q_state.h"

namespace riffle::learner {
namespace {

float finite_or_zero(float value) { return std::isfinite(value) ? value : 0.0F; }

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// What a thread represented last.
struct Represented {
  std::uint64_t scorer = 0;      // 0: nothing yet
  std::vector<float> features, z;
};

}  // namespace

void represent(const ForwardPass& pass, std::span<const float> rows, std::size_t inputs, std::span<float> z) {
  const std::size_t dimension = dimension_of(pass);
  pass.hidden_of(rows, inputs, z.data(), dimension);
  for (std::size_t i = pass.hidden(); i < z.size(); i += dimension) z[i] = 1;
}

NeuralLinearScorer::NeuralLinearScorer(std::shared_ptr<const ForwardPass> representation,
                                       std::shared_ptr<const GaussianPosterior> head)
    : representation_(std::move(representation)), head_(std::move(head)), number_(next_number()) {
  RIFFLE_CHECK(head_->dimension() == dimension_of(*representation_), "weights", head_->dimension());
}

std::span<const float> NeuralLinearScorer::represented(const ScoringBatch& batch) const {
  thread_local Represented last;
  const std::span<const float> rows = batch.features;
  if (last.scorer != number_ || last.features.size() != rows.size() ||
      std::memcmp(last.features.data(), rows.data(), rows.size_bytes()) != 0) {
    last.scorer = number_;
    last.features.assign(rows.begin(), rows.end());
    last.z.resize(batch.count() * head_->dimension());
    represent(*representation_, rows, features::kFeatureCount, last.z);
  }
  return last.z;
}

void NeuralLinearScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.features.size() == batch.count() * features::kFeatureCount && scores.size() == batch.count(), "features",
               batch.features.size(), "candidates", batch.count(), "scores", scores.size());
  std::fill(scores.begin(), scores.end(), 0.0F);
  if (!head_ || scores.empty()) return;
  const float* z = represented(batch).data();
  for (float& score : scores) {
    score = finite_or_zero(head_->mean(z));
    z += head_->dimension();
  }
}

void NeuralLinearScorer::score_draws(const ScoringBatch& batch, std::span<float> draws) const {
  const std::size_t each = draw_count();
  RIFFLE_CHECK(draws.size() == batch.count() * each, "draws", draws.size(), "candidates", batch.count());
  if (draws.empty()) return;
  const float* z = represented(batch).data();
  for (std::size_t i = 0; i < batch.count(); ++i) head_->draws(z + i * head_->dimension(), draws.subspan(i * each, each));
  std::transform(draws.begin(), draws.end(), draws.begin(), finite_or_zero);
}

void NeuralLinearScorer::score_widths(const ScoringBatch& batch, std::span<float> widths) const {
  RIFFLE_CHECK(head_ && widths.size() == batch.count(), "widths", widths.size(), "candidates", batch.count());
  if (widths.empty()) return;
  const float* z = represented(batch).data();
  for (std::size_t i = 0; i < batch.count(); ++i) widths[i] = finite_or_zero(head_->width(z + i * head_->dimension()));
}

absl::StatusOr<std::shared_ptr<const Scorer>> neural_linear_scorer(std::string_view bytes, const NeuralLinearOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const HeadState state, parse_head_state(bytes));
  RIFFLE_ASSIGN_OR_RETURN(auto head, state.head.solve(options, state.network.slots_learned()));
  return std::make_shared<const NeuralLinearScorer>(
      std::make_shared<const ForwardPass>(shape_of(state.network), state.representation), std::move(head));
}

}  // namespace riffle::learner
