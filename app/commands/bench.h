// `riffle bench events|lists|latency|all`: how fast this build is on this machine, through a real broker.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_bench(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
