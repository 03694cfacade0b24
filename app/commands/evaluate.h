// `riffle evaluate`: policies side by side over a log, each list judged by what came next.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_evaluate(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
