#include "app/system.h"

#include <random>
#include <utility>

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

}  // namespace riffle::app
