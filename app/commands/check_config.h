// `riffle check-config FILE`: every mistake of a configuration, or "ok".
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_check_config(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
