// Which log is read: the options that `riffle ope` and `riffle log check` share. For app/commands/*.cpp: it shows the
// parser.
#pragma once

#include <CLI/CLI.hpp>

#include "app/ope/question.h"

namespace riffle::app {

// FILE, --log, --surface, --logged-by, --actions. `choice` outlives the parsing.
void add_log_options(CLI::App& command, OpeChoice& choice);

}  // namespace riffle::app
