// `riffle get user | item | decision ID`: what the state says, beside a running worker too.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_get(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
