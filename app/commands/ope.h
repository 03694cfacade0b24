// riffle ope: what a policy would have earned, by the log of another one (docs/evaluation.md).
#pragma once

#include "app/command.h"

namespace riffle::app {

void add_ope(CLI::App& program, Chosen& chosen);

}  // namespace riffle::app
