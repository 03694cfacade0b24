#include "pipeline/learner_loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/kill_point.h"
#include "base/log.h"
#include "base/thread_priority.h"
#include "records/candidate_table.h"
#include "records/proto_codec.h"

namespace riffle::pipeline {
namespace {

// How long the end waits for a bus that is slow to take the last version; what it does not take is learned again.
constexpr Milliseconds kLastVersion{2000};
constexpr absl::Duration kBeginAgain = absl::Milliseconds(500);

}  // namespace

LearnerLoop::LearnerLoop(bus::Bus& bus, Options options, const Clock& clock, Metrics& metrics)
    : bus_(bus),
      options_(std::move(options)),
      clock_(clock),
      metrics_(metrics),
      lost_(metrics.counter("riffle_learner_lost_total", "Times that outcomes had left the log before they were learned")),
      lag_seconds_(metrics.gauge("riffle_learner_lag_seconds", "Age of the last outcome learned when it was read")),
      running_(metrics.gauge("riffle_learner_running", "1 while this worker learns for its group")) {}

absl::StatusOr<std::unique_ptr<LearnerLoop>> LearnerLoop::create(bus::Bus& bus, Options options, const Clock& clock,
                                                                 Metrics& metrics) {
  std::unique_ptr<LearnerLoop> loop(new LearnerLoop(bus, std::move(options), clock, metrics));
  RIFFLE_RETURN_IF_ERROR(loop->make_learner().status());
  return loop;
}

absl::StatusOr<std::unique_ptr<learner::Learner>> LearnerLoop::make_learner() const {
  std::vector<learner::LearnedPolicy> policies;
  for (const serving::PolicyOptions& policy : options_.policies) policies.push_back(serving::learned_policy(policy));
  return learner::Learner::create(policies, options_.learner, metrics_);
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

void LearnerLoop::run() {
  give_way();
  absl::Status status = boot();
  while (error_class(status) == ErrorClass::kRetriable && absl::IsUnavailable(status)) {
    log::warn("the learner cannot begin yet: {}", status.ToString());
    {
      absl::MutexLock lock(&mutex_);
      const auto ending = [&] { return ending_.load(); };
      if (mutex_.AwaitWithTimeout(absl::Condition(&ending), kBeginAgain)) break;
    }
    status = boot();
  }
  if (status.ok() && learner_->learns()) {
    log::info("this worker learns for its group");
    running_.Set(1);
    status = learn_until_ended();
  }
  if (sink_) sink_->wait_acknowledged(last_ticket_, kLastVersion);
  running_.Set(0);
  std::vector<std::function<void()>> ended;
  {
    absl::MutexLock lock(&mutex_);
    if (!status.ok() && !ending_) {
      log::error("the learner has stopped, lists go on with the last version: {}", status.ToString());
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
  RIFFLE_ASSIGN_OR_RETURN(learner_, make_learner());
  if (!learner_->learns()) return absl::OkStatus();
  learner::PolicyLog log;
  RIFFLE_RETURN_IF_ERROR(read_policies(log));
  if (const absl::Status status = learner_->boot(log); !status.ok()) log::warn("learner: {}", status.ToString());
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus_.describe(options_.topics.outcomes));
  if (!info) {
    return fatal_error(absl::StatusCode::kNotFound, absl::StrCat("topic ", options_.topics.outcomes,
                                                                 " does not exist; make it with `riffle topics create`"));
  }
  partitions_ = info->partitions;
  lost_until_.clear();
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
  RIFFLE_RETURN_IF_ERROR(source->assign({{{options_.topics.policy, Partition(0)}, bus::kEarliest}}));
  while (!ending_) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, source->poll(1000, std::chrono::milliseconds(100)));
    for (const bus::PartitionError& error : batch.errors) return error.status;
    for (const bus::Record& record : batch.records) {
      if (!record.key) continue;
      if (const absl::Status status = log.apply(*record.key, record.value); !status.ok()) {
        log::warn("learner: {}", status.ToString());
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
    positions.push_back({{options_.topics.outcomes, shard}, from});
  }
  return reading_->assign(positions);
}

absl::Status LearnerLoop::learn_until_ended() {
  while (!ending_) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, reading_->poll(2000, std::chrono::milliseconds(50)));
    for (const bus::Record& record : batch.records) learn(record);
    for (const bus::PartitionError& error : batch.errors) {
      if (!absl::IsOutOfRange(error.status)) return error.status;
      // What was not learned in time is gone; learning nothing any more would be worse.
      RIFFLE_ASSIGN_OR_RETURN(const auto marks, reading_->watermarks(error.where));
      lost_.Increment();
      log::error("learner: outcomes of {}/{} have left the log before they were learned; going on at offset {}. Lengthen "
                 "the topic's retention",
                 error.where.topic, error.where.partition.value(), marks.low.value());
      lost_until_[error.where.partition] = marks.low;
      RIFFLE_RETURN_IF_ERROR(assign());
    }
    RIFFLE_RETURN_IF_ERROR(publish(false));
  }
  return last_version_ ? publish(true) : absl::OkStatus();
}

void LearnerLoop::learn(const bus::Record& record) {
  const auto read = [&](std::string_view bytes) {
    return pb::decode(bytes, outcome_).ok() &&
           (learner_->reads_candidates() ? records::spread_candidates(outcome_) : records::spread_slots(outcome_)).ok();
  };
  if (!record.value || !read(*record.value)) {
    log::warn("learner: {}/{}/{} is not an outcome: left out", record.topic, record.partition.value(),
              record.offset.value());
    return;
  }
  learner_->on_outcome(outcome_, record.partition, record.offset);
  lag_seconds_.Set(static_cast<double>((clock_.now() - record.timestamp).count()) / 1000);
}

absl::Status LearnerLoop::publish(bool at_once) {
  for (const learner::PolicyRecord& record : learner_->publish(clock_.now(), at_once)) {
    bus::OutRecord out;
    out.topic = options_.topics.policy;
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
