// `riffle COMMAND …`: the arguments, and the command that they name.
#pragma once

#include "app/command.h"

namespace riffle::app {

// Parses and runs; answers the process's exit code. Starts no thread and opens no file before the
// arguments are known to be right, so `--help` answers at once.
int run_command_line(int argc, const char* const* argv, const Streams& streams);

// Riffle's own version.
const char* version();

}  // namespace riffle::app
