#include "replay/learned_world.h"

#include <utility>

#include "base/errors.h"
#include "base/log.h"
#include "features/feature_vector.h"

namespace riffle::replay {

LearnedWorld::LearnedWorld(const pipeline::ShardOptions& shard, pipeline::AdoptedPolicies policies,
                           std::unique_ptr<learner::Learner> learner, std::unique_ptr<pipeline::InProcessEncoder> encoder)
    : admission_(shard.admission, 1),
      stats_(shard.rows),
      policies_(std::move(policies)),
      learner_(std::move(learner)),
      encoder_(std::move(encoder)) {}

absl::StatusOr<std::unique_ptr<LearnedWorld>> LearnedWorld::create(const pipeline::ShardOptions& shard,
                                                                   const learner::LearnerOptions& learner,
                                                                   std::int32_t partitions, Metrics& metrics) {
  std::vector<learner::LearnedPolicy> learned;
  for (const serving::PolicyOptions& policy : shard.policies) learned.push_back(serving::learned_policy(policy));
  RIFFLE_ASSIGN_OR_RETURN(auto policies, pipeline::AdoptedPolicies::create(shard.policies, learner));
  RIFFLE_ASSIGN_OR_RETURN(auto learns, learner::Learner::create(learned, learner, metrics));
  RIFFLE_ASSIGN_OR_RETURN(auto encoder,
                          pipeline::InProcessEncoder::create({shard.admission, shard.rows, learner, partitions}, metrics));
  return std::unique_ptr<LearnedWorld>(
      new LearnedWorld(shard, std::move(policies), std::move(learns), std::move(encoder)));
}

bool LearnedWorld::item(const bus::Record& record) {
  records::Item item;
  catalogue_.set_next_offset(record.offset.value() + 1);
  catalogue_changed_ = true;
  if (admission_.admit_item(record, item)) return false;
  if (record.value) return catalogue_.upsert(item, record.timestamp);
  catalogue_.erase(ItemId(*record.key));
  return true;
}

void LearnedWorld::event(const bus::Record& record) {
  if (encoder_) encoder_->learn(record);
}

void LearnedWorld::statistics(pipeline::Statistics statistics) {
  for (auto& row : statistics.items) {
    const ItemKey key = key_of(row->item_id);
    stats_changed_ |=
        stats_.update(key, {statistics.head.shard, statistics.head.generation, statistics.head.epoch, std::move(row)});
  }
}

void LearnedWorld::outcome(const pb::Outcome& outcome, Partition shard) {
  ++outcomes_;
  if (outcome.feature_fingerprint() != features::feature_fingerprint()) ++foreign_;
  if (!learner_->learns()) return;
  learner_->on_outcome(outcome, shard, Offset(offsets_[shard]++));
  learned_ = true;
}

const pipeline::World& LearnedWorld::at(TimePoint now) {
  if (learned_) {
    const auto published = learner_->publish(now);
    learned_ = published.empty();  // its interval may not be over yet
    for (const learner::PolicyRecord& record : published) {
      const std::optional<std::string_view> value =
          record.value ? std::optional<std::string_view>(*record.value) : std::nullopt;
      if (const absl::Status status = policies_.apply(record.key, value); !status.ok())
        log::warn("{}", status.ToString());
      policies_changed_ = true;
    }
  }
  if (std::exchange(catalogue_changed_, false)) {
    world_.catalogue = catalogue_.snapshot();
    if (encoder_) encoder_->know(world_.catalogue);
  }
  if (std::exchange(stats_changed_, false)) world_.stats = stats_.snapshot();
  const auto encoder = encoder_ ? encoder_->at(now) : nullptr;
  if (std::exchange(policies_changed_, false) || encoder != world_.policies->encoder) {
    policies_.adopt();
    auto policies = std::make_shared<pipeline::PolicySet>(policies_.policies());
    policies->encoder = encoder;
    world_.policies = std::move(policies);
  }
  return world_;
}

std::uint64_t LearnedWorld::version_of(const PolicyId& policy) const {
  const auto& versions = policies_.policies().versions;
  const auto at = versions.find(policy);
  return at == versions.end() ? 0 : at->second.version;
}

}  // namespace riffle::replay
