#include "bus/kafka_sink.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/log.h"

namespace riffle::bus {
namespace {

// How long the delivery thread sleeps at most: bounds the destructor.
constexpr int kPollMs = 100;
// A record of that size or more never shares a batch.
constexpr std::size_t kBatchBytes = 1'000'000;
constexpr std::chrono::milliseconds kReplaceDelay{200};  // a producer that keeps failing is replaced five times a second

// "At once", in ms: what one micro-batch sends then shares a request a partition. Without it librdkafka's thread wakes for
// nearly every list and costs an eighth of the process.
constexpr std::string_view kAtOnce = "0.2";
// librdkafka 2.0.2 sends no request of a partition while five of its messages are in flight (it counts messages where its limit
// is one of requests), and as long as others of it wait, its thread polls without a timeout: it took half a core, and all the
// more the less the broker had. So what comes later waits here: after the records of so long and so many bytes, a request's,
// until few of its lane are in flight; but not for long, as a lane whose topic's partitions are not known yet may be for another
// broker than the one that does not answer.
constexpr std::chrono::microseconds kGathering{200};
constexpr std::size_t kGathered = kBatchBytes;
constexpr std::size_t kFewInFlight = 4;
constexpr std::chrono::milliseconds kLongestWait{50};
// While there is no answer the wait for it is doubled, up to this: the broker may be far.
constexpr int kLongestAnswerMs = 1600;
constexpr std::chrono::seconds kAskAgain{1};
constexpr std::chrono::minutes kAskAnew{5};  // it may have got more; as often as Java's clients (metadata.max.age.ms)
// After that long a broker may have forgotten a producer (producer.id.expiration.ms, a day by default).
constexpr std::chrono::minutes kForgotten{1};

Settings settings(const SinkOptions& options) {
  return {
      {"client.id", options.client_id},
      {"enable.idempotence", "true"},
      {"enable.gapless.guarantee", "true"},
      {"acks", "all"},
      {"message.timeout.ms", "0"},  // never gives up by itself
      {"partitioner", "murmur2_random"},
      {"linger.ms", options.linger.count() == 0 ? std::string(kAtOnce) : std::to_string(options.linger.count())},
      {"allow.auto.create.topics", "false"},
      {"statistics.interval.ms", "500"},
      // The limit is the topic's (4 MiB for Riffle's own); librdkafka's default of 1 MB would refuse before it is asked.
      {"message.max.bytes", "8388608"},
      // max_unacknowledged_bytes bounds the queue; these must not bite first.
      {"queue.buffering.max.messages", "10000000"},
      {"queue.buffering.max.kbytes", "2097151"},
      {"batch.size", std::to_string(kBatchBytes)},
      {"retry.backoff.ms", "50"},
      // How long a topic may be unknown before its records are refused: brokers hear of a new one within moments.
      {"topic.metadata.propagation.max.ms", "10000"},
  };
}

// Refused for what it is; sending it again would give the same answer.
bool is_refusal(rd_kafka_resp_err_t code) {
  const absl::StatusCode status = status_code(code);
  return status == absl::StatusCode::kNotFound || status == absl::StatusCode::kPermissionDenied ||
         status == absl::StatusCode::kInvalidArgument;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sink>> KafkaSink::make(const KafkaOptions& kafka, const SinkOptions& options) {
  std::unique_ptr<KafkaSink> sink(new KafkaSink(kafka, options));
  RIFFLE_ASSIGN_OR_RETURN(auto producer, sink->make_producer());
  {
    absl::MutexLock lock(&sink->mutex_);
    sink->producer_ = std::move(producer);
  }
  KafkaSink* raw = sink.get();
  sink->delivery_thread_ = std::thread([raw] { raw->run(); });
  return std::unique_ptr<Sink>(std::move(sink));
}

absl::StatusOr<std::shared_ptr<KafkaHandle>> KafkaSink::make_producer() {
  return KafkaHandle::make(RD_KAFKA_PRODUCER, kafka_, settings(options_), this);
}

KafkaSink::~KafkaSink() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    settled_changed_.SignalAll();
  }
  if (delivery_thread_.joinable()) delivery_thread_.join();
  absl::MutexLock lock(&mutex_);
  if (!producer_) return;
  rd_kafka_purge(producer_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  producer_.reset();
}

absl::StatusOr<std::uint64_t> KafkaSink::send(const OutRecord& record) {
  Outgoing out;
  std::size_t size = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  for (const Header& header : record.headers) size += header.name.size() + header.value.size();
  out.bytes.reserve(size);
  if (record.key) {
    out.bytes.append(*record.key);
    out.key_bytes = static_cast<std::int64_t>(record.key->size());
  }
  if (record.value) {
    out.bytes.append(*record.value);
    out.value_bytes = static_cast<std::int64_t>(record.value->size());
  }
  for (const Header& header : record.headers) {
    out.bytes.append(header.name).append(header.value);
    out.headers.emplace_back(header.name.size(), header.value.size());
  }
  const TimePoint now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  out.timestamp_ms = to_ms(record.timestamp.value_or(now));

  absl::MutexLock lock(&mutex_);
  const std::size_t charge = out.charge();
  // One record larger than the bound goes through alone.
  while (!stopping_ && unacknowledged_bytes_ > 0 && unacknowledged_bytes_ + charge > options_.max_unacknowledged_bytes)
    settled_changed_.Wait(&mutex_);
  if (stopping_) return absl::CancelledError("send: the sink is being closed");
  unacknowledged_bytes_ += charge;
  out.partition = record.partition;
  Lane& lane = lane_of(topic_of(record.topic), out);
  out.lane = &lane;
  records_.push_back(std::move(out));
  lane.waiting.push_back(&records_.back());
  const std::uint64_t ticket = settled_ + records_.size();
  pump(lane);
  advance();
  return ticket;
}

bool KafkaSink::wait_acknowledged(std::uint64_t ticket, Milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  absl::MutexLock lock(&mutex_);
  while (settled_ < ticket) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero() || stopping_) return false;
    settled_changed_.WaitWithTimeout(&mutex_, absl::FromChrono(left));
  }
  return true;
}

