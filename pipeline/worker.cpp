#include "pipeline/worker.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/log.h"
#include "pipeline/bus_input_log.h"
#include "pipeline/encoder_learner.h"
#include "pipeline/outcome_learner.h"

namespace riffle::pipeline {
namespace {

// Of an encoder's poll: a tenth of a second of training.
constexpr std::size_t kEncoderRecords = 64;

}  // namespace

std::string bus_away(const absl::Status& trouble) {
  const std::string away = "the bus cannot be reached";
  return trouble.ok() ? away : absl::StrCat(away, ": ", std::string(trouble.message()));
}

Worker::Worker(bus::Bus& bus, WorkerSetup setup, const Clock& clock, Metrics& metrics)
    : bus_(bus),
      setup_(std::move(setup)),
      clock_(clock),
      metrics_(metrics),
      events_waiting_(metrics.gauge("riffle_consumer_lag", "Events handed over by the bus that wait to be applied")),
      shards_owned_(metrics.gauge("riffle_shards_owned", "Shards that this worker runs")),
      connected_(metrics.gauge("riffle_bus_connected", "1 while the bus can be reached")) {}

absl::StatusOr<std::unique_ptr<Worker>> Worker::start(bus::Bus& bus, WorkerSetup setup, const Clock& clock,
                                                      Metrics& metrics) {
  std::unique_ptr<Worker> worker(new Worker(bus, std::move(setup), clock, metrics));
  RIFFLE_RETURN_IF_ERROR(worker->begin());
  return worker;
}

Worker::~Worker() { stop(Milliseconds(0)); }

absl::StatusOr<std::int32_t> Worker::partitions() const {
  const bus::TopicNames& topics = setup_.shard.topics;
  std::int32_t count = 0;
  for (const std::string* topic : {&topics.events, &topics.requests, &topics.users}) {
    RIFFLE_ASSIGN_OR_RETURN(const auto info, bus_.describe(*topic));
    if (!info) {
      return fatal_error(absl::StatusCode::kNotFound,
                         absl::StrCat("topic ", *topic, " does not exist; make it with `riffle topics create`"));
    }
    if (count == 0) count = info->partitions;
    if (info->partitions != count) {
      return fatal_error(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat("topic ", *topic, " has ", info->partitions, " partitions and ", topics.events, " has ",
                                      count, ": a user's requests would land where his history is not. Give events, "
                                      "requests and users the same number"));
    }
  }
  for (const std::string* topic : {&topics.recommendations, &topics.dead_letters, &topics.outcomes, &topics.epochs}) {
    RIFFLE_ASSIGN_OR_RETURN(const auto info, bus_.describe(*topic));
    if (!info) {
      return fatal_error(absl::StatusCode::kNotFound,
                         absl::StrCat("topic ", *topic, " does not exist; make it with `riffle topics create`"));
    }
  }
  return count;
}

absl::Status Worker::begin() {
  RIFFLE_ASSIGN_OR_RETURN(const std::int32_t count, partitions());
  RIFFLE_ASSIGN_OR_RETURN(const std::string cluster, bus_.cluster_id());
  // A list leaves at once; what only the machine reads may gather for a moment.
  RIFFLE_ASSIGN_OR_RETURN(lists_, bus_.make_sink({.linger = Milliseconds(0)}));
  RIFFLE_ASSIGN_OR_RETURN(outputs_, bus_.make_sink({.linger = Milliseconds(20)}));

  WorldFeed::Options feed;
  feed.topics = setup_.shard.topics;
  feed.admission = setup_.shard.admission;
  feed.rows = setup_.shard.rows;
  feed.learner = setup_.learner;
  feed.policies = setup_.shard.policies;
  feed.group = setup_.worker.group + ".items";
  RIFFLE_ASSIGN_OR_RETURN(feed_, WorldFeed::start(bus_, outputs_.get(), std::move(feed), metrics_));

  opener_ = std::make_unique<ShardOpener>(ShardOpener::Setup{&bus_, lists_.get(), &setup_.shard, setup_.worker, &clock_,
                                                             &metrics_, count, cluster});
  writer_ = std::make_unique<EpochWriter>(outputs_.get(), lists_.get(), setup_.shard.topics, setup_.shard.state.fsync,
                                          [this](Statistics own) { feed_->take(std::move(own)); }, metrics_);

  RIFFLE_ASSIGN_OR_RETURN(auto events, bus_.make_source({.group = setup_.worker.group, .group_member = true}));
  RIFFLE_ASSIGN_OR_RETURN(auto requests, bus_.make_source({.group = requests_group(setup_.worker.group)}));
  const auto failure = [this](absl::Status status) { fail(status); };
  events_ = std::make_unique<Pump>(
      "events", std::move(events), [this](bus::Batch b) { dispatch(std::move(b), events_assignment_); }, failure);
  requests_ = std::make_unique<Pump>(
      "requests", std::move(requests), [this](bus::Batch b) { dispatch(std::move(b), requests_assignment_); }, failure);

  ApplyThread::Environment environment;
  environment.clock = &clock_;
  environment.world = &feed_->world();
  environment.writer = writer_.get();
  environment.epoch = setup_.epoch;
  environment.worker = setup_.worker;
  environment.metrics = &metrics_;
  environment.topics = &setup_.shard.topics;
  environment.seed = setup_.seed;
  environment.world_ready = [this] { return feed_->ready(); };
  environment.connected = [this] { return events_->connected(); };
  const auto pump_of = [this](Input input) -> Pump& { return input == Input::kEvents ? *events_ : *requests_; };
  environment.resume = [this, pump_of](Partition shard, Input input) {
    const std::string topic = BusInputLog(bus_, setup_.shard.topics).topic(input);
    pump_of(input).post([topic, shard](bus::Source& source) {
      // It may have been given away meanwhile: then there is nothing to resume.
      (void)source.resume({{topic, shard}});
    });
  };
  environment.on_committed = [this](Partition, std::vector<bus::Position> positions) {
    std::vector<bus::Position> of_events, of_requests;
    for (auto& position : positions) {
      (position.where.topic == setup_.shard.topics.events ? of_events : of_requests).push_back(std::move(position));
    }
    // For lag monitors and to recognise lost state; the store is what counts, so a failure costs nothing.
    if (!of_events.empty()) events_->post([of_events](bus::Source& source) { (void)source.commit(of_events); });
    if (!of_requests.empty()) requests_->post([of_requests](bus::Source& source) { (void)source.commit(of_requests); });
  };
  environment.on_failed = [this](Partition shard, absl::Status status) { shard_failed(shard, status); };
  for (std::size_t i = 0; i < setup_.worker.apply_threads; ++i) {
    apply_.push_back(std::make_unique<ApplyThread>(environment));
  }

  if (setup_.worker.learner) RIFFLE_RETURN_IF_ERROR(make_learners());
  events_->post([this](bus::Source& source) {
    if (const absl::Status status = source.subscribe({setup_.shard.topics.events}, this); !status.ok()) fail(status);
  });
  requests_->start();
  events_->start();
  return absl::OkStatus();
}

absl::Status Worker::make_learners() {
  const bus::TopicNames& topics = setup_.shard.topics;
  LearnerLoop::Options options{.name = "learner", .policy_topic = topics.policy, .ready = {}};
  const auto of_outcomes = [this, &topics] {
    return OutcomeLearner::create(topics.outcomes, setup_.shard.policies, setup_.learner, metrics_);
  };
  RIFFLE_ASSIGN_OR_RETURN(auto policies, LearnerLoop::create(bus_, options, of_outcomes, clock_, metrics_));
  learners_.push_back(std::move(policies));
  if (!setup_.learner.sequence.runs()) return absl::OkStatus();

  options.name = "encoder";
  options.records_a_poll = kEncoderRecords;
  options.ready = [this] { return feed_->ready(); };  // what is learned of an item's category stays
  const EncoderLearner::Setup setup{topics.events, setup_.shard.admission, setup_.shard.rows, setup_.learner, &feed_->world()};
  const auto of_events = [this, setup] { return EncoderLearner::create(setup, metrics_); };
  RIFFLE_ASSIGN_OR_RETURN(auto encoder, LearnerLoop::create(bus_, options, of_events, clock_, metrics_));
  learners_.push_back(std::move(encoder));
  return absl::OkStatus();
}

// ---- records --------------------------------------------------------------------------------------------------------

void Worker::dispatch(bus::Batch batch, std::uint64_t assignment) {
  const bus::TopicNames& topics = setup_.shard.topics;
  const auto input_of = [&](std::string_view topic) {
    return topic == topics.events ? Input::kEvents : topic == topics.requests ? Input::kRequests : Input::kUsers;
  };
  std::map<std::pair<Input, Partition>, std::vector<bus::Record>> parts;
  for (bus::Record& record : batch.records) {
    parts[{input_of(record.topic), record.partition}].push_back(std::move(record));
  }
  for (auto& [where, records] : parts) {
    const auto [input, shard] = where;
    const std::string topic(records.front().topic);
    if (thread_of(shard).deliver(shard, input, assignment, std::move(records), batch.memory)) {
      (input == Input::kEvents ? *events_ : *requests_).post([topic, shard = shard](bus::Source& source) {
        (void)source.pause({{topic, shard}});  // given away meanwhile: nothing to pause
      });
    }
  }
  for (const bus::TopicPartition& end : batch.ends)
    thread_of(end.partition).reached_end(end.partition, input_of(end.topic), assignment);
  for (const bus::PartitionError& error : batch.errors) {
    const Partition shard = error.where.partition;
    const absl::Status status =
        annotate(error.status, absl::StrCat(error.where.topic, "/", shard.value()));
    log::error("shard {} stops: {}", shard.value(), status.ToString());
    shard_failed(shard, status);
    thread_of(shard).close(shard, true, [] {});
  }
}

void Worker::shard_failed(Partition shard, const absl::Status& status) {
  log::error("shard {}: {}", shard.value(), status.ToString());
  absl::MutexLock lock(&mutex_);
  failed_.try_emplace(shard, status);
  running_.erase(shard);
  shards_owned_.Set(static_cast<double>(running_.size()));
}

void Worker::fail(const absl::Status& status) {
  log::error("{}", status.ToString());
  absl::MutexLock lock(&mutex_);
  if (status_.ok()) status_ = status;
}

// ---- how it is doing ------------------------------------------------------------------------------------------------

absl::Status Worker::status() const {
  {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    if (!failed_.empty()) return failed_.begin()->second;
  }
  if (feed_ && !feed_->status().ok()) return feed_->status();
  for (const auto& learner : learners_) RIFFLE_RETURN_IF_ERROR(learner->status());
  return absl::OkStatus();
}

absl::Status Worker::thread_failure() const {
  {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
  }
  return feed_ ? feed_->status() : absl::OkStatus();
}

absl::Status Worker::shards_failure() const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [shard, status] : failed_)
    if (absl::IsResourceExhausted(status)) return status;
  return !failed_.empty() && running_.empty() && opening_.empty() ? failed_.begin()->second : absl::OkStatus();
}

