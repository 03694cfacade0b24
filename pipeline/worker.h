// A worker: the threads that keep the shards of one process running (DESIGN §8), put together. One bus thread a consumer,
// apply threads, the writer, the world's feed and, where asked, the learner.
//
//   auto worker = Worker::start(bus, options, clock, metrics);   // waits for nothing: shards come with their assignment
//   worker->ready();                                             // every owned shard runs, the world is known, the bus there
//   worker->stop(std::chrono::seconds(30));                      // last epochs committed
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "pipeline/apply_thread.h"
#include "pipeline/epoch_writer.h"
#include "pipeline/learner_loop.h"
#include "pipeline/options.h"
#include "pipeline/pump.h"
#include "pipeline/shard_opener.h"
#include "pipeline/world_feed.h"

namespace riffle::pipeline {

struct WorkerSetup {
  ShardOptions shard;
  EpochOptions epoch;
  WorkerOptions worker;
  learner::LearnerOptions learner;
  std::uint64_t seed = 0;                   // of exploration; another at every start, unless a test wants the same
};

// "the bus cannot be reached", and why where that is known.
std::string bus_away(const absl::Status& trouble);

class Worker : private bus::RebalanceListener {
 public:
  // Topics missing, or with partition counts that differ, are errors that say what to do. `bus` and `clock` outlive it.
  static absl::StatusOr<std::unique_ptr<Worker>> start(bus::Bus& bus, WorkerSetup setup, const Clock& clock,
                                                       Metrics& metrics);
  ~Worker() override;

  bool ready() const;
  std::string not_ready_because() const;    // empty when ready
  // Why a shard or a thread has stopped for good; ok while all run.
  absl::Status status() const;
  // Why nothing more is to be expected of this worker: a thread has ended, or every shard that it was given has stopped
  // (then the first one's cause), or one for want of room, as the disk is the others' too. Ok while something runs or may
  // still be assigned. A learner that has stopped leaves the lists going.
  absl::Status thread_failure() const;
  absl::Status shards_failure() const;

  // Commits every shard's last epoch and ends all threads. False: the bus did not take everything in time; what is missing
  // is in the journal and leaves at the next start.
  bool stop(Milliseconds most);

  // Reads the metrics that are not counted as they happen: lag, state's size. Any thread.
  void refresh_metrics();

 private:
  Worker(bus::Bus& bus, WorkerSetup setup, const Clock& clock, Metrics& metrics);
  absl::Status begin();
  absl::StatusOr<std::int32_t> partitions() const;
  absl::Status make_learners();

  void on_assigned(const std::vector<bus::TopicPartition>& partitions) override;
  void on_revoked(const std::vector<bus::TopicPartition>& partitions) override;
  void on_lost(const std::vector<bus::TopicPartition>& partitions) override;

  std::unique_ptr<Shard> open(Partition shard, std::uint64_t assignment);
  void opened(std::uint64_t assignment, std::optional<Partition> of);
  void give_back(bool commit);
  void dispatch(bus::Batch batch, std::uint64_t assignment);
  void shard_failed(Partition shard, const absl::Status& status);
  void fail(const absl::Status& status);
  ApplyThread& thread_of(Partition shard) {
    return *apply_[static_cast<std::size_t>(shard.value()) % apply_.size()];
  }

  bus::Bus& bus_;
  const WorkerSetup setup_;
  const Clock& clock_;
  Metrics& metrics_;
  Gauge &events_waiting_, &shards_owned_, &connected_;

  std::unique_ptr<bus::Sink> lists_, outputs_;
  std::unique_ptr<ShardOpener> opener_;
  std::unique_ptr<WorldFeed> feed_;
  std::vector<std::unique_ptr<ApplyThread>> apply_;
  std::unique_ptr<EpochWriter> writer_;
  std::vector<std::unique_ptr<LearnerLoop>> learners_;   // of the policies, and of the encoder
  std::unique_ptr<Pump> events_, requests_;
  std::uint64_t events_assignment_ = 0, requests_assignment_ = 0;  // what each pump reads for: its thread's own

  mutable absl::Mutex mutex_;
  std::uint64_t assignment_ ABSL_GUARDED_BY(mutex_) = 0;      // raised by every assignment and every giving back
  bool assigned_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<Partition> assigned_partitions_ ABSL_GUARDED_BY(mutex_);
  std::set<Partition> opening_ ABSL_GUARDED_BY(mutex_);
  std::set<Partition> closing_ ABSL_GUARDED_BY(mutex_);
  std::map<Partition, std::vector<bus::Position>> running_ ABSL_GUARDED_BY(mutex_);
  std::map<Partition, absl::Status> failed_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ = false;
};

}  // namespace riffle::pipeline
