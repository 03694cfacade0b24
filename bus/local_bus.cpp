#include "bus/local_bus.h"

#include <utility>

#include "base/errors.h"
#include "bus/local_sink.h"
#include "bus/local_source.h"
#include "bus/local_store.h"

namespace riffle::bus {
namespace {

class OpenLocalBus final : public LocalBus {
 public:
  explicit OpenLocalBus(std::shared_ptr<LocalStore> store) : store_(std::move(store)) {}

  absl::StatusOr<std::unique_ptr<Source>> make_source(const SourceOptions& options) override {
    return std::unique_ptr<Source>(new LocalSource(store_, options));
  }
  absl::StatusOr<std::unique_ptr<Sink>> make_sink(const SinkOptions& options) override {
    return std::unique_ptr<Sink>(new LocalSink(store_, options));
  }
  absl::Status create_topics(const std::vector<TopicSpec>& topics) override { return store_->create_topics(topics); }
  absl::StatusOr<std::optional<TopicInfo>> describe(const std::string& topic) override {
    const LocalTopic* found = store_->topic(topic);
    if (found == nullptr) return std::optional<TopicInfo>();
    return std::optional<TopicInfo>(TopicInfo{found->settings.partitions});
  }
  absl::StatusOr<std::string> cluster_id() override { return store_->cluster_id(); }
  std::vector<DurableFile> durable_files() const override { return store_->durable_files(); }
  absl::Status clean() override { return store_->clean(); }

 private:
  const std::shared_ptr<LocalStore> store_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LocalBus>> make_local_bus(LocalBusOptions options) {
  RIFFLE_ASSIGN_OR_RETURN(auto store, LocalStore::open(std::move(options)));
  return std::unique_ptr<LocalBus>(new OpenLocalBus(std::move(store)));
}

}  // namespace riffle::bus
