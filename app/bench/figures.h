// What the runs of a benchmark measured, and how it is said: median and range over the runs, never a mean.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "app/bench/workload.h"

namespace riffle::app::bench {

struct Spread {
  double median = 0, low = 0, high = 0;
};
Spread spread_of(std::vector<double> runs);                   // of an even number the mean of the middle two; none: zeros
double quantile(std::vector<double>& samples, double q);      // the smallest that q of them do not exceed; reorders; none: 0

class Figures {
 public:
  // Another run's value. A name with a dot is a part of what is before it: request_to_list_ms.p99.
  void add(const std::string& name, double value);
  // <name>.p50, <name>.p99 and <name>.samples
  void add_latency(const std::string& name, std::vector<double> samples_ms);

  bool empty() const { return named_.empty(); }
  std::string text() const;                                   // a table, each line ended
  // {"machine":{"processor","cores"},"date","version","workload":{…},"events_per_core_second":{"median","low","high","runs":[…]},…}
  std::string json(const WorkloadOptions& workload) const;

 private:
  std::vector<std::pair<std::string, std::vector<double>>> named_;  // in the order of their first run
};

}  // namespace riffle::app::bench
