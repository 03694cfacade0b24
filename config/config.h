// All that a user can tell Riffle, in one YAML file; each part is the plain `Options` of its module.
//
//   auto config = config::load("riffle.yaml");     // InvalidArgument: every mistake, a line each
//
//   riffle.yaml:12:5: http.prot: unknown key; did you mean `port`?
//   riffle.yaml:20:15: epoch.interval: expected a duration, as 100ms, 30s, 5m, 2h or 7d; found "100"
//
// config/default.yaml has every key, what it does and its default; a test holds it equal to these structs. What a file does
// not say keeps its default. `${NAME}` in a value is the environment's, `${NAME:-other}` where it may be missing, `$${` a
// literal `${`. Durations have a unit; sizes are bytes or have one (512KiB, 2GiB).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bus/local_bus_options.h"
#include "bus/topics_options.h"
#include "features/options.h"
#include "http/options.h"
#include "ingest/admission_options.h"
#include "learner/options.h"
#include "pipeline/options.h"
#include "serving/options.h"
#include "simulation/world_options.h"

namespace riffle::config {

struct Config {
  Config();

  bool uses_kafka() const { return !kafka.empty(); }

  std::map<std::string, std::string> kafka;     // librdkafka's properties; empty: the local bus
  bus::LocalBusOptions local;
  bus::TopicsOptions topics;
  ingest::AdmissionOptions ingest;
  features::RowOptions rows;                    // types: the default ones, changed and added to by name
  features::JoinOptions join;
  std::vector<serving::PolicyOptions> policies; // linear, popularity, random, changed and added to by name
  serving::ExperimentOptions experiments;       // everybody gets linear
  serving::ServingOptions serving;
  learner::LearnerOptions learner;
  pipeline::StateOptions state;
  pipeline::EpochOptions epoch;
  pipeline::WorkerOptions worker;
  http::HttpOptions http;
  std::string log_level = "info";
  simulation::WorldOptions simulation;          // of `riffle simulate`
};

// Line and column count from 1.
struct Mistake {
  int line = 1;
  int column = 1;
  std::string path;     // of the key, as http.port or policies.linear.scorer
  std::string message;

  // "file:line:column: path: message"
  std::string text(const std::string& file) const;
};

// A variable's value; nullopt: it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

struct Parsed {
  Config config;                   // to be used only where there are no mistakes
  std::vector<Mistake> mistakes;   // in the order of their lines
};
Parsed parse(std::string_view yaml, const Environment& environment = process_environment());

// NotFound: no such file. InvalidArgument: the message is every mistake, one a line.
absl::StatusOr<Config> load(const std::string& file, const Environment& environment = process_environment());

// The configuration as a commented file that parse() reads back; of Config(), the text of config/default.yaml.
std::string to_yaml(const Config& config);

}  // namespace riffle::config
