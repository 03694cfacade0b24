// `riffle watch TOPIC`: the records of a topic as they come, one line of JSON each
// (app/record_json.h).
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_watch(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
