#include "pipeline/learner_loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/kill_point.h"
#include "base/log.h"
#include "base/thread_priority.h"

namespace riffle::pipeline {
namespace {

// How long the end waits for a bus that is slow to take the last version; what it does not take is learned again.
constexpr Milliseconds kLastVersion{2000};
constexpr absl::Duration kBeginAgain = absl::Milliseconds(500);
constexpr absl::Duration kLookAgain = absl::Milliseconds(50);
constexpr Milliseconds kPaceEvery{2000};

}  // namespace

LearnerLoop::LearnerLoop(bus::Bus& bus, Options options, Make make, const Clock& clock, Metrics& metrics)
    : bus_(bus),
      options_(std::move(options)),
      make_(std::move(make)),
      clock_(clock),
      lost_(metrics.counter(absl::StrCat("riffle_", options_.name, "_lost_total"),
                            "Times that records had left the log before they were learned")),
      lag_seconds_(metrics.gauge(absl::StrCat("riffle_", options_.name, "_lag_seconds"), "Age of the last record learned when it was read")),
      running_(metrics.gauge(absl::StrCat("riffle_", options_.name, "_running"), "1 while this worker learns for its group")) {}

absl::StatusOr<std::unique_ptr<LearnerLoop>> LearnerLoop::create(bus::Bus& bus, Options options, Make make, const Clock& clock,
                                                                 Metrics& metrics) {
  RIFFLE_RETURN_IF_ERROR(make().status());
  return std::unique_ptr<LearnerLoop>(new LearnerLoop(bus, std::move(options), std::move(make), clock, metrics));
}

LearnerLoop::~LearnerLoop() {
  end(true, [] {});
  if (thread_.joinable()) thread_.join();
}

void LearnerLoop::begin() {
  {
    absl::MutexLock lock(&mutex_);
    if (learning_) return;
    learning_ = true;
    ending_ = false;
    last_version_ = true;
    status_ = absl::OkStatus();
  }
  if (thread_.joinable()) thread_.join();  // the one before has nothing left to do
  thread_ = std::thread([this] { run(); });
}

void LearnerLoop::end(bool publish, std::function<void()> ended) {
  {
    absl::MutexLock lock(&mutex_);
    if (learning_) {
      ended_.push_back(std::move(ended));
      if (!publish) last_version_ = false;
      ending_ = true;
      if (source_) source_->wake();
      return;
    }
  }
  ended();
}

absl::Status LearnerLoop::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

bool LearnerLoop::await(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  const auto ending = [&] { return ending_.load(); };
  return mutex_.AwaitWithTimeout(absl::Condition(&ending), pause);
}

void LearnerLoop::run() {
  give_way();
  while (options_.ready && !options_.ready() && !await(kLookAgain)) {}
  absl::Status status = boot();
  while (error_class(status) == ErrorClass::kRetriable && absl::IsUnavailable(status)) {
    log::warn("the {} cannot begin yet: {}", options_.name, status.ToString());
    if (await(kBeginAgain)) break;
    status = boot();
  }
  if (status.ok() && learner_->learns()) {
    log::info("this worker's {} learns for its group", options_.name);
    running_.Set(1);
    status = learn_until_ended();
  }
  if (sink_) sink_->wait_acknowledged(last_ticket_, kLastVersion);
  running_.Set(0);
  std::vector<std::function<void()>> ended;
  {
    absl::MutexLock lock(&mutex_);
    if (!status.ok() && !ending_) {
      log::error("the {} has stopped, lists go on with the last version: {}", options_.name, status.ToString());
      status_ = status;
    }
    source_.reset();
    sink_.reset();
    learner_.reset();
    learning_ = false;
    ended.swap(ended_);
  }
  for (const auto& tell : ended) tell();
}

absl::Status LearnerLoop::boot() {
  RIFFLE_ASSIGN_OR_RETURN(learner_, make_());
  if (!learner_->learns()) return absl::OkStatus();
  learner::PolicyLog log;
  RIFFLE_RETURN_IF_ERROR(read_policies(log));
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus_.describe(learner_->topic()));
  if (!info) {
    return fatal_error(absl::StatusCode::kNotFound,
                       absl::StrCat("topic ", learner_->topic(), " does not exist; make it with `riffle topics create`"));
  }
  partitions_ = info->partitions;
  if (const absl::Status status = learner_->boot(log, partitions_); !status.ok())
    log::warn("{}: {}", options_.name, status.ToString());
  lost_until_.clear();
  next_.clear();
  paced_ = kNoTime;
  last_ticket_ = 0;
  RIFFLE_ASSIGN_OR_RETURN(auto source, bus_.make_source({}));
  RIFFLE_ASSIGN_OR_RETURN(sink_, bus_.make_sink({.linger = Milliseconds(0)}));
  reading_ = source.get();
  {
    absl::MutexLock lock(&mutex_);
    source_ = std::move(source);
  }
  return assign();
}

