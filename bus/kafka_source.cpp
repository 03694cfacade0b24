#include "bus/kafka_source.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/log.h"

namespace riffle::bus {
namespace {

Settings settings(const SourceOptions& options) {
  return {
      // librdkafka wants a group even where none is used.
      {"group.id", options.group.empty() ? "riffle-no-group" : options.group},
      {"client.id", options.client_id},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", "true"},
      {"partition.assignment.strategy", "range"},  // cooperative-sticky loses assignments in 2.0.2
      {"allow.auto.create.topics", "false"},
      {"statistics.interval.ms", "500"},           // how soon connected() knows that a broker is back
      // The broker answers a fetch at once when there is a record. This bounds only how long a partition that was just
      // assigned or resumed waits behind a fetch that was sent without it; lower costs idle requests.
      {"fetch.wait.max.ms", "100"},
      // Also how long a partition rests after its queue was full: long rests leave the reader idle.
      {"fetch.error.backoff.ms", "20"},
      // What is prefetched per partition: 16 MiB is more than half a second of reading, and bounds the memory.
      {"queued.max.messages.kbytes", "16384"},
      {"queued.min.messages", "100000"},
      // How long an unknown topic may be one that the brokers have not heard of yet.
      {"topic.metadata.propagation.max.ms", "3000"},
  };
}

// Errors of a partition that will not go away by themselves.
bool stops_a_partition(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

// What passes by itself, however well the broker is: a topic that was just made has a leader a moment before that broker knows of it; a group's
// coordinator that has just become it reads its offsets first.
bool passes(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR || code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

// Asks again as long as the answer is such a one, for `timeout_ms` at most.
template <class Call>
rd_kafka_resp_err_t ask_until_it_passes(int timeout_ms, const Call& call) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    const rd_kafka_resp_err_t code = call();
    if (!passes(code) || std::chrono::steady_clock::now() >= until) return code;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

// Keeps the messages, and the handle that they belong to, as long as a batch lives.
class KafkaSource::Messages {
 public:
  explicit Messages(std::shared_ptr<KafkaHandle> handle) : handle_(std::move(handle)) {}
  ~Messages() {
    for (rd_kafka_message_t* message : messages_) rd_kafka_message_destroy(message);
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  void add(rd_kafka_message_t* message) { messages_.push_back(message); }

 private:
  const std::shared_ptr<KafkaHandle> handle_;
  std::vector<rd_kafka_message_t*> messages_;
};

absl::StatusOr<std::unique_ptr<Source>> KafkaSource::make(const KafkaOptions& kafka, const SourceOptions& options) {
  std::unique_ptr<KafkaSource> source(new KafkaSource(options));
  RIFFLE_ASSIGN_OR_RETURN(source->handle_, KafkaHandle::make(RD_KAFKA_CONSUMER, kafka, settings(options), source.get()));
  rd_kafka_poll_set_consumer(source->handle_->get());
  source->queue_ = rd_kafka_queue_get_consumer(source->handle_->get());
  return std::unique_ptr<Source>(std::move(source));
}

KafkaSource::~KafkaSource() {
  if (!handle_) return;
  closing_ = true;
  // Closing waits for an assignment to be answered; it is taken back, never started.
  if (awaits_start_ || awaits_release_) rd_kafka_assign(handle_->get(), nullptr);
  rd_kafka_consumer_close(handle_->get());
  rd_kafka_queue_destroy(queue_);
}

absl::StatusOr<Batch> KafkaSource::poll(std::size_t max_records, Milliseconds wait) {
  Batch batch;
  auto memory = std::make_shared<Messages>(handle_);
  rebalanced_ = false;
  const auto until = std::chrono::steady_clock::now() + wait;
  const auto something = [&] {
    return rebalanced_ || !batch.records.empty() || !batch.ends.empty() || !errors_.empty() || !fatal_.ok();
  };
  int wait_ms = static_cast<int>(wait.count());
  while (batch.records.size() < max_records) {
    if (woken_.exchange(false)) wait_ms = 0;
    rd_kafka_message_t* message = rd_kafka_consumer_poll(handle_->get(), something() ? 0 : wait_ms);
    if (message != nullptr) {
      take(message, batch, *memory);
      continue;
    }
    if (something() || wait_ms == 0) break;
    if (woken_.exchange(false)) break;
    // It returns early for callbacks that were served: wait for the rest of the time.
    const auto left = std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    wait_ms = static_cast<int>(left.count());
  }
  if (!fatal_.ok()) return fatal_;
  batch.errors = std::exchange(errors_, {});
  batch.memory = std::move(memory);
  return batch;
}

void KafkaSource::take(rd_kafka_message_t* message, Batch& batch, Messages& memory) {
  memory.add(message);
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_error(*message, batch);
    return;
  }
  const std::string_view topic = rd_kafka_topic_name(message->rkt);
  if (!failed_.empty() && failed_.contains({std::string(topic), Partition(message->partition)})) return;
  Record& record = batch.records.emplace_back();
  record.topic = topic;
  record.partition = Partition(message->partition);
  record.offset = Offset(message->offset);
  rd_kafka_timestamp_type_t type;
  record.timestamp = from_ms(rd_kafka_message_timestamp(message, &type));
  if (message->key != nullptr) record.key.emplace(static_cast<const char*>(message->key), message->key_len);
  if (message->payload != nullptr) record.value.emplace(static_cast<const char*>(message->payload), message->len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name;
    const void* value;
    std::size_t size;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      record.headers.push_back({name, {static_cast<const char*>(value), size}});
  }
  if (!connected()) set_connected(true);
}

void KafkaSource::take_error(const rd_kafka_message_t& message, Batch& batch) {
  const TopicPartition where{message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "", Partition(message.partition)};
  const std::string detail = rd_kafka_message_errstr(&message);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      set_connected(true);
      batch.ends.push_back(where);
      return;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__FATAL:
      fatal_ = handle_->error(absl::StrCat("group ", options_.group), message.err, detail);
      return;
    default:
      if (stops_a_partition(message.err)) {
        fail(where, message.err, detail);
      } else {
        on_error(message.err, detail);
      }
  }
}

void KafkaSource::fail(const TopicPartition& where, rd_kafka_resp_err_t code, const std::string& detail) {
  if (failed_.insert(where).second)
    errors_.push_back({where, handle_->error(absl::StrCat("read ", where.topic, "/", where.partition.value()), code, detail)});
}

void KafkaSource::on_error(rd_kafka_resp_err_t code, const std::string& message) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char reason[512];
    const rd_kafka_resp_err_t cause = rd_kafka_fatal_error(handle_->get(), reason, sizeof reason);
    fatal_ = fatal_error(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat("Kafka: group ", options_.group, ": ", reason, " (", rd_kafka_err2name(cause), ")"));
    return;
  }
  if (stops_a_partition(code)) {
    // librdkafka 2.0.2 reports unknown topics and missing rights here, again each second, with the partition in the text
    // only: "<topic> [<partition>]: …".
    for (const TopicPartition& where : reading_) {
      const std::string start = absl::StrCat(where.topic, " [", where.partition.value(), "]:");
      if (message.compare(0, start.size(), start) != 0) continue;
      fail(where, code, message);
      rd_kafka_yield(handle_->get());
      return;
    }
  }
  if (means_disconnected(code)) set_connected(false);
  note_trouble(code, message);
  log::warn("Kafka consumer {}: {} ({})", options_.client_id, message, rd_kafka_err2name(code));
}

void KafkaSource::on_rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions) {
  rebalanced_ = true;
  const bool assign = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (closing_ || (!assign && code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)) {
    rd_kafka_assign(handle_->get(), nullptr);
    return;
  }
  if (assign) {
    assigned_ = from_list(*partitions);
    awaits_start_ = true;
    listener_->on_assigned(assigned_);
  } else {
    awaits_start_ = false;
    awaits_release_ = true;
    const std::vector<TopicPartition> revoked = std::exchange(assigned_, {});
    if (rd_kafka_assignment_lost(handle_->get())) {
      listener_->on_lost(revoked);
    } else {
      listener_->on_revoked(revoked);
    }
  }
  rd_kafka_yield(handle_->get());  // so that poll() returns and the caller can answer
}

