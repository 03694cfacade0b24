#include "learner/q_learning/decision_buffer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "base/hash.h"
#include "features/feature_vector.h"
#include "learner/outcome_check.h"
#include "records/event.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;
constexpr double kLongestDwellSeconds = 86400;

bool sound(const google::protobuf::RepeatedField<float>& row) {
  return row.size() == static_cast<int>(kFeatureCount) &&
         std::all_of(row.begin(), row.end(), [](float x) { return std::abs(x) <= kLargestFeature; });  // false for NaN
}

}  // namespace

std::size_t HeldDecision::candidate_count() const { return candidates.size() / kFeatureCount; }

double HeldDecision::sum_reward() const { return std::accumulate(rewards.begin(), rewards.end(), 0.0); }

double HeldDecision::mean_reward() const {
  return rewards.empty() ? 0 : sum_reward() / static_cast<double>(rewards.size());
}

DecisionBuffer::DecisionBuffer(std::size_t capacity, double reward_limit)
    : reward_limit_(reward_limit), ring_(capacity) {
  RIFFLE_CHECK(capacity > 0);
}

DecisionBuffer::Result DecisionBuffer::take(const pb::Outcome& outcome, const OutcomePlace& place) {
  Result result;
  const std::uint64_t recommendation = stable_hash(outcome.recommendation_id());
  if (const auto found = by_recommendation_.find(recommendation); found != by_recommendation_.end()) {
    HeldDecision& held = ring_[found->second];
    if (held.filled && outcome.revision() <= held.revision) return {Taken::kStale, found->second};
    result.taken = Taken::kRevised;
    result.place = found->second;
    if (!held.filled) no_longer_empty();
    fill(held, outcome, place, result);
    return result;
  }
  if (outcome.revision() > 0) return {Taken::kTooOld};
  result.place = place_of(inserted_);
  make_room(result.place);
  ++inserted_;
  HeldDecision& held = ring_[result.place];
  held.recommendation = recommendation;
  by_recommendation_[recommendation] = result.place;
  fill(held, outcome, place, result);
  return result;
}

std::optional<DecisionBuffer::Place> DecisionBuffer::refill(const pb::Outcome& outcome, const OutcomePlace& place) {
  const auto found = by_recommendation_.find(stable_hash(outcome.recommendation_id()));
  if (found == by_recommendation_.end()) return std::nullopt;
  HeldDecision& held = ring_[found->second];
  if (held.filled && outcome.revision() <= held.revision) return std::nullopt;
  if (!held.filled) no_longer_empty();
  Result result;
  fill(held, outcome, place, result);
  return found->second;
}

void DecisionBuffer::no_longer_empty() {
  if (--empty_ == 0) restored_from_.clear();
}

void DecisionBuffer::make_room(Place place) {
  HeldDecision& old = ring_[place];
  if (old.recommendation == 0 && !old.filled) return;
  by_recommendation_.erase(old.recommendation);
  if (old.filled) {
    by_user_.erase(key_of(old));
  } else {
    no_longer_empty();
  }
  old = HeldDecision{};
}

std::vector<Engaged> DecisionBuffer::engaged_of(const pb::Outcome& outcome, std::span<const std::uint16_t> positions) {
  std::vector<Engaged> engaged(positions.size());
  for (const pb::Engagement& engagement : outcome.engagements()) {
    const auto at = std::find(positions.begin(), positions.end(), engagement.slot());
    if (at == positions.end()) continue;
    Engaged& slot = engaged[static_cast<std::size_t>(at - positions.begin())];
    const auto type = static_cast<records::InteractionType>(engagement.type());
    slot.clicked |= type == records::InteractionType::kClick;
    slot.purchased |= type == records::InteractionType::kPurchase;
    if (type == records::InteractionType::kDwell && engagement.dwell_seconds() > 0)  // false for NaN
      slot.dwell_seconds = static_cast<float>(std::min(engagement.dwell_seconds(), kLongestDwellSeconds));
  }
  return engaged;
}

