// `riffle log check`: is a log good enough to be asked?
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_log(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
