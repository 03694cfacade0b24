// What a shard knows of the world while a log is applied again: the catalogue, merged item statistics, policies that learn
// in this process from the outcomes that come, and the encoder, where one is configured, from events. pipeline/world_feed and
// pipeline/learner_loop do the same live, over topics. One thread; time is the log's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "features/catalogue.h"
#include "features/item_stats.h"
#include "ingest/admission.h"
#include "learner/learner.h"
#include "pipeline/adopted_policies.h"
#include "pipeline/in_process_encoder.h"
#include "pipeline/micro_batch.h"
#include "pipeline/shard.h"
#include "pipeline/statistics.h"
#include "records/riffle.pb.h"

namespace riffle::replay {

class LearnedWorld {
 public:
  // `partitions`: of events. InvalidArgument: an unknown scorer or encoder, or options out of range; what load_network_module()
  // says. `metrics` outlives it.
  static absl::StatusOr<std::unique_ptr<LearnedWorld>> create(const pipeline::ShardOptions& shard,
                                                              const learner::LearnerOptions& learner,
                                                              std::int32_t partitions, Metrics& metrics);

  // A record of `items`; false where it is refused.
  bool item(const bus::Record& record);
  // A record of `events`, before it is applied.
  void event(const bus::Record& record);
  void statistics(pipeline::Statistics statistics);
  void outcome(const pb::Outcome& outcome, Partition shard);

  // As it is at the log's time `now`: what was learned is adopted where the learner's publish interval is over.
  const pipeline::World& at(TimePoint now);

  std::uint64_t outcomes() const { return outcomes_; }
  // Made with another version of the features: nothing can be learned from them.
  std::uint64_t foreign_outcomes() const { return foreign_; }
  std::uint64_t version_of(const PolicyId& policy) const;

 private:
  LearnedWorld(const pipeline::ShardOptions& shard, pipeline::AdoptedPolicies policies,
               std::unique_ptr<learner::Learner> learner, std::unique_ptr<pipeline::InProcessEncoder> encoder);

  ingest::Admission admission_;
  features::CatalogueBuilder catalogue_;
  features::ItemStatsBuilder stats_;
  pipeline::AdoptedPolicies policies_;
  std::unique_ptr<learner::Learner> learner_;
  std::unique_ptr<pipeline::InProcessEncoder> encoder_;  // null: none
  bool catalogue_changed_ = true, stats_changed_ = true, policies_changed_ = true, learned_ = false;
  std::uint64_t outcomes_ = 0, foreign_ = 0;
  std::map<Partition, std::int64_t> offsets_;
  pipeline::World world_;
};

}  // namespace riffle::replay
