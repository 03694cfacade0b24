// `riffle import`: files of a foreign format, or JSON lines, into the input topics.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_import(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
