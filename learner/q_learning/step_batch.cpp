#include "learner/q_learning/step_batch.h"

#include <algorithm>

#include "features/feature_vector.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;
constexpr std::size_t kInputs = kFeatureCount + 1;

float* append_row(const float* features, float position, float* out) {
  out = std::copy_n(features, kFeatureCount, out);
  *out++ = position;
  return out;
}

// The candidates that were logged; where none were, what was shown stands for them.
std::size_t pool_size(const HeldDecision& decision) {
  return decision.candidate_count() > 0 ? decision.candidate_count() : decision.slots();
}

float* append_pool(const HeldDecision& decision, float* out) {
  const std::vector<float>& rows = decision.candidate_count() > 0 ? decision.candidates : decision.features;
  for (std::size_t i = 0; i < rows.size(); i += kFeatureCount) out = append_row(rows.data() + i, 0, out);
  return out;
}

// With logged candidates, what was shown comes after them.
std::size_t action_count(const HeldDecision& decision) {
  return pool_size(decision) + (decision.candidate_count() > 0 ? decision.slots() : 0);
}

}  // namespace

void StepBatch::fill(const DecisionBuffer& buffer, std::span<const Replay::Drawn> drawn, const DqnOptions& options) {
  decisions_ = drawn.size();
  row_features_.clear();
  row_return_.clear();
  row_weight_.clear();
  row_decision_.clear();
  returns_.clear();
  pool_ = next_ = 0;
  const bool pooled = options.duelling || options.conservative > 0;
  for (const Replay::Drawn& one : drawn) {
    const HeldDecision& decision = buffer.at(one.place);
    returns_.push_back(return_of(buffer, one.place, options));
    if (pooled) pool_ = std::max(pool_, pool_size(decision));
    if (returns_.back().bootstrap) next_ = std::max(next_, action_count(buffer.at(*returns_.back().bootstrap)));
  }
  pool_features_.assign(decisions_ * pool_ * kInputs, 0.0F);
  pool_count_.assign(decisions_, 1.0F);
  next_features_.assign(decisions_ * next_ * kInputs, 0.0F);
  next_count_.assign(decisions_, 0.0F);
  next_pool_count_.assign(decisions_, 0.0F);
  discount_.assign(decisions_, 0.0F);
  for (std::size_t i = 0; i < decisions_; ++i) {
    const HeldDecision& decision = buffer.at(drawn[i].place);
    add_rows(decision, i, returns_[i], static_cast<float>(drawn[i].weight), options.batch);
    if (pool_ > 0) add_pool(decision, i);
    if (returns_[i].bootstrap) add_next(buffer, returns_[i], i);
  }
}

void StepBatch::add_rows(const HeldDecision& decision, std::size_t index, const Return& future, float weight,
                         std::size_t most) {
  const std::size_t count = std::min(decision.slots(), most - std::min(most, rows()));
  const std::size_t before = row_features_.size();
  row_features_.resize(before + count * kInputs);
  float* out = row_features_.data() + before;
  for (std::size_t k = 0; k < count; ++k) {
    out = append_row(decision.features.data() + k * kFeatureCount, position_input(decision.positions[k]), out);
    row_return_.push_back(decision.rewards[k] + static_cast<float>(future.later));
    row_weight_.push_back(weight);
    row_decision_.push_back(static_cast<std::int64_t>(index));
  }
}

void StepBatch::add_pool(const HeldDecision& decision, std::size_t index) {
  append_pool(decision, pool_features_.data() + index * pool_ * kInputs);
  pool_count_[index] = static_cast<float>(pool_size(decision));
}

void StepBatch::add_next(const DecisionBuffer& buffer, const Return& future, std::size_t index) {
  const HeldDecision& next = buffer.at(*future.bootstrap);
  float* out = append_pool(next, next_features_.data() + index * next_ * kInputs);
  if (next.candidate_count() > 0)
    for (std::size_t k = 0; k < next.slots(); ++k) out = append_row(next.features.data() + k * kFeatureCount, 0, out);
  next_count_[index] = static_cast<float>(action_count(next));
  next_pool_count_[index] = static_cast<float>(pool_size(next));
  discount_[index] = static_cast<float>(future.discount);
}

network::Batch StepBatch::view() const {
  network::Batch batch;
  batch.decisions = static_cast<std::uint32_t>(decisions_);
  batch.rows = static_cast<std::uint32_t>(rows());
  batch.pool = static_cast<std::uint32_t>(pool_);
  batch.next = static_cast<std::uint32_t>(next_);
  batch.row_features = row_features_.data();
  batch.row_decision = row_decision_.data();
  batch.row_return = row_return_.data();
  batch.row_weight = row_weight_.data();
  batch.pool_features = pool_features_.data();
  batch.pool_count = pool_count_.data();
  batch.next_features = next_features_.data();
  batch.next_count = next_count_.data();
  batch.next_pool_count = next_pool_count_.data();
  batch.discount = discount_.data();
  return batch;
}

}  // namespace riffle::learner
