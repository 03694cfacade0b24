// `riffle topics create | list`: makes what is missing of the namespace's topics; says what there
// is.
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_topics(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
