// Apache Kafka behind bus/bus.h, through librdkafka (2.0.2 and later). Only the kafka_*.cpp files see its C API.
//
//   auto bus = make_kafka_bus({.properties = {{"bootstrap.servers", "localhost:9092"}}});
//
// Every librdkafka property may be given, so TLS and SASL work as its documentation says. Those that Riffle's guarantees
// rest on are set here and refused with another value (kBoundProperties in kafka_client.cpp: no automatic offset commits,
// auto.offset.reset=error, an idempotent producer that never gives up, the murmur2 partitioner, …).
//
// Nothing here needs a broker to be up: sources and sinks connect by themselves and connected() says how it stands.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "bus/bus.h"

namespace riffle::bus {

struct KafkaOptions {
  std::map<std::string, std::string> properties;  // librdkafka's names; bootstrap.servers at least
  // How long a call that needs an answer (create_topics, describe, cluster_id, watermarks, committed) waits for it. It is
  // retriable afterwards.
  Milliseconds request_timeout{10000};
};

// InvalidArgument names a property that is unknown, has a bad value, is bound, or is missing.
absl::StatusOr<std::unique_ptr<Bus>> make_kafka_bus(const KafkaOptions& options);

}  // namespace riffle::bus