std::string Worker::not_ready_because() const {
  if (const absl::Status bad = status(); !bad.ok()) return bad.ToString();
  if (!events_->connected()) return bus_away(events_->trouble());
  {
    absl::MutexLock lock(&mutex_);
    if (assignment_ == 0) return "no shards are assigned yet";
    if (!opening_.empty()) return absl::StrCat(opening_.size(), " shards are being restored");
    if (!closing_.empty()) return "shards are being given back";
  }
  // Last: whose item statistics there are to read is known when the shards are open.
  if (!feed_->ready()) return "items, item statistics and policies are still being read";
  return "";
}

bool Worker::ready() const { return not_ready_because().empty(); }

void Worker::refresh_metrics() {
  std::size_t waiting = 0;
  for (const auto& thread : apply_) waiting += thread->waiting();
  events_waiting_.Set(static_cast<double>(waiting));
  connected_.Set(events_->connected() ? 1 : 0);
}

bool Worker::stop(Milliseconds most) {
  if (std::exchange(stopped_, true)) return true;
  bool all = true;
  if (requests_ && events_) {
    struct Left {
      absl::Mutex mutex;
      std::set<Partition> shards ABSL_GUARDED_BY(mutex);
    };
    const auto left = std::make_shared<Left>();
    std::set<Partition> shards;
    {
      absl::MutexLock lock(&mutex_);
      ++assignment_;
      for (const auto& [shard, positions] : running_) shards.insert(shard);
      for (const Partition shard : opening_) shards.insert(shard);
    }
    {
      absl::MutexLock lock(&left->mutex);
      left->shards = shards;
    }
    for (const Partition shard : shards) {
      thread_of(shard).close(shard, true, [left, shard] {
        absl::MutexLock lock(&left->mutex);
        left->shards.erase(shard);
      });
    }
    {
      absl::MutexLock lock(&left->mutex);
      const auto none = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(left->mutex) { return left->shards.empty(); };
      all = left->mutex.AwaitWithTimeout(absl::Condition(&none), absl::Milliseconds(most.count()));
    }
    // After the shards: the group hears of their last commits, too.
    requests_->stop();
    events_->stop();
  }
  for (const auto& learner : learners_) learner->end(true, [] {});  // together: each may wait for the bus
  learners_.clear();
  if (writer_) writer_->cancel();
  writer_.reset();
  apply_.clear();
  events_.reset();
  requests_.reset();
  feed_.reset();
  return all;
}

}  // namespace riffle::pipeline
