// YAML into a Config by the table of config/describe.h. The only part that sees yaml-cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace riffle::config {

// Line and column, from 1.
struct Place {
  int line = 1;
  int column = 1;
};
// Where each key that the file has stands, by its path.
using Places = std::map<std::string, Place>;

// What cannot be read keeps its default and is a mistake. With a syntax error, that is the only one.
void read(std::string_view yaml, const Environment& environment, Config& config, Places& places,
          std::vector<Mistake>& mistakes);

}  // namespace riffle::config
