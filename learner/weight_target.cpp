#include "learner/weight_target.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/hash.h"
#include "learner/least_counted.h"

namespace riffle::learner {
namespace {

// Whether this is the revision with which the list counts.
bool is_first_exposure(const pb::Outcome& outcome) {
  bool exposed = false;
  for (const pb::OutcomeSlot& slot : outcome.slots()) {
    if (slot.exposed() && !slot.newly_exposed()) return false;
    exposed |= slot.exposed();
  }
  return exposed;
}

absl::Status broken(std::string_view what) {
  return absl::InvalidArgumentError("state of a diversity weight's target: " + std::string(what));
}

}  // namespace

void WeightTarget::learn(const pb::Outcome& outcome) {
  const pb::LearnedWeight& list = outcome.learned_weight();
  if (list.weights_size() != 1 || !is_share(list.weights(0)) || !list.has_distance() || !is_share(list.distance())) return;
  if (!is_first_exposure(outcome)) return;
  const std::uint64_t key = stable_hash(outcome.segment());
  auto it = segments_.find(key);
  if (it == segments_.end()) {
    if (segments_.size() >= kMostSegments) make_room();
    it = segments_.emplace(key, Segment{.weight = list.weights(0)}).first;
  }
  Segment& segment = it->second;
  if (list.weights(0) != segment.weight) return;
  ++segment.learned;
  segment.missed += options_.target - list.distance();
  if (++segment.lists < kLists) return;
  segment.weight = std::clamp(segment.weight + options_.step * segment.missed / static_cast<double>(segment.lists), 0.0, 1.0);
  segment.missed = 0;
  segment.lists = 0;
}

double WeightTarget::first_weight() const {
  double sum = 0, lists = 0;
  for (const auto& [key, segment] : segments_) {
    sum += segment.weight * static_cast<double>(segment.learned);
    lists += static_cast<double>(segment.learned);
  }
  return lists > 0 ? sum / lists : options_.first;
}

// The least shown eighth goes.
void WeightTarget::make_room() {
  for (const std::uint64_t key : least_counted(segments_, kEvicted, [](const Segment& segment) { return segment.learned; })) {
    segments_.erase(key);
    ++evicted_;
  }
}

std::shared_ptr<const DiversityWeights> WeightTarget::weights() const {
  absl::flat_hash_map<std::uint64_t, std::vector<WeightArm>> segments;
  for (const auto& [key, segment] : segments_) segments.emplace(key, std::vector<WeightArm>{{segment.weight, 1.0}});
  return std::make_shared<const DiversityWeights>(std::vector<WeightArm>{{first_weight(), 1.0}}, std::move(segments));
}

std::string WeightTarget::save() const {
  pb::WeightState whole;
  pb::WeightTargetState& state = *whole.mutable_target();
  for (const auto& [key, segment] : segments_) {
    pb::WeightTargetSegment& saved = *state.add_segments();
    saved.set_segment_key(key);
    saved.set_weight(segment.weight);
    saved.set_missed(segment.missed);
    saved.set_lists(segment.lists);
    saved.set_lists_learned(segment.learned);
  }
  return whole.SerializeAsString();
}

absl::Status WeightTarget::load(std::string_view bytes) {
  pb::WeightState whole;
  if (!whole.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return broken("not a WeightState, or cut short");
  std::map<std::uint64_t, Segment> loaded;
  for (const pb::WeightTargetSegment& saved : whole.target().segments()) {
    if (!is_share(saved.weight()) || !std::isfinite(saved.missed()) || saved.lists() >= kLists)
      return broken("a weight outside of [0, 1], or a sum that cannot be");
    const Segment segment{saved.weight(), saved.missed(), saved.lists(), saved.lists_learned()};
    if (!loaded.emplace(saved.segment_key(), segment).second) return broken("a segment twice");
  }
  if (loaded.size() > kMostSegments) return broken("more segments than there may be");
  segments_ = std::move(loaded);
  return absl::OkStatus();
}

std::vector<TrainerIncident> WeightTarget::incidents() const { return {{"segments_evicted", evicted_}}; }

}  // namespace riffle::learner
