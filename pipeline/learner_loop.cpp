#include "pipeline/learner_loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/kill_point.h"
#include "base/log.h"
#include "base/thread_priority.h"
#include "records/proto_codec.h"

namespace riffle::pipeline {
namespace {

// How long the end waits for a bus that is slow to take the last version; what it does not take is learned again.
constexpr Milliseconds kLastVersion{2000};

}  // namespace

LearnerLoop::LearnerLoop(Options options, const Clock& clock, Metrics& metrics)
    : options_(std::move(options)),
      clock_(clock),
      lost_(metrics.counter("riffle_learner_lost_total", "Times that outcomes had left the log before they were learned")),
      lag_seconds_(metrics.gauge("riffle_learner_lag_seconds", "Age of the last outcome learned when it was read")) {}

absl::StatusOr<std::unique_ptr<LearnerLoop>> LearnerLoop::start(bus::Bus& bus, Options options, const Clock& clock,
                                                                Metrics& metrics) {
  std::vector<std::pair<PolicyId, std::string>> policies;
  for (const serving::PolicyOptions& policy : options.policies) policies.emplace_back(policy.id, policy.scorer);
  std::unique_ptr<LearnerLoop> loop(new LearnerLoop(std::move(options), clock, metrics));
  RIFFLE_ASSIGN_OR_RETURN(loop->learner_, learner::Learner::create(policies, loop->options_.learner, metrics));
  if (!loop->learner_->learns()) return loop;  // every policy is the same for ever
  RIFFLE_RETURN_IF_ERROR(loop->boot(bus));
  loop->thread_ = std::thread([raw = loop.get()] { raw->run(); });
  return loop;
}

LearnerLoop::~LearnerLoop() {
  stopping_ = true;
  if (source_) source_->wake();
  if (thread_.joinable()) thread_.join();
}

absl::Status LearnerLoop::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

absl::Status LearnerLoop::boot(bus::Bus& bus) {
  learner::PolicyLog log;
  RIFFLE_RETURN_IF_ERROR(read_policies(bus, log));
  if (const absl::Status status = learner_->boot(log); !status.ok()) log::warn("learner: {}", status.ToString());
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(options_.topics.outcomes));
  if (!info) {
    return fatal_error(absl::StatusCode::kNotFound, absl::StrCat("topic ", options_.topics.outcomes,
                                                                 " does not exist; make it with `riffle topics create`"));
  }
  partitions_ = info->partitions;
  RIFFLE_ASSIGN_OR_RETURN(source_, bus.make_source({}));
  RIFFLE_ASSIGN_OR_RETURN(sink_, bus.make_sink({.linger = Milliseconds(0)}));
  return assign();
}

absl::Status LearnerLoop::read_policies(bus::Bus& bus, learner::PolicyLog& log) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, bus.make_source({}));
  RIFFLE_RETURN_IF_ERROR(source->assign({{{options_.topics.policy, Partition(0)}, bus::kEarliest}}));
  while (!stopping_) {
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
  return source_->assign(positions);
}

void LearnerLoop::run() {
  give_way();
  absl::Status status;
  while (!stopping_ && status.ok()) {
    auto batch = source_->poll(2000, std::chrono::milliseconds(50));
    if (!batch.ok()) {
      status = batch.status();
      break;
    }
    for (const bus::Record& record : batch->records) learn(record);
    for (const bus::PartitionError& error : batch->errors) {
      if (!absl::IsOutOfRange(error.status)) {
        status = error.status;
        continue;
      }
      // What was not learned in time is gone; learning nothing any more would be worse.
      const auto marks = source_->watermarks(error.where);
      if (!marks.ok()) {
        status = marks.status();
        continue;
      }
      lost_.Increment();
      log::error("learner: outcomes of {}/{} have left the log before they were learned; going on at offset {}. Lengthen "
                 "the topic's retention",
                 error.where.topic, error.where.partition.value(), marks->low.value());
      lost_until_[error.where.partition] = marks->low;
      status = assign();
    }
    if (status.ok()) status = publish(false);
  }
  if (status.ok()) status = publish(true);
  sink_->wait_acknowledged(last_ticket_, kLastVersion);
  if (status.ok()) return;
  log::error("the learner has stopped, lists go on with the last version: {}", status.ToString());
  absl::MutexLock lock(&mutex_);
  status_ = status;
}

void LearnerLoop::learn(const bus::Record& record) {
  pb::Outcome outcome;
  if (!record.value || !pb::decode(*record.value, outcome).ok()) {
    log::warn("learner: {}/{}/{} is not an outcome: left out", record.topic, record.partition.value(),
              record.offset.value());
    return;
  }
  learner_->on_outcome(outcome, record.partition, record.offset);
  lag_seconds_.Set(static_cast<double>((clock_.now() - record.timestamp).count()) / 1000);
  ++learned_;
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
