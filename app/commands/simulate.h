// `riffle simulate`: policies in a simulated world, in this process or over the topics of a running Riffle.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_simulate(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
