// The end of an epoch of a shard whose log is asked "what if": rows to its store, outcomes and statistics to the world.
#pragma once

#include "absl/status/status.h"
#include "base/time.h"
#include "pipeline/options.h"
#include "pipeline/shard.h"
#include "replay/learned_world.h"
#include "replay/what_if.h"

namespace riffle::replay {

// When epochs end, by the log's time, as live.
class EpochClock {
 public:
  explicit EpochClock(const pipeline::EpochOptions& options) : options_(options) {}

  bool due(TimePoint now, const pipeline::Shard& shard) const {
    return now - ended_ >= options_.interval || shard.records_in_epoch() >= options_.records ||
           shard.dirty_bytes() >= options_.dirty_bytes;
  }
  // An epoch ends: true where its statistics leave with it.
  bool end(TimePoint now) {
    ended_ = now;
    if (now - told_ < options_.stats_interval) return false;
    told_ = now;
    return true;
  }

 private:
  const pipeline::EpochOptions options_;
  TimePoint ended_{}, told_{};
};

absl::Status commit_epoch(pipeline::Shard& shard, bool with_stats, const pipeline::ShardOptions& options,
                          LearnedWorld& world, WhatIfFigures& figures);

}  // namespace riffle::replay
