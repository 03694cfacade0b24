#include "app/system.h"

#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "bus/kafka_bus.h"
#include "bus/local_bus.h"

namespace riffle::app {

absl::StatusOr<std::unique_ptr<bus::Bus>> make_bus(const config::Config& config) {
  if (config.uses_kafka()) {
    bus::KafkaOptions options;
    options.properties = config.kafka;
    return bus::make_kafka_bus(options);
  }
  auto local = bus::make_local_bus(config.local);
  if (!local.ok()) return local.status();
  return std::unique_ptr<bus::Bus>(*std::move(local));
}

bus::TopicNames topic_names(const config::Config& config) {
  return bus::TopicNames(config.topics.prefix);
}

pipeline::WorkerSetup worker_setup(const config::Config& config) {
  pipeline::WorkerSetup setup;
  setup.shard.topics = topic_names(config);
  setup.shard.admission = config.ingest;
  setup.shard.rows = config.rows;
  setup.shard.join = config.join;
  setup.shard.serving = config.serving;
  setup.shard.policies = config.policies;
  setup.shard.experiments = config.experiments;
  setup.shard.state = config.state;
  setup.epoch = config.epoch;
  setup.worker = config.worker;
  setup.learner = config.learner;
  std::random_device random;
  setup.seed = (std::uint64_t{random()} << 32) | random();
  return setup;
}

absl::Status wait_until_ready(const pipeline::Worker& worker, const std::function<bool()>& stop) {
  const auto began = std::chrono::steady_clock::now();
  while (!worker.ready()) {
    if (stop()) return absl::CancelledError("interrupted");
    RIFFLE_RETURN_IF_ERROR(worker.status());
    if (std::chrono::steady_clock::now() - began > std::chrono::seconds(60)) {
      return absl::DeadlineExceededError(absl::StrCat("not ready after a minute: ", worker.not_ready_because()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return absl::OkStatus();
}

}  // namespace riffle::app
