#include "app/bench/policy_delay.h"

#include <algorithm>

namespace riffle::app::bench {

void PolicyDelay::add_outcome(Partition shard, Offset offset, Time read) { outcomes_.push_back({shard, offset, read}); }

void PolicyDelay::add_manifest(const pb::PolicyManifest& manifest) {
  for (const pb::ShardPosition& position : manifest.outcomes())
    learned_[Partition(position.shard())].try_emplace(position.offset(), manifest.version());
}

void PolicyDelay::add_list(std::uint64_t version, Time read) { first_list_.try_emplace(version, read); }

std::optional<std::uint64_t> PolicyDelay::version_of(const Outcome& outcome) const {
  const auto shard = learned_.find(outcome.shard);
  if (shard == learned_.end()) return std::nullopt;
  // A position is that of the next outcome: it has to be above this one's.
  const auto position = shard->second.upper_bound(outcome.offset.value());
  if (position == shard->second.end()) return std::nullopt;
  return position->second;
}

PolicyDelay::Delays PolicyDelay::delays(Time from, Time to) const {
  Delays delays;
  for (const Outcome& outcome : outcomes_) {
    if (outcome.read < from || outcome.read >= to) continue;
    const auto version = version_of(outcome);
    // A later version has learned all that an earlier one had.
    const auto list = version ? first_list_.lower_bound(*version) : first_list_.end();
    if (list == first_list_.end()) {
      ++delays.unserved;
      continue;
    }
    const std::chrono::duration<double, std::milli> took = list->second - outcome.read;
    delays.ms.push_back(std::max(0.0, took.count()));  // the topics are read by two threads
  }
  return delays;
}

}  // namespace riffle::app::bench
