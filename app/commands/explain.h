// `riffle explain`: why a list is as it is.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_explain(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
