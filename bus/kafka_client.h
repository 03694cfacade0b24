// What the Kafka source, sink and admin share: a librdkafka handle made from KafkaOptions, its callbacks, and what its
// errors mean. For the kafka_*.cpp files only.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "bus/bus.h"
#include "bus/kafka_bus.h"

namespace riffle::bus {

// librdkafka's answer to a callback, on the thread that polls the handle.
class KafkaEvents {
 public:
  virtual ~KafkaEvents() = default;
  virtual void on_error(rd_kafka_resp_err_t code, const std::string& message) = 0;
  virtual void on_delivery(const rd_kafka_message_t& /*message*/) {}
  virtual void on_rebalance(rd_kafka_resp_err_t /*code*/, rd_kafka_topic_partition_list_t* /*partitions*/) {}
  virtual void on_commit(rd_kafka_resp_err_t /*code*/) {}

  bool connected() const { return connected_.load(std::memory_order_relaxed); }
  void set_connected(bool connected);
  // What was heard last of a connection that failed; OK while there is one.
  absl::Status trouble() const;

 protected:
  void note_trouble(rd_kafka_resp_err_t code, const std::string& message);

 private:
  std::atomic<bool> connected_{false};
  mutable absl::Mutex mutex_;
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);
};

using Settings = std::map<std::string, std::string>;

class KafkaHandle {
 public:
  // `ours` goes before the user's properties. `events` must outlive the handle's last poll.
  static absl::StatusOr<std::shared_ptr<KafkaHandle>> make(rd_kafka_type_t type, const KafkaOptions& options,
                                                           const Settings& ours, KafkaEvents* events);
  ~KafkaHandle();
  KafkaHandle(const KafkaHandle&) = delete;
  KafkaHandle& operator=(const KafkaHandle&) = delete;

  rd_kafka_t* get() const { return handle_; }
  const KafkaOptions& options() const { return options_; }
  // Asks the brokers how many a topic has. Else the code says why not: unknown, not led yet, no answer in time.
  rd_kafka_resp_err_t ask_partitions(const std::string& topic, int timeout_ms, std::int32_t& partitions) const;
  int timeout_ms() const { return static_cast<int>(options_.request_timeout.count()); }
  // The status of a failed call, naming the brokers and what to do: "Kafka at h:9092: create topics: …".
  absl::Status error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail = "") const;

 private:
  KafkaHandle(rd_kafka_t* handle, KafkaOptions options) : handle_(handle), options_(std::move(options)) {}
  rd_kafka_t* const handle_;
  const KafkaOptions options_;
};

// Refuses what KafkaOptions may not say, without any connection.
absl::Status check_properties(const KafkaOptions& options);

// An error that will not go away by itself has a status code of its own; the others are kUnavailable.
absl::StatusCode status_code(rd_kafka_resp_err_t code);
// Refused for what it is; sending it again would give the same answer.
bool is_refusal(rd_kafka_resp_err_t code);
// The broker is away or slow: librdkafka tries again by itself.
bool means_disconnected(rd_kafka_resp_err_t code);

struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;
PartitionList to_list(const std::vector<Position>& positions);
PartitionList to_list(const std::vector<TopicPartition>& partitions);
std::vector<TopicPartition> from_list(const rd_kafka_topic_partition_list_t& list);

}  // namespace riffle::bus
