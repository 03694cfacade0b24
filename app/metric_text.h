// Numbers out of the Prometheus text that Metrics::exposition() makes.
#pragma once

#include <string_view>

namespace riffle::app {

// The sum over all label sets of one metric; 0 where there is none. A histogram's are
// `<name>_count` and `<name>_sum`.
double metric_sum(std::string_view exposition, std::string_view name);

}  // namespace riffle::app