std::uint64_t KafkaSink::acknowledged() const {
  absl::MutexLock lock(&mutex_);
  return settled_;
}

std::vector<Refusal> KafkaSink::take_refusals() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(refusals_, {});
}

KafkaSink::Topic& KafkaSink::topic_of(std::string_view name) {
  auto topic = topics_.find(name);
  if (topic == topics_.end()) {
    topic = topics_.try_emplace(std::string(name)).first;
    topic->second.name = topic->first;
  }
  return topic->second;
}

KafkaSink::Lane& KafkaSink::lane_of(Topic& topic, const Outgoing& record) {
  std::optional<Partition> partition = record.partition;
  if (!partition) topic.keyed = true;
  if (!partition && topic.partitions > 0)
    partition = record.key_bytes >= 0 ? murmur2_partition(record.key(), topic.partitions)
                                      : Partition(static_cast<std::int32_t>(topic.keyless++ % static_cast<std::uint32_t>(topic.partitions)));
  Lane& lane = topic.lanes[partition];
  lane.topic = &topic;
  lane.partition = partition;
  return lane;
}

// Asks the brokers how many partitions the topics have whose records keys place.
void KafkaSink::learn_partitions() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Topic*> unknown;
  std::shared_ptr<KafkaHandle> producer;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [name, topic] : topics_)
      if (topic.keyed && now >= topic.ask_at) unknown.push_back(&topic);
    producer = producer_;
  }
  for (Topic* topic : unknown) {
    std::int32_t partitions = 0;
    const rd_kafka_resp_err_t code = producer->ask_partitions(topic->name, answer_ms_, partitions);
    const bool told = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (told) answer_ms_ = kAnswerMs;
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT) answer_ms_ = std::min(2 * answer_ms_, kLongestAnswerMs);
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    topic->ask_at = now + (told ? std::chrono::seconds(kAskAnew) : kAskAgain);
    if (!told || partitions == topic->partitions) continue;
    topic->partitions = partitions;
    queue_anew();
  }
}

// All that librdkafka does not have, in order, where its lanes are others now.
void KafkaSink::queue_anew() {
  for (auto& [name, topic] : topics_)
    for (auto& [partition, lane] : topic.lanes) lane.waiting.clear();
  for (Outgoing& record : records_) {
    if (record.state != State::kQueued) continue;
    record.lane = &lane_of(*record.lane->topic, record);
    record.lane->waiting.push_back(&record);
  }
}

void KafkaSink::pump_all() {
  for (auto& [name, topic] : topics_)
    for (auto& [partition, lane] : topic.lanes) pump(lane);
}

