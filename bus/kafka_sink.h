// A Kafka producer as a Sink. It keeps every record's bytes, in the order of the tickets, until Kafka acknowledged or refused
// it, so that a producer beyond repair is replaced by a new one which sends the rest again, in the same order.
//
// librdkafka runs idempotent and gapless: when a broker refuses a batch for good, it stops with a fatal error instead of
// sending what comes after it, so a refusal never reorders a partition. Brokers refuse whole batches: where one is too
// large for its topic, its records go again one by one, and only the one that is too large by itself is a Refusal.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bus/kafka_client.h"

namespace riffle::bus {

class KafkaSink final : public Sink, private KafkaEvents {
 public:
  static absl::StatusOr<std::unique_ptr<Sink>> make(const KafkaOptions& kafka, const SinkOptions& options);
  // What is not acknowledged is dropped: wait_acknowledged() first.
  ~KafkaSink() override;

  absl::StatusOr<std::uint64_t> send(const OutRecord& record) override;
  bool wait_acknowledged(std::uint64_t ticket, Milliseconds wait) override;
  std::uint64_t acknowledged() const override;
  std::vector<Refusal> take_refusals() override;
  bool connected() const override { return KafkaEvents::connected(); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  enum class State { kQueued, kInFlight, kSettled };
  struct Outgoing;
  struct Topic;
  // The records of one partition; or those that keys will place, while it is not known how many partitions there are.
  struct Lane {
    Topic* topic = nullptr;
    std::optional<Partition> partition;
    std::deque<Outgoing*> waiting;  // that librdkafka does not have, in order
    std::size_t in_flight = 0;
    bool last_alone = false;        // the last that librdkafka got must share no batch
    // When the partition last took a record of this producer.
    std::optional<SteadyTime> acknowledged_at;
    SteadyTime gathers_until{};
    std::size_t gathered_bytes = 0;
  };
  struct Topic {
    std::string name;
    bool keyed = false;             // its records' keys choose partitions
    std::int32_t partitions = 0;    // 0: not known yet, or not asked for
    SteadyTime ask_at{};
    std::uint32_t keyless = 0;      // records without a key go round
    std::map<std::optional<Partition>, Lane> lanes;  // for ever, as records point to them
    std::size_t in_flight = 0;      // of all lanes
  };
  struct Outgoing {
    Lane* lane = nullptr;
    std::optional<Partition> partition;  // that the caller named
    std::string bytes;  // key, value, then names and values of the headers
    std::int64_t key_bytes = -1;    // -1: none
    std::int64_t value_bytes = -1;  // -1: none
    std::vector<std::pair<std::size_t, std::size_t>> headers;  // bytes of name and value
    std::int64_t timestamp_ms = 0;
    std::uint64_t generation = 0;   // of the producer that has it
    State state = State::kQueued;
    bool alone = false;             // shared a batch that was too large: goes by itself

    std::string_view key() const { return std::string_view(bytes).substr(0, static_cast<std::size_t>(std::max<std::int64_t>(key_bytes, 0))); }
    std::size_t charge() const { return bytes.size() + 128; }
  };
  struct Delivery {
    Outgoing* record;
    rd_kafka_resp_err_t code;
  };

  static constexpr int kAnswerMs = 200;  // for how many partitions a topic has; deliveries wait meanwhile

  KafkaSink(const KafkaOptions& kafka, const SinkOptions& options) : kafka_(kafka), options_(options) {}
  void on_error(rd_kafka_resp_err_t code, const std::string& message) override;
  void on_delivery(const rd_kafka_message_t& message) override;

  absl::StatusOr<std::shared_ptr<KafkaHandle>> make_producer();
  void run();
  void settle_deliveries() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void settle(Outgoing& record, rd_kafka_resp_err_t code) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void refuse(Outgoing& record, rd_kafka_resp_err_t code) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void finish(Outgoing& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Topic& topic_of(std::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Lane& lane_of(Topic& topic, const Outgoing& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void learn_partitions() ABSL_LOCKS_EXCLUDED(mutex_);
  void queue_anew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void pump_all() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void pump(Lane& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool is_misplaced(const Outgoing& record, rd_kafka_resp_err_t code);
  void place_again(Topic& topic) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool waits_to_be_met(const Lane& lane, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool waits_for_deliveries(Lane& lane, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  rd_kafka_resp_err_t produce(Outgoing& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void replace_producer() ABSL_LOCKS_EXCLUDED(mutex_);

  const KafkaOptions kafka_;
  const SinkOptions options_;

  // The delivery thread's own.
  std::vector<Delivery> deliveries_;
  bool beyond_repair_ = false;
  SteadyTime replaced_at_;
  int answer_ms_ = kAnswerMs;

  mutable absl::Mutex mutex_;
  absl::CondVar settled_changed_;
  std::shared_ptr<KafkaHandle> producer_ ABSL_GUARDED_BY(mutex_);  // replaced by the delivery thread only
  std::deque<Outgoing> records_ ABSL_GUARDED_BY(mutex_);  // of the tickets settled_ + 1, …; librdkafka points into it
  std::uint64_t settled_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Topic, std::less<>> topics_ ABSL_GUARDED_BY(mutex_);  // by name; for ever
  std::size_t unacknowledged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  bool replacing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Refusal> refusals_ ABSL_GUARDED_BY(mutex_);

  std::thread delivery_thread_;
};

}  // namespace riffle::bus
