#include "bus/kafka_bus.h"

#include <utility>

#include "base/errors.h"
#include "bus/kafka_admin.h"
#include "bus/kafka_sink.h"
#include "bus/kafka_source.h"

namespace riffle::bus {
namespace {

class KafkaBus final : public Bus {
 public:
  KafkaBus(KafkaOptions options, std::unique_ptr<KafkaAdmin> admin) : options_(std::move(options)), admin_(std::move(admin)) {}

  absl::StatusOr<std::unique_ptr<Source>> make_source(const SourceOptions& options) override {
    return KafkaSource::make(options_, options);
  }
  absl::StatusOr<std::unique_ptr<Sink>> make_sink(const SinkOptions& options) override {
    return KafkaSink::make(options_, options);
  }
  absl::Status create_topics(const std::vector<TopicSpec>& topics) override { return admin_->create_topics(topics); }
  absl::StatusOr<std::optional<TopicInfo>> describe(const std::string& topic) override { return admin_->describe(topic); }
  absl::StatusOr<std::string> cluster_id() override { return admin_->cluster_id(); }

 private:
  const KafkaOptions options_;
  const std::unique_ptr<KafkaAdmin> admin_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Bus>> make_kafka_bus(const KafkaOptions& options) {
  RIFFLE_RETURN_IF_ERROR(check_properties(options));
  RIFFLE_ASSIGN_OR_RETURN(auto admin, KafkaAdmin::make(options));
  return std::unique_ptr<Bus>(new KafkaBus(options, std::move(admin)));
}

}  // namespace riffle::bus
