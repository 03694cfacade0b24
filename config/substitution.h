// `${NAME}` and `${NAME:-default}` in a value.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace riffle::config {

// False: `error` says which variable is missing, or what is not closed; `out` is unspecified.
bool substitute(std::string_view text, const Environment& environment, std::string& out, std::string& error);

}  // namespace riffle::config
