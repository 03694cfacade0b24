#include "app/metric_text.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace riffle::app {

double metric_sum(std::string_view exposition, std::string_view name) {
  double sum = 0;
  while (!exposition.empty()) {
    const std::string_view line = exposition.substr(0, exposition.find('\n'));
    exposition.remove_prefix(std::min(exposition.size(), line.size() + 1));
    if (!line.starts_with(name) || line.size() == name.size()) continue;
    const char after = line[name.size()];
    if (after != ' ' && after != '{') continue;  // a longer name
    // Label values may hold spaces, the number behind them does not.
    const std::size_t space = after == ' ' ? name.size() : line.rfind("} ");
    if (space == std::string_view::npos) continue;
    sum += std::strtod(std::string(line.substr(after == ' ' ? space + 1 : space + 2)).c_str(),
                       nullptr);
  }
  return sum;
}

}  // namespace riffle::app
