// `riffle demo`: simulated shoppers against the whole real pipeline, and what learning is worth beside its challengers.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_demo(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
