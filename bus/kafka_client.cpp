#include "bus/kafka_client.h"

#include <array>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/log.h"

namespace riffle::bus {
namespace {

// What the guarantees of bus/bus.h rest on. A user's property of one of these names is refused.
constexpr std::array<std::string_view, 23> kBoundProperties = {
    "acks", "auto.commit.enable", "auto.offset.reset", "batch.size", "client.id", "delivery.timeout.ms", "enable.auto.commit",
    "enable.auto.offset.store", "enable.gapless.guarantee", "enable.idempotence", "enable.partition.eof", "group.id",
    "linger.ms", "message.timeout.ms", "partition.assignment.strategy", "partitioner", "queue.buffering.max.kbytes",
    "queue.buffering.max.messages", "queue.buffering.max.ms", "request.required.acks", "statistics.interval.ms",
    "transactional.id", "allow.auto.create.topics"};

// Defaults that a user's property overrides.
const Settings& defaults() {
  static const Settings all = {
      {"socket.nagle.disable", "true"},       // 40 ms stalls otherwise
      {"reconnect.backoff.max.ms", "1000"},   // a broker that is back is used within a second, not ten
      {"socket.keepalive.enable", "true"},
      {"socket.timeout.ms", "10000"},         // how soon a broker that answers no more is noticed; a minute otherwise
      {"log.connection.close", "false"},      // idle connections are closed by brokers all day
  };
  return all;
}

constexpr std::chrono::seconds kMostEnding{5};  // a healthy one takes some 100 ms

KafkaEvents& events_of(void* opaque) { return *static_cast<KafkaEvents*>(opaque); }

void error_callback(rd_kafka_t*, int code, const char* reason, void* opaque) {
  events_of(opaque).on_error(static_cast<rd_kafka_resp_err_t>(code), reason);
}

// The statistics say what no event does: that a broker is back. `"state":"UP"` occurs in the brokers' part only.
int statistics_callback(rd_kafka_t*, char* json, std::size_t size, void* opaque) {
  const std::string_view text(json, size);
  const std::string_view brokers = text.substr(0, text.find("\"topics\":"));
  events_of(opaque).set_connected(brokers.find("\"state\":\"UP\"") != std::string_view::npos);
  return 0;  // librdkafka frees it
}

void delivery_callback(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  events_of(opaque).on_delivery(*message);
}

void rebalance_callback(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  events_of(opaque).on_rebalance(code, partitions);
}

void commit_callback(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*, void* opaque) {
  events_of(opaque).on_commit(code);
}

void log_callback(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  // A property of the other kind of client is given to both, and each says that it is not its own.
  if (std::string_view(facility) == "CONFWARN") return;
  const auto severity = level <= 3 ? spdlog::level::err : level == 4 ? spdlog::level::warn
                      : level <= 6 ? spdlog::level::info : spdlog::level::debug;
  spdlog::log(severity, "{}: {}: {}", rd_kafka_name(handle), facility, text);
}

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

absl::Status set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char reason[512];
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason)) {
    case RD_KAFKA_CONF_OK:
      return absl::OkStatus();
    case RD_KAFKA_CONF_UNKNOWN:
      return absl::InvalidArgumentError(absl::StrCat("kafka: librdkafka has no property \"", name, "\""));
    case RD_KAFKA_CONF_INVALID:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat("kafka: property ", name, ": ", reason));
}

absl::StatusOr<Conf> make_conf(const KafkaOptions& options, const Settings& ours) {
  Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : defaults()) RIFFLE_RETURN_IF_ERROR(set(conf.get(), name, value));
  // A source's or sink's own low-latency settings may be overridden, the bound ones were refused before.
  for (const auto& [name, value] : ours) RIFFLE_RETURN_IF_ERROR(set(conf.get(), name, value));
  for (const auto& [name, value] : options.properties) RIFFLE_RETURN_IF_ERROR(set(conf.get(), name, value));
  return conf;
}

std::string brokers(const KafkaOptions& options) {
  const auto servers = options.properties.find("bootstrap.servers");
  return servers != options.properties.end() ? servers->second : options.properties.at("metadata.broker.list");
}

}  // namespace

void KafkaEvents::set_connected(bool connected) {
  if (connected_.exchange(connected, std::memory_order_relaxed) == connected || !connected) return;
  absl::MutexLock lock(&mutex_);
  trouble_ = absl::OkStatus();
}

absl::Status KafkaEvents::trouble() const {
  absl::MutexLock lock(&mutex_);
  return trouble_;
}

void KafkaEvents::note_trouble(rd_kafka_resp_err_t code, const std::string& message) {
  absl::MutexLock lock(&mutex_);
  const bool refused = code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
  // "All brokers are down" follows each refusal and says less.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !trouble_.ok()) return;
  trouble_ = refused ? fatal_error(absl::StatusCode::kPermissionDenied,
                                   absl::StrCat("the broker refuses this client's credentials: ", message,
                                                "; check kafka.sasl.* in the configuration"))
                     : retriable_error(message);
}