void DecisionBuffer::fill(HeldDecision& decision, const pb::Outcome& outcome, const OutcomePlace& place, Result& result) {
  if (!decision.filled) {
    decision.filled = true;
    decision.user = stable_hash(outcome.user_id());
    decision.ordinal = outcome.ordinal();
    decision.decision_ms = outcome.decision_ms();
    by_user_[key_of(decision)] = static_cast<Place>(&decision - ring_.data());
  }
  decision.revision = outcome.revision();
  decision.closed = outcome.closed();
  decision.place = place;
  const std::size_t before = decision.slots();
  decision.features.clear();
  decision.positions.clear();
  decision.rewards.clear();
  for (int k = 0; k < outcome.slots_size() && decision.slots() < kMostSlots; ++k) {
    const auto& slot = outcome.slots(k);
    if (!slot.exposed() || slot.features_size() != static_cast<int>(kFeatureCount)) continue;
    const double reward = std::clamp(slot.reward(), -reward_limit_, reward_limit_);
    result.cut_rewards += reward != slot.reward();
    decision.features.insert(decision.features.end(), slot.features().begin(), slot.features().end());
    decision.positions.push_back(static_cast<std::uint16_t>(k));
    decision.rewards.push_back(static_cast<float>(reward));
  }
  decision.engaged = engaged_of(outcome, decision.positions);
  decision.comeback = std::isfinite(outcome.comeback()) ? static_cast<float>(outcome.comeback()) : 0;
  result.newly_exposed = decision.slots() - std::min(before, decision.slots());
  decision.candidates.clear();
  const auto count = static_cast<std::size_t>(outcome.candidates_size());
  const std::size_t kept = std::min(count, kMostCandidates);
  for (std::size_t i = 0; i < kept; ++i) {
    const auto& row = outcome.candidates(static_cast<int>(i * count / kept)).features();
    if (sound(row)) {
      decision.candidates.insert(decision.candidates.end(), row.begin(), row.end());
    } else {
      ++result.bad_candidates;
    }
  }
}

std::optional<DecisionBuffer::Place> DecisionBuffer::next_of(Place place) const {
  const HeldDecision& decision = ring_[place];
  if (!decision.filled) return std::nullopt;
  const auto it = by_user_.upper_bound(key_of(decision));
  if (it == by_user_.end() || std::get<0>(it->first) != decision.user) return std::nullopt;
  return it->second;
}

std::optional<DecisionBuffer::Place> DecisionBuffer::previous_of(Place place) const {
  const HeldDecision& decision = ring_[place];
  if (!decision.filled) return std::nullopt;
  const auto it = by_user_.lower_bound(key_of(decision));
  if (it == by_user_.begin() || std::get<0>(std::prev(it)->first) != decision.user) return std::nullopt;
  return std::prev(it)->second;
}

std::vector<OutcomePlace> DecisionBuffer::held_from() const {
  std::map<std::int32_t, std::int64_t> smallest = restored_from_;
  for (const HeldDecision& decision : ring_) {
    if (!decision.filled) continue;
    const auto [it, first] = smallest.try_emplace(decision.place.shard, decision.place.offset);
    if (!first) it->second = std::min(it->second, decision.place.offset);
  }
  std::vector<OutcomePlace> places;
  for (const auto& [shard, offset] : smallest) places.push_back({shard, offset});
  return places;
}

bool DecisionBuffer::restore(std::span<const std::uint64_t> held, std::uint64_t inserted,
                             const std::vector<OutcomePlace>& read_from) {
  if (held.size() > inserted) return false;
  if (absl::flat_hash_set<std::uint64_t>(held.begin(), held.end()).size() != held.size()) return false;
  *this = DecisionBuffer(ring_.size(), reward_limit_);
  inserted_ = inserted;
  held = held.last(std::min(held.size(), ring_.size()));
  empty_ = held.size();
  for (std::size_t i = 0; i < held.size(); ++i) {
    const Place place = place_of(inserted - held.size() + i);
    ring_[place].recommendation = held[i];
    by_recommendation_[held[i]] = place;
  }
  if (empty_ > 0)
    for (const OutcomePlace& from : read_from) restored_from_[from.shard] = from.offset;
  return true;
}

}  // namespace riffle::learner