// Gives librdkafka what it does not have yet, in order. A record that must go alone waits for those before it, and those after it
// wait for it.
void KafkaSink::pump(Lane& lane) {
  Topic& topic = *lane.topic;
  while (!replacing_ && !lane.waiting.empty()) {
    Outgoing& record = *lane.waiting.front();
    const SteadyTime now = std::chrono::steady_clock::now();
    if (waits_to_be_met(lane, now) || waits_for_deliveries(lane, now)) return;
    if ((record.alone || lane.last_alone) && lane.in_flight > 0) return;
    const rd_kafka_resp_err_t code = produce(record);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      record.state = State::kInFlight;
      ++lane.in_flight;
      ++topic.in_flight;
      lane.gathered_bytes += record.bytes.size();
    } else if (is_misplaced(record, code)) {
      return place_again(topic);
    } else if (is_refusal(code)) {
      refuse(record, code);
    } else {
      return;  // its queue is full, or it is beyond repair: the delivery thread goes on
    }
    lane.last_alone = record.alone;
    lane.waiting.pop_front();
  }
}

// The topic has fewer partitions than it had: it was made anew.
bool KafkaSink::is_misplaced(const Outgoing& record, rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && !record.partition && record.lane->partition;
}

void KafkaSink::place_again(Topic& topic) {
  topic.partitions = 0;
  topic.ask_at = {};
  queue_anew();
}

// A broker takes any sequence number as the first of a producer that its partition does not know, and librdkafka takes the
// success of a batch for that of those before it. Where the first batch fails for a moment, as on a topic just made, and the
// second, in flight behind it, does not, the first would be lost and reported as delivered (librdkafka 2.0.2, Kafka 4.3). So
// the first record goes alone until it is acknowledged; so does each one that librdkafka places.
bool KafkaSink::waits_to_be_met(const Lane& lane, SteadyTime now) {
  const Topic& topic = *lane.topic;
  if (!lane.partition) return topic.in_flight > 0;
  if (lane.acknowledged_at && now < *lane.acknowledged_at + kForgotten) return false;
  const auto unplaced = topic.lanes.find(std::nullopt);
  return lane.in_flight > 0 || (unplaced != topic.lanes.end() && unplaced->second.in_flight > 0);
}

// What is sent together goes together: gathering begins anew with each record that meets few in flight.
bool KafkaSink::waits_for_deliveries(Lane& lane, SteadyTime now) {
  if (lane.in_flight < kFewInFlight || now > lane.gathers_until + kLongestWait) {
    lane.gathers_until = now + std::max<std::chrono::microseconds>(kGathering, options_.linger / 2);
    lane.gathered_bytes = 0;
  }
  return now > lane.gathers_until || lane.gathered_bytes >= kGathered;
}

rd_kafka_resp_err_t KafkaSink::produce(Outgoing& record) {
  record.generation = generation_;
  const char* at = record.bytes.data();
  // Owned here until the delivery report: librdkafka does not copy the value.
  rd_kafka_vu_t fields[7];
  std::size_t n = 0;
  fields[n].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[n++].u.cstr = record.lane->topic->name.c_str();
  fields[n].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[n++].u.i32 = record.lane->partition ? record.lane->partition->value() : RD_KAFKA_PARTITION_UA;
  fields[n].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[n++].u.i64 = record.timestamp_ms;
  fields[n].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[n++].u.ptr = &record;
  if (record.key_bytes >= 0) {
    fields[n].vtype = RD_KAFKA_VTYPE_KEY;
    fields[n].u.mem.ptr = const_cast<char*>(at);
    fields[n++].u.mem.size = static_cast<std::size_t>(record.key_bytes);
    at += record.key_bytes;
  }
  if (record.value_bytes >= 0) {
    fields[n].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[n].u.mem.ptr = const_cast<char*>(at);
    fields[n++].u.mem.size = static_cast<std::size_t>(record.value_bytes);
    at += record.value_bytes;
  }
  rd_kafka_headers_t* headers = nullptr;
  if (!record.headers.empty()) {
    headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, at, static_cast<ssize_t>(name), at + name, static_cast<ssize_t>(value));
      at += name + value;
    }
    fields[n].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[n++].u.headers = headers;
  }
  rd_kafka_error_t* error = rd_kafka_produceva(producer_->get(), fields, n);
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  if (headers != nullptr) rd_kafka_headers_destroy(headers);  // it takes them only when it succeeds
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

void KafkaSink::on_error(rd_kafka_resp_err_t code, const std::string& message) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) beyond_repair_ = true;
  if (means_disconnected(code)) set_connected(false);
  log::warn("Kafka producer {}: {} ({})", options_.client_id, message, rd_kafka_err2name(code));
}

