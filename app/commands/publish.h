// `riffle publish TOPIC`: records by hand, one JSON object a line or an argument, as they are.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_publish(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
