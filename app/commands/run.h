// `riffle run`: a worker, until it is told to stop (app/service.h says what it does when something
// is wrong).
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_run(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
