// What a worker knows of the whole: one thread reads all of `items` and `policy`, and of `item-stats` what other workers'
// shards say, and publishes immutable snapshots to the shards. It starts from the beginning of these compacted topics, and
// is ready once it has seen their ends. What this worker's own shards say of their items is handed to it in memory: their
// partitions of `item-stats` need not be read.
//
// A refused item gets a dead letter also where it came while no worker ran: how far refusals were told is what the group
// `Options::group` has committed of `items`, once their dead letters were acknowledged. After a crash, or by another worker
// of the group, some are told again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/published.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "features/catalogue.h"
#include "features/item_stats.h"
#include "ingest/admission.h"
#include "learner/options.h"
#include "pipeline/adopted_policies.h"
#include "pipeline/micro_batch.h"
#include "pipeline/statistics.h"
#include "serving/options.h"

namespace riffle::pipeline {

class WorldFeed {
 public:
  struct Options {
    bus::TopicNames topics;
    ingest::AdmissionOptions admission;
    features::RowOptions rows;
    learner::LearnerOptions learner;
    std::vector<serving::PolicyOptions> policies;
    std::string group;                     // whose offsets of `items` say which refusals were told
    Milliseconds stats_interval{500};      // of merged snapshots
  };

  // `dead_letters` takes refused items; it outlives the feed.
  static absl::StatusOr<std::unique_ptr<WorldFeed>> start(bus::Bus& bus, bus::Sink* dead_letters, Options options,
                                                          Metrics& metrics);
  ~WorldFeed();

  // Any thread. What a shard of this worker says.
  void take(Statistics own);
  // Any thread. From now on the statistics of all shards but `own` are read from the topic. Not ready before it is called
  // once: the owned shards' statistics have been taken by then.
  void read_others(std::set<Partition> own);

  const Published<World>& world() const { return world_; }
  bool ready() const { return ready_; }        // any thread
  absl::Status status() const;                 // why it has stopped, if it has

 private:
  WorldFeed(std::unique_ptr<bus::Source> source, bus::Sink* dead_letters, Options options, AdoptedPolicies policies,
            Metrics& metrics);
  void run();
  absl::Status find_topics(bus::Bus& bus);
  absl::Status assign();
  absl::Status change_others();
  void take_own();
  void fail(const absl::Status& status);
  void update_stats(const records::ItemStatsHead& head, std::shared_ptr<const records::ItemRow> row);
  void apply(const bus::Record& record);
  void apply_item(const bus::Record& record);
  void tell_refused(const bus::Record& record, const records::Reason& reason);
  void commit_told();
  void apply_stats(const bus::Record& record);
  void apply_policy(const bus::Record& record);
  void adopt_policies();
  void publish(std::chrono::steady_clock::time_point now, bool all);

  Options options_;
  std::unique_ptr<bus::Source> source_;
  bus::Sink* dead_letters_;
  Metrics& metrics_;
  Gauge &catalogue_items_, &stats_items_;

  ingest::Admission admission_;
  features::CatalogueBuilder catalogue_;
  features::ItemStatsBuilder stats_;
  AdoptedPolicies policies_;
  std::map<bus::TopicPartition, Offset> reading_;   // and where to go on
  std::vector<bus::TopicPartition> not_ended_;
  std::int32_t shards_ = 0;
  bool others_known_ = false;
  std::map<Partition, Offset> told_;         // of `items`: refusals below are in `dead-letters`, or on their way there
  std::uint64_t told_ticket_ = 0;            // of the last on its way
  bool told_changed_ = false;
  bool catalogue_changed_ = true, stats_changed_ = true, policies_changed_ = true;
  std::chrono::steady_clock::time_point stats_published_{};
  World newest_;
  Published<World> world_;
  // Earlier ones that a shard may still read: they die here and not on the thread that makes lists, which is the longer the
  // more of their chunks are nobody else's.
  std::vector<std::shared_ptr<const World>> retired_;

  std::atomic<bool> ready_{false};
  std::atomic<bool> stopping_{false};
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<Statistics> own_ ABSL_GUARDED_BY(mutex_);                  // not taken yet
  std::optional<std::set<Partition>> new_own_shards_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace riffle::pipeline
