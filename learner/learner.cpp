#include "learner/learner.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "features/feature_vector.h"
#include "learner/outcome_check.h"

namespace riffle::learner {
namespace {

// A version of S bytes is followed by S / 8 MiB/s of silence at least, so that a large Q-table does not fill the topic:
// 7 MB a second once, not five times. A linear version (≤ 80 KB) never notices.
constexpr std::size_t kPublishBytesPerMillisecond = (8 << 20) / 1000;

}  // namespace

absl::StatusOr<std::unique_ptr<Learner>> Learner::create(const std::vector<LearnedPolicy>& policies,
                                                         const LearnerOptions& options, Metrics& metrics) {
  if (options.block_bytes == 0) return absl::InvalidArgumentError("learner: block_bytes must be above 0");
  std::unique_ptr<Learner> made(new Learner(options, metrics));
  for (const LearnedPolicy& learned : policies) {
    const std::string where = absl::StrCat("policy ", learned.id.str());
    RIFFLE_RETURN_IF_ERROR(annotate(first_version(learned, options).status(), where));
    if (!learner::learns(learned)) continue;
    if (std::any_of(made->policies_.begin(), made->policies_.end(), [&](const auto& p) { return p.id() == learned.id; }))
      return absl::InvalidArgumentError(absl::StrCat(where, " is named twice"));
    Policy policy(learned, metrics);
    if (is_trainable(learned.scorer)) {
      auto trainer = make_trainer(learned.scorer, options);
      RIFFLE_RETURN_IF_ERROR(annotate(trainer.status(), where));
      policy.trainer = *std::move(trainer);
    }
    if (learner::learns(learned.weight)) {
      auto weight = make_weight_trainer(learned.weight);
      RIFFLE_RETURN_IF_ERROR(annotate(weight.status(), where));
      policy.weight = *std::move(weight);
    }
    made->policies_.push_back(std::move(policy));
  }
  return made;
}

Learner::Learner(const LearnerOptions& options, Metrics& metrics)
    : options_(options),
      metrics_(metrics),
      outcomes_(metrics.counter("riffle_learner_outcomes_total", "Outcome revisions that the learner took in")) {}

absl::Status Learner::boot(const PolicyLog& log) {
  log_ = log;
  absl::Status first;
  for (auto& policy : policies_) first.Update(boot_policy(policy, log));
  return first;
}

absl::Status Learner::boot_policy(Policy& policy, const PolicyLog& log) {
  policy.highest_version = log.highest_version(policy.id());
  absl::Status first;
  for (const auto* manifest : log.complete_versions(policy.id())) {
    if (manifest->scorer() != policy.learned.scorer) {
      // The configuration gave the policy another scorer: it starts anew, numbered on.
      log::warn("policy {}: version {} is of the scorer {}, not {}: learning starts anew", policy.id().str(),
                manifest->version(), manifest->scorer(), policy.learned.scorer);
      break;
    }
    const absl::Status loaded = load(policy, *manifest, log);
    if (!loaded.ok()) {
      const auto where = absl::StrCat("policy ", policy.id().str(), " version ", manifest->version());
      log::error("{} does not load: {}", where, loaded.ToString());
      first.Update(annotate(loaded, where));
      continue;
    }
    policy.last = *manifest;
    for (const auto& position : manifest->outcomes())
      policy.shards[position.shard()] = {position.offset(), position.sequence()};
    break;
  }
  return first;
}

absl::Status Learner::load(Policy& policy, const pb::PolicyManifest& manifest, const PolicyLog& log) {
  RIFFLE_ASSIGN_OR_RETURN(const std::string state, log.state_of(manifest));
  RIFFLE_ASSIGN_OR_RETURN(const VersionState parts, split_state(manifest, state));
  std::unique_ptr<WeightTrainer> weight;  // taken over once all of the version has loaded
  if (policy.weight) {
    RIFFLE_ASSIGN_OR_RETURN(weight, make_weight_trainer(policy.learned.weight));
    RIFFLE_RETURN_IF_ERROR(weight->load(parts.weight));
  }
  if (policy.trainer) RIFFLE_RETURN_IF_ERROR(policy.trainer->load(parts.scorer));
  policy.weight = std::move(weight);
  return absl::OkStatus();
}

std::map<Partition, Offset> Learner::positions() const {
  std::map<Partition, Offset> smallest;
  if (policies_.empty()) return smallest;
  for (const auto& [shard, state] : policies_.front().shards) smallest[Partition(shard)] = Offset(state.next_offset);
  for (const auto& policy : policies_) {
    std::erase_if(smallest, [&](const auto& entry) { return !policy.shards.contains(entry.first.value()); });
    for (auto& [shard, offset] : smallest)
      offset = std::min(offset, Offset(policy.shards.at(shard.value()).next_offset));
    if (!policy.trainer) continue;
    for (const OutcomePlace& held : policy.trainer->held_from())
      if (const auto it = smallest.find(Partition(held.shard)); it != smallest.end())
        it->second = std::min(it->second, Offset(held.offset));
  }
  return smallest;
}

bool Learner::reads_candidates() const {
  return std::any_of(policies_.begin(), policies_.end(), [](const Policy& policy) { return policy.trainer && policy.trainer->reads_candidates(); });
}

void Learner::on_outcome(const pb::Outcome& outcome, Partition shard, Offset offset) {
  const auto problem = outcome_problem(outcome);
  bool taken = false, remembered = false;
  for (auto& policy : policies_) {
    auto [it, first] = policy.shards.try_emplace(shard.value());
    ShardState& state = it->second;
    state.next_offset = std::max(state.next_offset, offset.value() + 1);
    const OutcomePlace place{shard.value(), offset.value()};
    if (!first && outcome.sequence() <= state.highest_sequence) {
      remembered |= problem.empty() && policy.trainer && policy.trainer->remember(outcome, place);
      continue;
    }
    state.highest_sequence = outcome.sequence();
    taken = true;
    if (!problem.empty()) continue;
    if (policy.trainer) policy.trainer->learn_at(outcome, place);
    const bool own = policy.weight && outcome.policy_id() == policy.id().str();
    if (own) policy.weight->learn(outcome);
    policy.changed |= own || policy.trainer != nullptr;
  }
  if (!taken) return policies_.empty() || remembered ? void() : ignore("repeat");
  outcomes_.Increment();
  if (!problem.empty()) ignore(problem);
}

void Learner::ignore(std::string_view reason) {
  auto& counter = ignored_[std::string(reason)];
  if (counter == nullptr)
    counter = &metrics_.counter("riffle_learner_ignored_total", "Outcome revisions that were not learned, by reason",
                                {{"reason", std::string(reason)}});
  counter->Increment();
}

std::vector<PolicyRecord> Learner::publish(TimePoint now, bool at_once) {
  std::vector<PolicyRecord> records;
  bool published = false;
  for (auto& policy : policies_) {
    if (!policy.changed) continue;
    const bool waits = policy.published != kNoTime && now >= policy.published && now - policy.published < policy.pause;
    if (waits && !at_once) continue;
    published |= publish_policy(policy, now, records);
  }
  if (!published) return records;
  log_.take(log_.expire(now, {options_.keep_versions, true}), records);
  return records;
}

bool Learner::publish_policy(Policy& policy, TimePoint now, std::vector<PolicyRecord>& records) {
  policy.published = now;
  policy.pause = options_.publish_interval;
  std::string state = policy.trainer ? policy.trainer->save() : std::string();
  const std::string weight = policy.weight ? policy.weight->save() : std::string();
  state += weight;
  pb::PolicyManifest manifest;
  manifest.set_policy_id(policy.id().str());
  manifest.set_version(policy.highest_version + 1);
  manifest.set_parent(policy.last.version());
  manifest.set_scorer(policy.learned.scorer);
  manifest.set_weight_bytes(weight.size());
  manifest.set_slots_learned(policy.trainer ? policy.trainer->slots_learned() : 0);
  manifest.set_created_ms(to_ms(now));
  // What no server could load is not published: the last good version goes on serving, and learning goes on.
  const auto made = make_version(policy.learned, manifest, state, options_);
  if (policy.trainer) policy.incidents.note(policy.trainer->incidents());
  if (policy.weight) policy.incidents.note(policy.weight->incidents());
  if (!made.ok()) {
    policy.incidents.add("unpublishable", 1);
    log::error("policy {}: no version after {}: {}", policy.id().str(), policy.last.version(), made.status().ToString());
    return false;
  }
  ++policy.highest_version;
  manifest.set_feature_fingerprint(features::feature_fingerprint());
  for (const auto& [shard, at] : policy.shards) {
    auto& position = *manifest.add_outcomes();
    position.set_shard(shard);
    position.set_offset(at.next_offset);
    position.set_sequence(at.highest_sequence);
  }
  log_.take(encode_version(std::move(manifest), state, options_.block_bytes, policy.last.version() == 0 ? nullptr : &policy.last),
            records);
  const auto* newest = log_.newest(policy.id());
  RIFFLE_CHECK(newest != nullptr && newest->version() == policy.highest_version, "policy", policy.id().str());
  policy.last = *newest;
  policy.changed = false;
  policy.pause = std::max(policy.pause, Milliseconds(state.size() / kPublishBytesPerMillisecond));
  return true;
}

}  // namespace riffle::learner
