// The thread that makes epochs durable: syncs the store's log, publishes the epoch's records, waits for every
// acknowledgement (its lists' too), commits rows and offsets in one synced write, and says so (DESIGN §5).
//
// The order is the promise: nothing leaves before what made it is on disk, nothing is committed before what it made has
// left. A bus that is away makes it wait; a store that fails ends the epoch with that status.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "pipeline/epoch.h"
#include "pipeline/options.h"

namespace riffle::pipeline {

class EpochWriter {
 public:
  // `outputs` and `lists` outlive it. `told` takes each committed epoch's statistics, on the writer's thread.
  EpochWriter(bus::Sink* outputs, bus::Sink* lists, const bus::TopicNames& topics, Fsync fsync,
              std::function<void(Statistics)> told, Metrics& metrics);
  ~EpochWriter();  // abandons what is not committed

  // Any thread. `done` is called once, on the writer's thread.
  using Done = std::function<void(absl::Status)>;
  void submit(FrozenEpoch epoch, Done done);

  // Ends the waiting for a bus that does not come back: epochs under way end as cancelled.
  void cancel();

 private:
  struct Job {
    FrozenEpoch epoch;
    Done done;
    absl::Status status;
    std::uint64_t ticket = 0;
  };
  void run();
  void publish(Job& job);
  void send(Job& job, const ingest::OwnedRecord& record);
  absl::Status await(bus::Sink& sink, std::uint64_t ticket);
  void commit(Job& job);
  bool cancelled() const;

  bus::Sink* outputs_;
  bus::Sink* lists_;
  const std::function<void(Statistics)> told_;
  ingest::OwnedRecord statistics_record_;   // the writer's; its memory is used again and again
  const Fsync fsync_;
  Histogram& commit_seconds_;
  Counter &epochs_, &rows_, &row_bytes_, &records_;
  Counter& refused_;

  mutable absl::Mutex mutex_;
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace riffle::pipeline
