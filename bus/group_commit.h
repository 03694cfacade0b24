// Group commit: every sink appends to its partition's buffer in memory; one thread takes all buffers, writes them, has
// each file synced once (several at a time), and makes the records visible. Each round has a number; a record is durable when its round is done.
//
// In memory there is no thread: append() itself writes and publishes.
//
// While a file refuses, the round is tried again every 100 ms with the same bytes (a failed fsync may have dropped them
// from the page cache, so they are written again, not only synced), and healthy() is false.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bus/bus.h"
#include "bus/local_bus.h"
#include "bus/partition_log.h"
#include "bus/sync_crew.h"

namespace riffle::bus {

// A partition as its writers see it. Owned by its topic; everything but `log` belongs to GroupCommit, under its lock.
struct WritablePartition {
  explicit WritablePartition(std::unique_ptr<PartitionLog> opened)
      : log(std::move(opened)), next_offset(log->watermarks().high) {}
  const std::unique_ptr<PartitionLog> log;
  Offset next_offset;
  std::string pending;
};

class GroupCommit {
 public:
  using Round = std::uint64_t;
  using SteadyTime = std::chrono::steady_clock::time_point;

  // `on_sealed` and `on_turn` are called on the writing thread: a segment was sealed; a round is over, or kOffsetsDelay
  // passed without one.
  GroupCommit(const LocalBusOptions& options, const Clock& clock, std::function<void(PartitionLog*)> on_sealed,
              std::function<void()> on_turn);
  ~GroupCommit();  // writes what is pending, once; does not wait for a disk that refuses

  // The round that will make it durable. `linger`: how long the round may wait for more.
  absl::StatusOr<Round> append(WritablePartition& partition, const OutRecord& record, TimePoint timestamp,
                               Milliseconds linger);
  Round durable() const { return durable_.load(std::memory_order_acquire); }
  // Waits until the round is done; does not linger.
  bool wait(Round round, SteadyTime until);
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }

 private:
  struct Work {
    WritablePartition* partition;
    std::string frames;
    absl::Status status;
  };

  void run();
  bool await_work() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Work> take_work() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool commit(std::vector<Work>& work);
  absl::Status write_one(const Work& work);
  absl::Status sync_one(const Work& work);
  absl::Status step(WriteStep at, const PartitionLog& log) const;

  const bool in_memory_;
  const Milliseconds interval_;
  const FailPoint fail_point_;
  const Clock& clock_;
  const std::function<void(PartitionLog*)> on_sealed_;
  const std::function<void()> on_turn_;
  SyncCrew crew_;  // the writing thread's

  std::atomic<Round> durable_{0};
  std::atomic<bool> healthy_{true};

  absl::Mutex mutex_;
  absl::CondVar work_, done_;
  Round open_round_ ABSL_GUARDED_BY(mutex_) = 1;
  std::vector<WritablePartition*> dirty_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> spare_ ABSL_GUARDED_BY(mutex_);  // emptied buffers, to keep their memory
  SteadyTime due_ ABSL_GUARDED_BY(mutex_) = SteadyTime::max();
  SteadyTime next_start_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace riffle::bus