void KafkaSink::on_delivery(const rd_kafka_message_t& message) {
  deliveries_.push_back({static_cast<Outgoing*>(message._private), message.err});
}

void KafkaSink::settle_deliveries() {
  for (const Delivery& delivery : deliveries_) settle(*delivery.record, delivery.code);
  deliveries_.clear();
  advance();
}

void KafkaSink::settle(Outgoing& record, rd_kafka_resp_err_t code) {
  RIFFLE_CHECK(record.state == State::kInFlight && record.generation == generation_, record.lane->topic->name, record.generation,
               generation_);
  --record.lane->in_flight;
  --record.lane->topic->in_flight;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    set_connected(true);
    record.lane->acknowledged_at = std::chrono::steady_clock::now();
    finish(record);
    return;
  }
  if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && !record.alone && record.bytes.size() < kBatchBytes) {
    record.alone = true;
    record.state = State::kQueued;
    beyond_repair_ = true;
    return;
  }
  const bool misplaced = is_misplaced(record, code);
  if (is_refusal(code) && !misplaced) {
    refuse(record, code);
    return;
  }
  // Not its fault: it goes again with the next producer, together with all that comes after it.
  record.state = State::kQueued;
  beyond_repair_ = true;
  if (misplaced) place_again(*record.lane->topic);
}

void KafkaSink::refuse(Outgoing& record, rd_kafka_resp_err_t code) {
  refusals_.push_back({record.lane->topic->name, std::string(record.key()), record.bytes.size(),
                       producer_->error(absl::StrCat("write to ", record.lane->topic->name), code)});
  finish(record);
}

void KafkaSink::finish(Outgoing& record) {
  unacknowledged_bytes_ -= record.charge();
  record.state = State::kSettled;
  record.bytes = std::string();
}

void KafkaSink::advance() {
  const std::uint64_t before = settled_;
  while (!records_.empty() && records_.front().state == State::kSettled) {
    records_.pop_front();
    ++settled_;
  }
  if (settled_ != before || unacknowledged_bytes_ == 0) settled_changed_.SignalAll();
}

void KafkaSink::run() {
  for (;;) {
    std::shared_ptr<KafkaHandle> producer;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      producer = producer_;
    }
    rd_kafka_poll(producer->get(), kPollMs);
    {
      absl::MutexLock lock(&mutex_);
      if (!deliveries_.empty()) settle_deliveries();
      if (!beyond_repair_) pump_all();
      advance();
    }
    if (!beyond_repair_) learn_partitions();
    if (beyond_repair_) {
      producer.reset();
      replace_producer();
    }
  }
}

void KafkaSink::replace_producer() {
  std::shared_ptr<KafkaHandle> old;
  {
    absl::MutexLock lock(&mutex_);
    replacing_ = true;  // send() only queues meanwhile
    old = producer_;
  }
  set_connected(false);
  // Every record that the old producer has must be given back before its bytes may be given to another one.
  rd_kafka_purge(old->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      settle_deliveries();
      const bool some = std::any_of(topics_.begin(), topics_.end(), [](const auto& topic) { return topic.second.in_flight > 0; });
      if (!some || stopping_) break;
    }
    rd_kafka_poll(old->get(), kPollMs);
  }
  for (;;) {
    // What broke this one may break the next at once (a missing right): no faster than kReplaceDelay.
    const auto wait = replaced_at_ + kReplaceDelay - std::chrono::steady_clock::now();
    replaced_at_ = std::chrono::steady_clock::now() + std::max(wait, wait.zero());
    {
      absl::MutexLock lock(&mutex_);
      const auto stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; };
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopped), absl::FromChrono(std::max(wait, wait.zero())))) return;
    }
    auto fresh = make_producer();
    absl::MutexLock lock(&mutex_);
    if (fresh.ok()) {
      producer_ = *std::move(fresh);
      break;
    }
    log::error("Kafka producer {}: no new one, tried again: {}", options_.client_id, std::string(fresh.status().message()));
  }
  old.reset();
  beyond_repair_ = false;
  absl::MutexLock lock(&mutex_);
  log::warn("Kafka producer {}: replaced; {} records are sent again", options_.client_id, records_.size());
  ++generation_;
  for (auto& [name, topic] : topics_) {
    for (auto& [partition, lane] : topic.lanes) {
      lane.last_alone = false;
      lane.acknowledged_at.reset();
    }
  }
  queue_anew();
  replacing_ = false;
  pump_all();
  advance();
}

}  // namespace riffle::bus
