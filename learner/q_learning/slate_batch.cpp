#include "learner/q_learning/slate_batch.h"

#include <algorithm>

#include "features/feature_vector.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;
constexpr std::size_t kInputs = features::kFeatureCount + 1;
static_assert(DecisionBuffer::kMostSlots <= network::SlateShape::kPositions);

std::int64_t position_of(const HeldDecision& decision, std::size_t slot) {
  return std::min<std::int64_t>(decision.positions[slot], network::SlateShape::kPositions - 1);
}

float* append_row(const float* features, float* out) {
  out = std::copy_n(features, kFeatureCount, out);
  *out++ = 0;
  return out;
}

float* append_nothing(const HeldDecision& decision, float* out) {
  const std::vector<float>& rows = decision.candidate_count() > 0 ? decision.candidates : decision.features;
  std::fill_n(out, kFeatureCount, 0.0F);
  for (std::size_t i = 0; i < rows.size(); ++i) out[i % kFeatureCount] += rows[i];
  const float scale = rows.empty() ? 0.0F : static_cast<float>(kFeatureCount) / static_cast<float>(rows.size());
  for (std::size_t i = 0; i < kFeatureCount; ++i) out[i] *= scale;
  out[kFeatureCount] = 1;
  return out + kInputs;
}

bool was_shown(const HeldDecision& decision, const float* candidate) {
  for (std::size_t k = 0; k < decision.slots(); ++k)
    if (std::equal(candidate, candidate + kFeatureCount, decision.features.data() + k * kFeatureCount)) return true;
  return false;
}

}  // namespace

void SlateBatch::fill(const DecisionBuffer& buffer, std::span<const Replay::Drawn> drawn, const SlateQOptions& options) {
  const bool sarsa = options.target == SlateTarget::kSarsa;
  decisions_ = drawn.size();
  row_features_.clear();
  row_return_.clear();
  row_weight_.clear();
  row_decision_.clear();
  returns_.clear();
  slots_ = next_ = 0;
  for (const Replay::Drawn& one : drawn) {
    slots_ = std::max(slots_, buffer.at(one.place).slots());
    returns_.push_back(return_of(buffer, one.place, options, &HeldDecision::sum_reward));
    if (!returns_.back().bootstrap) continue;
    const HeldDecision& next = buffer.at(*returns_.back().bootstrap);
    next_ = std::max(next_, next.slots() + (sarsa ? 0 : next.candidate_count()));
  }
  shown_.assign(decisions_ * (1 + slots_) * kInputs, 0.0F);
  shown_position_.assign(decisions_ * slots_, 0);
  shown_count_.assign(decisions_, 0.0F);
  chosen_.assign(decisions_ * (1 + slots_), 0.0F);
  weight_.assign(decisions_, 0.0F);
  next_features_.assign(next_ == 0 ? 0 : decisions_ * (1 + next_) * kInputs, 0.0F);
  next_position_.assign(decisions_ * next_, 0);
  next_count_.assign(decisions_, 0.0F);
  next_length_.assign(decisions_, 0.0F);
  discount_.assign(decisions_, 0.0F);
  for (std::size_t i = 0; i < decisions_; ++i) {
    const HeldDecision& decision = buffer.at(drawn[i].place);
    add_shown(decision, i);
    add_choice(decision, i, returns_[i].later, static_cast<float>(drawn[i].weight));
    if (returns_[i].bootstrap) add_next(buffer.at(*returns_[i].bootstrap), returns_[i], i, sarsa);
  }
}

void SlateBatch::add_shown(const HeldDecision& decision, std::size_t index) {
  float* out = append_nothing(decision, shown_.data() + index * (1 + slots_) * kInputs);
  for (std::size_t k = 0; k < decision.slots(); ++k) {
    out = append_row(decision.features.data() + k * kFeatureCount, out);
    shown_position_[index * slots_ + k] = position_of(decision, k);
  }
  shown_count_[index] = static_cast<float>(decision.slots());
}

void SlateBatch::add_choice(const HeldDecision& decision, std::size_t index, double later, float weight) {
  weight_[index] = weight;
  const auto choices = std::count_if(decision.rewards.begin(), decision.rewards.end(), [](float r) { return r != 0; });
  const float* rows = shown_.data() + index * (1 + slots_) * kInputs;
  float* shares = chosen_.data() + index * (1 + slots_);
  const auto add = [&](std::size_t place, float reward, float share) {
    shares[place] = share;
    row_features_.insert(row_features_.end(), rows + place * kInputs, rows + (place + 1) * kInputs);
    row_return_.push_back(reward + static_cast<float>(later));
    row_weight_.push_back(weight * share);
    row_decision_.push_back(static_cast<std::int64_t>(index));
  };
  if (choices == 0) return add(0, 0, 1);
  for (std::size_t k = 0; k < decision.slots(); ++k)
    if (decision.rewards[k] != 0) add(1 + k, decision.rewards[k], 1 / static_cast<float>(choices));
}

void SlateBatch::add_next(const HeldDecision& next, const Return& future, std::size_t index, bool sarsa) {
  float* out = append_nothing(next, next_features_.data() + index * (1 + next_) * kInputs);
  std::size_t count = 0;
  for (; count < next.slots(); ++count) {
    out = append_row(next.features.data() + count * kFeatureCount, out);
    next_position_[index * next_ + count] = position_of(next, count);
  }
  for (std::size_t i = 0; !sarsa && i < next.candidate_count(); ++i) {
    const float* candidate = next.candidates.data() + i * kFeatureCount;
    if (was_shown(next, candidate)) continue;
    out = append_row(candidate, out);
    ++count;
  }
  next_count_[index] = static_cast<float>(count);
  next_length_[index] = static_cast<float>(next.slots());
  discount_[index] = static_cast<float>(future.discount);
}

network::SlateBatch SlateBatch::view() const {
  network::SlateBatch batch;
  batch.decisions = static_cast<std::uint32_t>(decisions_);
  batch.slots = static_cast<std::uint32_t>(slots_);
  batch.rows = static_cast<std::uint32_t>(rows());
  batch.next = static_cast<std::uint32_t>(next_);
  batch.shown = shown_.data();
  batch.shown_position = shown_position_.data();
  batch.shown_count = shown_count_.data();
  batch.chosen = chosen_.data();
  batch.weight = weight_.data();
  batch.row_features = row_features_.data();
  batch.row_decision = row_decision_.data();
  batch.row_return = row_return_.data();
  batch.row_weight = row_weight_.data();
  batch.next_features = next_features_.data();
  batch.next_position = next_position_.data();
  batch.next_count = next_count_.data();
  batch.next_length = next_length_.data();
  batch.discount = discount_.data();
  return batch;
}

}  // namespace riffle::learner