void KafkaSource::on_commit(rd_kafka_resp_err_t code) {
  // Riffle trusts its own store; a commit that was lost is followed by the next one.
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
    log::warn("Kafka: group {}: offsets were not committed: {}", options_.group, rd_kafka_err2str(code));
}

absl::Status KafkaSource::set_assignment(const std::vector<Position>& positions) {
  failed_.clear();
  errors_.clear();
  reading_.clear();
  for (const Position& position : positions) reading_.push_back(position.where);
  const PartitionList list = to_list(positions);
  const rd_kafka_resp_err_t code = rd_kafka_assign(handle_->get(), positions.empty() && !listener_ ? nullptr : list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_->error("assign partitions", code);
  return absl::OkStatus();
}

absl::Status KafkaSource::assign(const std::vector<Position>& positions) {
  if (listener_ != nullptr) return absl::FailedPreconditionError("assign: this source subscribed to a group; make another one");
  return set_assignment(positions);
}

absl::Status KafkaSource::subscribe(const std::vector<std::string>& topics, RebalanceListener* listener) {
  RIFFLE_RETURN_IF_ERROR(need_group("subscribe"));
  if (listener_ != nullptr) return absl::FailedPreconditionError("subscribe: this source is already subscribed");
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  listener_ = listener;
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(handle_->get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_->error("subscribe", code);
  return absl::OkStatus();
}

absl::Status KafkaSource::start(const std::vector<Position>& positions) {
  if (!awaits_start_) return absl::FailedPreconditionError("start: no assignment waits for its positions (revoked meanwhile?)");
  std::set<TopicPartition> given;
  for (const Position& position : positions) given.insert(position.where);
  if (given != std::set<TopicPartition>(assigned_.begin(), assigned_.end()))
    return absl::InvalidArgumentError(absl::StrCat("start: positions of ", given.size(), " partitions do not answer the ",
                                                   assigned_.size(), " assigned ones"));
  awaits_start_ = false;
  return set_assignment(positions);
}

absl::Status KafkaSource::release() {
  if (!awaits_release_) return absl::FailedPreconditionError("release: nothing was revoked");
  awaits_release_ = false;
  const rd_kafka_resp_err_t code = rd_kafka_assign(handle_->get(), nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_->error("release partitions", code);
  return absl::OkStatus();
}

absl::Status KafkaSource::pause_or_resume(const std::vector<TopicPartition>& partitions, bool pause) {
  const PartitionList list = to_list(partitions);
  const std::string what = pause ? "pause" : "resume";
  const auto code = pause ? rd_kafka_pause_partitions(handle_->get(), list.get())
                          : rd_kafka_resume_partitions(handle_->get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_->error(what, code);
  for (int i = 0; i < list->cnt; ++i)
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return absl::NotFoundError(absl::StrCat(what, ": ", list->elems[i].topic, "/", list->elems[i].partition,
                                              ": not assigned to this source"));
  return absl::OkStatus();
}

absl::Status KafkaSource::pause(const std::vector<TopicPartition>& partitions) { return pause_or_resume(partitions, true); }
absl::Status KafkaSource::resume(const std::vector<TopicPartition>& partitions) { return pause_or_resume(partitions, false); }

absl::Status KafkaSource::need_group(std::string_view call) const {
  if (!options_.group.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(call), ": the source was made without a group"));
}

absl::Status KafkaSource::commit(const std::vector<Position>& positions) {
  RIFFLE_RETURN_IF_ERROR(need_group("commit"));
  const rd_kafka_resp_err_t code = rd_kafka_commit(handle_->get(), to_list(positions).get(), /*async=*/1);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_->error("commit offsets", code);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Offset>> KafkaSource::committed(const TopicPartition& where) {
  RIFFLE_RETURN_IF_ERROR(need_group("committed"));
  const PartitionList list = to_list(std::vector<TopicPartition>{where});
  const rd_kafka_resp_err_t code = ask_until_it_passes(handle_->timeout_ms(), [&] {
    const rd_kafka_resp_err_t whole = rd_kafka_committed(handle_->get(), list.get(), handle_->timeout_ms());
    return whole == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].err : whole;
  });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_->error(absl::StrCat("read the offsets of group ", options_.group), code);
  const std::int64_t offset = list->elems[0].offset;
  return offset < 0 ? std::optional<Offset>() : std::optional<Offset>(Offset(offset));
}

absl::StatusOr<Watermarks> KafkaSource::watermarks(const TopicPartition& where) {
  std::int64_t low = 0, high = 0;
  const rd_kafka_resp_err_t code = ask_until_it_passes(handle_->timeout_ms(), [&] {
    return rd_kafka_query_watermark_offsets(handle_->get(), where.topic.c_str(), where.partition.value(), &low, &high,
                                            handle_->timeout_ms());
  });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return handle_->error(absl::StrCat("watermarks of ", where.topic, "/", where.partition.value()), code);
  return Watermarks{Offset(low), Offset(high)};
}

void KafkaSource::wake() {
  woken_.store(true);
  rd_kafka_queue_yield(queue_);
}

}  // namespace riffle::bus
