// `riffle replay`: a log through the pipeline again.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_replay(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
