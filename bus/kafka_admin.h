// Topics and the cluster's name, through librdkafka's admin calls. Every call has the time limit of KafkaOptions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/kafka_client.h"

namespace riffle::bus {

class KafkaAdmin final : private KafkaEvents {
 public:
  static absl::StatusOr<std::unique_ptr<KafkaAdmin>> make(const KafkaOptions& options);

  absl::Status create_topics(const std::vector<TopicSpec>& topics);
  absl::StatusOr<std::optional<TopicInfo>> describe(const std::string& topic);
  absl::StatusOr<std::string> cluster_id();

 private:
  KafkaAdmin() = default;
  void on_error(rd_kafka_resp_err_t code, const std::string& message) override;
  absl::Status create(const std::vector<TopicSpec>& topics);
  absl::Status await_visible(const std::vector<TopicSpec>& topics);

  std::shared_ptr<KafkaHandle> handle_;
};

}  // namespace riffle::bus
