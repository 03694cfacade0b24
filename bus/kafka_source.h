// A Kafka consumer as a Source. Records are views into librdkafka's own messages, which the batch keeps.
//
// Rebalances. librdkafka's callback only notes what happened and tells the listener; rd_kafka_assign() is called by start()
// and release(). While an assignment waits for start(), librdkafka delivers nothing and begins no other rebalance: a
// revocation of it can come only when this source closes, and then the assignment is taken back without being started.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <vector>

#include "bus/kafka_client.h"

namespace riffle::bus {

class KafkaSource final : public Source, private KafkaEvents {
 public:
  static absl::StatusOr<std::unique_ptr<Source>> make(const KafkaOptions& kafka, const SourceOptions& options);
  ~KafkaSource() override;  // leaves the group

  absl::StatusOr<Batch> poll(std::size_t max_records, Milliseconds wait) override;
  absl::Status assign(const std::vector<Position>& positions) override;
  absl::Status subscribe(const std::vector<std::string>& topics, RebalanceListener* listener) override;
  absl::Status start(const std::vector<Position>& positions) override;
  absl::Status release() override;
  absl::Status pause(const std::vector<TopicPartition>& partitions) override;
  absl::Status resume(const std::vector<TopicPartition>& partitions) override;
  absl::Status commit(const std::vector<Position>& positions) override;
  absl::StatusOr<std::optional<Offset>> committed(const TopicPartition& where) override;
  absl::StatusOr<Watermarks> watermarks(const TopicPartition& where) override;
  bool connected() const override { return KafkaEvents::connected(); }
  absl::Status trouble() const override { return KafkaEvents::trouble(); }
  void wake() override;

 private:
  class Messages;

  explicit KafkaSource(const SourceOptions& options) : options_(options) {}
  void on_error(rd_kafka_resp_err_t code, const std::string& message) override;
  void on_rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions) override;
  void on_commit(rd_kafka_resp_err_t code) override;

  void take(rd_kafka_message_t* message, Batch& batch, Messages& memory);
  void take_error(const rd_kafka_message_t& message, Batch& batch);
  void fail(const TopicPartition& where, rd_kafka_resp_err_t code, const std::string& detail);
  absl::Status set_assignment(const std::vector<Position>& positions);
  absl::Status pause_or_resume(const std::vector<TopicPartition>& partitions, bool pause);
  absl::Status need_group(std::string_view call) const;

  const SourceOptions options_;
  std::shared_ptr<KafkaHandle> handle_;
  rd_kafka_queue_t* queue_ = nullptr;
  std::atomic<bool> woken_{false};

  RebalanceListener* listener_ = nullptr;
  std::vector<TopicPartition> assigned_;
  bool awaits_start_ = false;
  bool awaits_release_ = false;
  bool rebalanced_ = false;  // during the poll that runs
  bool closing_ = false;
  std::vector<TopicPartition> reading_;   // the newest positions' partitions
  std::vector<PartitionError> errors_;    // for the poll that runs, or the next one
  std::set<TopicPartition> failed_;  // their error was told: nothing more of them until they are assigned again
  absl::Status fatal_;
};

}  // namespace riffle::bus
