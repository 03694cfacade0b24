// A command of `riffle`, in this process.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "app/command_line.h"

namespace riffle::testing {

struct CommandResult {
  int code = 0;
  std::string out, err;
};

inline CommandResult riffle(const std::vector<std::string>& arguments,
                            const std::string& input = "") {
  std::vector<const char*> argv = {"riffle"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::istringstream in(input);
  std::ostringstream out, err;
  const int code =
      app::run_command_line(static_cast<int>(argv.size()), argv.data(), {in, out, err});
  return {code, out.str(), err.str()};
}

}  // namespace riffle::testing
