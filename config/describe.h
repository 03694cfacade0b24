// The table of all keys: a new option of a module is one line in one of these functions, and its line in default.yaml.
#pragma once

#include "config/config.h"
#include "config/fields.h"

namespace riffle::config {

void describe(Fields& fields, Config& config);

// Its parts, in the order of the file.
void describe_streams(Fields& fields, Config& config);   // kafka, local, topics, ingest, rows, join
void describe_choosing(Fields& fields, Config& config);  // policies, experiments, serving, learner
void describe_running(Fields& fields, Config& config);   // state, epoch, worker, http, log_level
void describe_simulation(Fields& fields, simulation::WorldOptions& options);

}  // namespace riffle::config
