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

absl::StatusOr<std::unique_ptr<Learner>> Learner::create(
    const std::vector<std::pair<PolicyId, std::string>>& policies, const LearnerOptions& options, Metrics& metrics) {
  if (options.block_bytes == 0) return absl::InvalidArgumentError("learner: block_bytes must be above 0");
  std::unique_ptr<Learner> learner(new Learner(options, metrics));
  for (const auto& [id, scorer] : policies) {
    if (!is_trainable(scorer)) {
      RIFFLE_RETURN_IF_ERROR(annotate(make_scorer(scorer, "", options).status(), absl::StrCat("policy ", id.str())));
      continue;
    }
    const PolicyId& name = id;
    if (std::any_of(learner->policies_.begin(), learner->policies_.end(), [&](const auto& p) { return p.id == name; }))
      return absl::InvalidArgumentError(absl::StrCat("policy ", id.str(), " is named twice"));
    auto trainer = make_trainer(scorer, options);
    RIFFLE_RETURN_IF_ERROR(annotate(trainer.status(), absl::StrCat("policy ", id.str())));
    Policy& policy = learner->policies_.emplace_back();
    policy.id = id;
    policy.scorer = scorer;
    policy.trainer = *std::move(trainer);
    policy.version = &metrics.gauge("riffle_policy_version", "Version of the policy in force", {{"policy", id.str()}});
  }
  return learner;
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
  policy.highest_version = log.highest_version(policy.id);
  absl::Status first;
  for (const auto* manifest : log.complete_versions(policy.id)) {
    if (manifest->scorer() != policy.scorer) {
      // The configuration gave the policy another scorer: it starts anew, numbered on.
      log::warn("policy {}: version {} is of the scorer {}, not {}: learning starts anew", policy.id.str(),
                manifest->version(), manifest->scorer(), policy.scorer);
      break;
    }
    const auto state = log.state_of(*manifest);
    const absl::Status loaded = state.ok() ? policy.trainer->load(*state) : state.status();
    if (!loaded.ok()) {
      const auto where = absl::StrCat("policy ", policy.id.str(), " version ", manifest->version());
      log::error("{} does not load: {}", where, loaded.ToString());
      first.Update(annotate(loaded, where));
      continue;
    }
    policy.last = *manifest;
    for (const auto& position : manifest->outcomes())
      policy.shards[position.shard()] = {position.offset(), position.sequence()};
    policy.version->Set(static_cast<double>(manifest->version()));
    break;
  }
  return first;
}

std::map<Partition, Offset> Learner::positions() const {
  std::map<Partition, Offset> smallest;
  if (policies_.empty()) return smallest;
  for (const auto& [shard, state] : policies_.front().shards) smallest[Partition(shard)] = Offset(state.next_offset);
  for (const auto& policy : policies_) {
    std::erase_if(smallest, [&](const auto& entry) { return !policy.shards.contains(entry.first.value()); });
    for (auto& [shard, offset] : smallest)
      offset = std::min(offset, Offset(policy.shards.at(shard.value()).next_offset));
    for (const OutcomePlace& held : policy.trainer->held_from())
      if (const auto it = smallest.find(Partition(held.shard)); it != smallest.end())
        it->second = std::min(it->second, Offset(held.offset));
  }
  return smallest;
}

bool Learner::reads_candidates() const {
  return std::any_of(policies_.begin(), policies_.end(), [](const Policy& policy) { return policy.trainer->reads_candidates(); });
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
      remembered |= problem.empty() && policy.trainer->remember(outcome, place);
      continue;
    }
    state.highest_sequence = outcome.sequence();
    taken = true;
    if (!problem.empty()) continue;
    policy.trainer->learn_at(outcome, place);
    policy.changed = true;
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
  auto tombstones = log_.expire(now, options_);
  for (auto& tombstone : tombstones) {
    if (const auto status = log_.apply(tombstone.key, std::nullopt); !status.ok()) log::error("{}", status.ToString());
    records.push_back(std::move(tombstone));
  }
  return records;
}

bool Learner::publish_policy(Policy& policy, TimePoint now, std::vector<PolicyRecord>& records) {
  policy.published = now;
  policy.pause = options_.publish_interval;
  const std::string state = policy.trainer->save();
  // What no server could load is not published: the last good version goes on serving, and learning goes on.
  const auto scorer = make_scorer(policy.scorer, state, options_);
  count_incidents(policy);
  if (!scorer.ok()) {
    count_incident(policy, "unpublishable", 1);
    log::error("policy {}: no version after {}: {}", policy.id.str(), policy.last.version(), scorer.status().ToString());
    return false;
  }
  pb::PolicyManifest manifest;
  manifest.set_policy_id(policy.id.str());
  manifest.set_version(++policy.highest_version);
  manifest.set_parent(policy.last.version());
  manifest.set_scorer(policy.scorer);
  manifest.set_feature_fingerprint(features::feature_fingerprint());
  for (const auto& [shard, at] : policy.shards) {
    auto& position = *manifest.add_outcomes();
    position.set_shard(shard);
    position.set_offset(at.next_offset);
    position.set_sequence(at.highest_sequence);
  }
  manifest.set_slots_learned(policy.trainer->slots_learned());
  manifest.set_created_ms(to_ms(now));
  auto version = encode_version(std::move(manifest), state, options_.block_bytes,
                                policy.last.version() == 0 ? nullptr : &policy.last);
  for (auto& record : version) {
    if (const auto status = log_.apply(record.key, *record.value); !status.ok()) log::error("{}", status.ToString());
    records.push_back(std::move(record));
  }
  const auto* newest = log_.newest(policy.id);
  RIFFLE_CHECK(newest != nullptr && newest->version() == policy.highest_version, "policy", policy.id.str());
  policy.last = *newest;
  policy.changed = false;
  policy.pause = std::max(policy.pause, Milliseconds(state.size() / kPublishBytesPerMillisecond));
  policy.version->Set(static_cast<double>(policy.last.version()));
  return true;
}

void Learner::count_incidents(Policy& policy) {
  for (const auto& [kind, count] : policy.trainer->incidents()) {
    auto& counted = policy.incidents_counted[kind];
    if (count > counted) count_incident(policy, kind, count - counted);
    counted = count;
  }
}

void Learner::count_incident(const Policy& policy, std::string_view kind, std::uint64_t times) {
  metrics_
      .counter("riffle_learner_incidents_total", "What trainers had to give up, by kind",
               {{"policy", policy.id.str()}, {"kind", std::string(kind)}})
      .Increment(static_cast<double>(times));
}

}  // namespace riffle::learner