absl::Status LearnerLoop::read_policies(learner::PolicyLog& log) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, bus_.make_source({}));
  RIFFLE_RETURN_IF_ERROR(source->assign({{{options_.policy_topic, Partition(0)}, bus::kEarliest}}));
  while (!ending_) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, source->poll(1000, std::chrono::milliseconds(100)));
    for (const bus::PartitionError& error : batch.errors) return error.status;
    for (const bus::Record& record : batch.records) {
      if (!record.key || !learner_->owns(learner::policy_of(*record.key))) continue;
      if (const absl::Status status = log.apply(*record.key, record.value); !status.ok()) {
        log::warn("{}: {}", options_.name, status.ToString());
      }
    }
    if (!batch.ends.empty()) break;
  }
  return absl::OkStatus();
}

absl::Status LearnerLoop::assign() {
  const std::map<Partition, Offset> known = learner_->positions();
  std::vector<bus::Position> positions;
  for (std::int32_t p = 0; p < partitions_; ++p) {
    const Partition shard(p);
    Offset from = bus::kEarliest;
    if (const auto it = known.find(shard); it != known.end()) from = it->second;
    if (const auto it = lost_until_.find(shard); it != lost_until_.end()) from = std::max(from, it->second);
    positions.push_back({{learner_->topic(), shard}, from});
    next_[shard] = from;
  }
  return reading_->assign(positions);
}

absl::Status LearnerLoop::learn_until_ended() {
  while (!ending_) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, reading_->poll(options_.records_a_poll, std::chrono::milliseconds(50)));
    for (const bus::Record& record : batch.records) learn(record);
    for (const bus::PartitionError& error : batch.errors) RIFFLE_RETURN_IF_ERROR(go_on_where_the_log_begins(error));
    pace();
    RIFFLE_RETURN_IF_ERROR(publish(false));
  }
  return last_version_ ? publish(true) : absl::OkStatus();
}

// What was not learned in time is gone; learning nothing any more would be worse.
absl::Status LearnerLoop::go_on_where_the_log_begins(const bus::PartitionError& lost) {
  if (!absl::IsOutOfRange(lost.status)) return lost.status;
  RIFFLE_ASSIGN_OR_RETURN(const auto marks, reading_->watermarks(lost.where));
  lost_.Increment();
  log::error("{}: records of {}/{} have left the log before they were learned; going on at offset {}. Lengthen the topic's retention",
             options_.name, lost.where.topic, lost.where.partition.value(), marks.low.value());
  lost_until_[lost.where.partition] = marks.low;
  return assign();
}

void LearnerLoop::learn(const bus::Record& record) {
  learner_->learn(record);
  next_[record.partition] = next(record.offset);
  lag_seconds_.Set(static_cast<double>((clock_.now() - record.timestamp).count()) / 1000);
}

// While the bus cannot tell, nothing is noted.
void LearnerLoop::pace() {
  const TimePoint now = clock_.now();
  if (!learner_->paces() || (paced_ != kNoTime && now >= paced_ && now - paced_ < kPaceEvery)) return;
  paced_ = now;
  std::uint64_t waiting = 0;
  for (const auto& [shard, at] : next_) {
    const auto marks = reading_->watermarks({learner_->topic(), shard});
    if (!marks.ok()) return;
    const std::int64_t from = std::max(at.value(), marks->low.value());
    if (marks->high.value() > from) waiting += static_cast<std::uint64_t>(marks->high.value() - from);
  }
  learner_->note_backlog(waiting);
}

absl::Status LearnerLoop::publish(bool at_once) {
  for (const learner::PolicyRecord& record : learner_->publish(clock_.now(), at_once)) {
    bus::OutRecord out;
    out.topic = options_.policy_topic;
    out.partition = Partition(0);
    out.key = record.key;
    if (record.value) out.value = *record.value;
    kill_point("policy");
    const auto ticket = sink_->send(out);
    if (!ticket.ok()) return ticket.status();
    last_ticket_ = *ticket;
  }
  return absl::OkStatus();
}

}  // namespace riffle::pipeline
