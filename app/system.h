// The parts of a running Riffle, made from its configuration: one place for `run`, the
// demonstration, replay and the end-to-end tests. Nothing here runs by itself.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "config/config.h"
#include "pipeline/worker.h"

namespace riffle::app {

// Kafka where the configuration has it, else the local bus. Kafka needs not to be up; a local
// directory is opened, and belongs to this process until the bus and all its sources and sinks are
// gone.
absl::StatusOr<std::unique_ptr<bus::Bus>> make_bus(const config::Config& config);

bus::TopicNames topic_names(const config::Config& config);

// With the seed of this start's exploration, drawn from the system.
pipeline::WorkerSetup worker_setup(const config::Config& config);

// Until the worker has read what it must. Cancelled: `stop` answered true. DeadlineExceeded after a
// minute, with what it waits for.
absl::Status wait_until_ready(const pipeline::Worker& worker, const std::function<bool()>& stop);

}  // namespace riffle::app
