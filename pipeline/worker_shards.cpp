// Which shards are this worker's: opened as the group assigns them, given back as it takes them away.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/kill_point.h"
#include "base/log.h"
#include "pipeline/bus_input_log.h"
#include "pipeline/worker.h"

namespace riffle::pipeline {
namespace {

constexpr absl::Duration kOpenAgain = absl::Milliseconds(500);
// Its owner learns for the group.
constexpr Partition kLearnersShard{0};

}  // namespace

void Worker::on_assigned(const std::vector<bus::TopicPartition>& partitions) {
  std::uint64_t assignment = 0;
  {
    absl::MutexLock lock(&mutex_);
    assignment = ++assignment_;
    assigned_ = true;
    failed_.clear();
    for (const bus::TopicPartition& tp : partitions) opening_.insert(tp.partition);
    assigned_partitions_ = opening_;
  }
  log::info("{} shards are assigned to this worker", partitions.size());
  kill_point("assigned");
  const bool elected = std::any_of(partitions.begin(), partitions.end(),
                                   [](const bus::TopicPartition& tp) { return tp.partition == kLearnersShard; });
  if (elected)
    for (const auto& learner : learners_) learner->begin();
  for (const bus::TopicPartition& tp : partitions) {
    const Partition shard = tp.partition;
    thread_of(shard).add(shard, assignment, [this, shard, assignment] { return open(shard, assignment); });
    // After its add, on the same thread: every shard has its inbox when the sources start.
    thread_of(shard).post([this, shard, assignment] { opened(assignment, shard); });
  }
  if (partitions.empty()) opened(assignment, std::nullopt);
}

// Runs on an apply thread.
std::unique_ptr<Shard> Worker::open(Partition id, std::uint64_t assignment) {
  {
    absl::MutexLock lock(&mutex_);
    if (assignment != assignment_) return nullptr;  // given away before it was opened
  }
  const auto began = std::chrono::steady_clock::now();
  auto shard = opener_->open(id);
  // The bus went away meanwhile: the group still counts on us, so the shard is opened once it is back.
  while (error_class(shard.status()) == ErrorClass::kRetriable && absl::IsUnavailable(shard.status())) {
    log::warn("shard {} cannot be opened yet: {}", id.value(), shard.status().ToString());
    {
      absl::MutexLock lock(&mutex_);
      const auto given_away = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return assignment != assignment_; };
      if (mutex_.AwaitWithTimeout(absl::Condition(&given_away), kOpenAgain)) return nullptr;
    }
    shard = opener_->open(id);
  }
  if (!shard.ok()) {
    shard_failed(id, annotate(shard.status(), absl::StrCat("shard ", id.value(), " cannot be opened")));
    return nullptr;
  }
  if (const absl::Status told = (*shard)->tell_statistics([this](Statistics own) { feed_->take(std::move(own)); });
      !told.ok()) {
    shard_failed(id, annotate(told, absl::StrCat("the items of shard ", id.value(), " cannot be read")));
    return nullptr;
  }
  const auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
  log::info("shard {} is open after {} ms", id.value(), took.count());
  const BusInputLog names(bus_, setup_.shard.topics);
  std::vector<bus::Position> positions;
  for (const Input input : {Input::kEvents, Input::kRequests, Input::kUsers}) {
    positions.push_back({{names.topic(input), id}, *(*shard)->next(input)});
  }
  absl::MutexLock lock(&mutex_);
  if (assignment == assignment_) running_[id] = std::move(positions);
  return *std::move(shard);
}

void Worker::opened(std::uint64_t assignment, std::optional<Partition> of) {
  std::vector<bus::Position> events, requests;
  std::vector<bus::TopicPartition> stopped;
  std::set<Partition> own;
  {
    absl::MutexLock lock(&mutex_);
    if (assignment != assignment_) return;
    if (of) opening_.erase(*of);
    if (!opening_.empty() || !assigned_) return;
    for (const auto& [shard, positions] : running_) {
      own.insert(shard);
      events.push_back(positions[static_cast<std::size_t>(Input::kEvents)]);
      requests.push_back(positions[static_cast<std::size_t>(Input::kRequests)]);
      requests.push_back(positions[static_cast<std::size_t>(Input::kUsers)]);
    }
    // A shard that could not be opened is still this member's: its events are left where they are.
    for (const Partition shard : assigned_partitions_) {
      if (running_.contains(shard)) continue;
      stopped.push_back({setup_.shard.topics.events, shard});
      events.push_back({stopped.back(), bus::kLatest});
    }
    assigned_ = false;  // started once an assignment
    shards_owned_.Set(static_cast<double>(running_.size()));
  }
  feed_->read_others(std::move(own));
  const auto given_away = [this, assignment] {
    absl::MutexLock lock(&mutex_);
    return assignment != assignment_;
  };
  events_->post([this, events, stopped, assignment, given_away](bus::Source& source) {
    if (given_away()) return;
    events_assignment_ = assignment;
    absl::Status status = source.start(events);
    if (status.ok() && !stopped.empty()) status = source.pause(stopped);
    if (!status.ok()) fail(status);
  });
  requests_->post([this, requests, assignment, given_away](bus::Source& source) {
    if (given_away()) return;
    requests_assignment_ = assignment;
    if (const absl::Status status = source.assign(requests); !status.ok()) fail(status);
  });
}

void Worker::on_revoked(const std::vector<bus::TopicPartition>&) { give_back(true); }

void Worker::on_lost(const std::vector<bus::TopicPartition>&) {
  log::warn("the group has given this worker's shards away; what is not committed is left to their new owner");
  give_back(false);
}

// Ends the learners and closes every shard, then lets the group go on. The rebalance callback itself returns at once.
void Worker::give_back(bool commit) {
  kill_point("revoked");
  std::set<Partition> shards;
  {
    absl::MutexLock lock(&mutex_);
    ++assignment_;
    assigned_ = false;
    for (const auto& [shard, positions] : running_) shards.insert(shard);
    for (const Partition shard : opening_) shards.insert(shard);
    closing_ = shards;
    opening_.clear();
    running_.clear();
    shards_owned_.Set(0);
  }
  requests_->post([](bus::Source& source) { (void)source.assign({}); });
  const auto left = std::make_shared<std::atomic<std::size_t>>(shards.size() + learners_.size() + 1);
  const auto ended = [this, left] {
    if (--*left > 0) return;
    events_->post([this](bus::Source& source) {
      if (const absl::Status status = source.release(); !status.ok()) fail(status);
    });
  };
  for (const auto& learner : learners_) learner->end(commit, ended);
  ended();
  for (const Partition shard : shards) {
    thread_of(shard).close(shard, commit, [this, shard, ended] {
      {
        absl::MutexLock lock(&mutex_);
        closing_.erase(shard);
      }
      ended();
    });
  }
}

}  // namespace riffle::pipeline
