// Where a command gets its configuration: a file, and what the command line says over it.
//
//   riffle run --config riffle.yaml --kafka localhost:9092 --set http.port=0 --set serving.default_n=5
//
// --set takes any key of config/default.yaml by its dotted path, and is checked as the file is.
// --kafka and --local choose the bus whatever the file says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "config/config.h"

namespace riffle::app {

struct ConfigurationChoice {
  std::string file;                   // empty: the defaults
  std::vector<std::string> settings;  // "key=value"
  std::string kafka;                  // bootstrap.servers; empty: as configured
  std::string local;                  // directory of the local bus; empty: as configured
  std::string log_level;              // empty: as configured
};

// --config, --set, --kafka, --local, --log-level. `choice` outlives the parsing.
void add_configuration_options(CLI::App& command, ConfigurationChoice& choice);

struct Configured {
  config::Config config;  // to be used only where there are no mistakes
  std::vector<std::string>
      mistakes;  // each a line, with file:line:column or the option that it came from
};
Configured configure(const ConfigurationChoice& choice,
                     const config::Environment& environment = config::process_environment());

// The same, with the mistakes printed, and the log begun at its level. None: end with
// ExitCode::kUsage.
std::optional<config::Config> configuration(const ConfigurationChoice& choice,
                                            const Streams& streams);

}  // namespace riffle::app
