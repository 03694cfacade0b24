#include "bus/kafka_sink.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/errors.h"
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