absl::Status check_properties(const KafkaOptions& options) {
  for (const std::string_view bound : kBoundProperties)
    if (options.properties.contains(std::string(bound)))
      return absl::InvalidArgumentError(
          absl::StrCat("kafka: property ", std::string(bound), " is set by Riffle and cannot be changed; remove it"));
  const auto has = [&](const char* name) {
    const auto found = options.properties.find(name);
    return found != options.properties.end() && !found->second.empty();
  };
  if (!has("bootstrap.servers") && !has("metadata.broker.list"))
    return absl::InvalidArgumentError("kafka: bootstrap.servers is missing; give at least one host:port");
  return make_conf(options, {}).status();
}

absl::StatusOr<std::shared_ptr<KafkaHandle>> KafkaHandle::make(rd_kafka_type_t type, const KafkaOptions& options,
                                                               const Settings& ours, KafkaEvents* events) {
  RIFFLE_ASSIGN_OR_RETURN(Conf conf, make_conf(options, ours));
  rd_kafka_conf_set_opaque(conf.get(), events);
  rd_kafka_conf_set_error_cb(conf.get(), error_callback);
  rd_kafka_conf_set_stats_cb(conf.get(), statistics_callback);
  rd_kafka_conf_set_log_cb(conf.get(), log_callback);
  if (type == RD_KAFKA_PRODUCER) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), delivery_callback);
  } else {
    rd_kafka_conf_set_rebalance_cb(conf.get(), rebalance_callback);
    rd_kafka_conf_set_offset_commit_cb(conf.get(), commit_callback);
  }
  char reason[512];
  rd_kafka_t* handle = rd_kafka_new(type, conf.get(), reason, sizeof reason);
  if (handle == nullptr) return absl::InvalidArgumentError(absl::StrCat("kafka: ", reason));
  conf.release();  // it belongs to the handle now  NOLINT(bugprone-unused-return-value)
  return std::shared_ptr<KafkaHandle>(new KafkaHandle(handle, options));
}

// librdkafka 2.0.2 never ends a consumer whose topic was deleted under it (a thread of its own waits for another): a stop
// must not wait for that. What is left behind then ends with the process.
KafkaHandle::~KafkaHandle() {
  std::promise<void> gone;
  const std::future<void> end = gone.get_future();
  std::thread([handle = handle_, gone = std::move(gone)]() mutable {
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    gone.set_value();
  }).detach();
  if (end.wait_for(kMostEnding) != std::future_status::ready) log::warn("a Kafka client does not end and is left behind");
}

rd_kafka_resp_err_t KafkaHandle::ask_partitions(const std::string& topic, int timeout_ms, std::int32_t& partitions) const {
  struct Destroy {
    void operator()(rd_kafka_topic_t* name) const { rd_kafka_topic_destroy(name); }
  };
  const std::unique_ptr<rd_kafka_topic_t, Destroy> name(rd_kafka_topic_new(handle_, topic.c_str(), nullptr));
  if (!name) return rd_kafka_last_error();
  const struct rd_kafka_metadata* metadata = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(handle_, 0, name.get(), &metadata, timeout_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  const bool told = metadata->topic_cnt == 1;
  const rd_kafka_resp_err_t answer = told ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (told) partitions = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  return answer;
}

absl::Status KafkaHandle::error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail) const {
  const std::string message =
      absl::StrCat("Kafka at ", brokers(options_), ": ", std::string(what), ": ",
                   detail.empty() ? rd_kafka_err2str(code) : std::string(detail), " (", rd_kafka_err2name(code), ")");
  const absl::StatusCode status = status_code(code);
  if (status == absl::StatusCode::kUnavailable)
    return retriable_error(absl::StrCat(message, "; check that the broker runs and that bootstrap.servers is right"));
  if (status == absl::StatusCode::kPermissionDenied)
    return fatal_error(status, absl::StrCat(message, "; give this client the right, or check its credentials"));
  return fatal_error(status, message);
}

bool is_refusal(rd_kafka_resp_err_t code) {
  const absl::StatusCode status = status_code(code);
  return status == absl::StatusCode::kNotFound || status == absl::StatusCode::kPermissionDenied ||
         status == absl::StatusCode::kInvalidArgument;
}

absl::StatusCode status_code(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return absl::StatusCode::kNotFound;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return absl::StatusCode::kPermissionDenied;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return absl::StatusCode::kOutOfRange;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNKNOWN_GROUP:
      return absl::StatusCode::kInvalidArgument;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

bool means_disconnected(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

PartitionList to_list(const std::vector<Position>& positions) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const Position& position : positions) {
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), position.where.topic.c_str(), position.where.partition.value());
    entry->offset = position.offset == kEarliest ? std::int64_t{RD_KAFKA_OFFSET_BEGINNING}
                    : position.offset == kLatest ? std::int64_t{RD_KAFKA_OFFSET_END}
                                                 : position.offset.value();
  }
  return list;
}

PartitionList to_list(const std::vector<TopicPartition>& partitions) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& where : partitions)
    rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition.value());
  return list;
}

std::vector<TopicPartition> from_list(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < list.cnt; ++i) partitions.push_back({list.elems[i].topic, Partition(list.elems[i].partition)});
  return partitions;
}

}  // namespace riffle::bus
