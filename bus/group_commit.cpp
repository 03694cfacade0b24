#include "bus/group_commit.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "base/errors.h"
#include "base/log.h"
#include "bus/segment_format.h"

namespace riffle::bus {
namespace {

constexpr std::chrono::milliseconds kRetryDelay{100};
// Buffers above this are given back: one burst must not hold its memory for ever.
constexpr std::size_t kSpareBytes = 1 << 20;
constexpr std::size_t kSpares = 64;
// Syncs at a time; more gained nothing with 8 files.
constexpr int kSyncHelpers = 4;

}  // namespace

GroupCommit::GroupCommit(const LocalBusOptions& options, const Clock& clock, std::function<void(PartitionLog*)> on_sealed,
                         std::function<void()> on_turn)
    : in_memory_(options.directory.empty()),
      interval_(options.commit_interval),
      fail_point_(options.fail_point),
      clock_(clock),
      on_sealed_(std::move(on_sealed)),
      on_turn_(std::move(on_turn)),
      crew_(in_memory_ || !options.fsync ? 0 : kSyncHelpers) {
  if (!in_memory_) thread_ = std::thread([this] { run(); });
}

GroupCommit::~GroupCommit() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_.Signal();
  }
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<GroupCommit::Round> GroupCommit::append(WritablePartition& partition, const OutRecord& record,
                                                       TimePoint timestamp, Milliseconds linger) {
  absl::MutexLock lock(&mutex_);
  if (partition.pending.empty()) {
    dirty_.push_back(&partition);
    if (partition.pending.capacity() == 0 && !spare_.empty()) {
      partition.pending = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  append_frame(partition.pending, partition.next_offset, timestamp, record);
  if (in_memory_) {
    dirty_.clear();
    const absl::Status written = partition.log->write(partition.pending, clock_.now());
    partition.pending.clear();
    if (!written.ok()) {
      partition.log->abandon();
      return written;
    }
    partition.next_offset = next(partition.next_offset);
    partition.log->publish();
    if (partition.log->take_sealed()) on_sealed_(partition.log.get());
    return 0;
  }
  partition.next_offset = next(partition.next_offset);
  const auto due = std::chrono::steady_clock::now() + linger;
  if (due < due_) {
    due_ = due;
    work_.Signal();
  }
  return open_round_;
}

bool GroupCommit::wait(Round round, SteadyTime until) {
  if (durable() >= round) return true;
  absl::MutexLock lock(&mutex_);
  if (round == open_round_ && due_ > std::chrono::steady_clock::now()) {
    due_ = SteadyTime::min();
    work_.Signal();
  }
  while (durable() < round) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero()) return false;
    done_.WaitWithTimeout(&mutex_, absl::FromChrono(left));
  }
  return true;
}

// Returns with work to do, or false where there is none and the thread shall look after other things.
bool GroupCommit::await_work() {
  const auto turn_ends = std::chrono::steady_clock::now() + kOffsetsDelay;
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    const auto start = std::max(due_, next_start_);
    if (!dirty_.empty() && start <= now) return true;
    if (now >= turn_ends) return false;
    const auto until = dirty_.empty() ? turn_ends : std::min(start, turn_ends);
    work_.WaitWithTimeout(&mutex_, absl::FromChrono(until - now));
  }
  return !dirty_.empty();
}

std::vector<GroupCommit::Work> GroupCommit::take_work() {
  std::vector<Work> work;
  work.reserve(dirty_.size());
  for (WritablePartition* partition : dirty_) work.push_back({partition, std::exchange(partition->pending, {}), {}});
  dirty_.clear();
  due_ = SteadyTime::max();
  next_start_ = std::chrono::steady_clock::now() + interval_;
  return work;
}

absl::Status GroupCommit::write_one(const Work& work) {
  PartitionLog& log = *work.partition->log;
  RIFFLE_RETURN_IF_ERROR(step(WriteStep::kBeforeWrite, log));
  RIFFLE_RETURN_IF_ERROR(log.write(work.frames, clock_.now()));
  return step(WriteStep::kAfterWrite, log);
}

absl::Status GroupCommit::sync_one(const Work& work) {
  PartitionLog& log = *work.partition->log;
  RIFFLE_RETURN_IF_ERROR(log.sync());
  RIFFLE_RETURN_IF_ERROR(step(WriteStep::kAfterSync, log));
  log.publish();
  return absl::OkStatus();
}

// Commits what it can and leaves the rest in `work`; true when nothing is left.
bool GroupCommit::commit(std::vector<Work>& work) {
  for (Work& one : work) one.status = write_one(one);
  crew_.run(work.size(), [&](std::size_t i) {
    if (work[i].status.ok()) work[i].status = sync_one(work[i]);
  });
  std::vector<Work> failed;
  for (Work& one : work) {
    PartitionLog& log = *one.partition->log;
    if (!one.status.ok()) {
      log.abandon();
      if (healthy_.exchange(false))
        log::error("{}/{}: not written, tried again until it is: {}", log.where().topic, log.where().partition.value(),
                   std::string(one.status.message()));
      failed.push_back(std::move(one));
      continue;
    }
    if (log.take_sealed()) on_sealed_(&log);
    one.frames.clear();
    absl::MutexLock lock(&mutex_);
    if (one.frames.capacity() <= kSpareBytes && spare_.size() < kSpares) spare_.push_back(std::move(one.frames));
  }
  work = std::move(failed);
  return work.empty();
}

absl::Status GroupCommit::step(WriteStep at, const PartitionLog& log) const {
  return fail_point_ ? fail_point_(at, log.where()) : absl::OkStatus();
}

void GroupCommit::run() {
  for (;;) {
    std::vector<Work> work;
    Round round = 0;
    bool stop = false;
    {
      absl::MutexLock lock(&mutex_);
      if (await_work()) {
        work = take_work();
        round = open_round_++;
      }
      stop = stopping_ && round == 0;
    }
    while (!work.empty() && !commit(work)) {
      absl::MutexLock lock(&mutex_);
      if (!stopping_) work_.WaitWithTimeout(&mutex_, absl::FromChrono(kRetryDelay));
      if (stopping_) return;
    }
    if (round != 0) {
      if (!healthy_.exchange(true)) log::info("the local bus writes again");
      absl::MutexLock lock(&mutex_);
      durable_.store(round, std::memory_order_release);
      done_.SignalAll();
    }
    on_turn_();
    if (stop) return;
  }
}

}  // namespace riffle::bus
