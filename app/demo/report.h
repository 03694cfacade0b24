// What the demonstration says: a table that lives on a terminal (lines elsewhere), and one JSON object at the end.
#pragma once

#include <string>

#include "app/demo/driver.h"
#include "base/ids.h"
#include "simulation/ctr.h"

namespace riffle::app {

// The four arms of the demonstration, in the order of its table.
struct DemoArms {
  PolicyId learner{"learner"}, popularity{"popularity"}, random{"random"}, oracle{"oracle"};
};

struct Latency {
  double p50_ms = 0, p99_ms = 0;
};
Latency latency_of(std::vector<float> samples_ms);  // zeros where there are none

// The share of the oracle's clicks that the learner gets in the last quarter (after the drift) over that in the second.
// 0 where either span has no clicks.
double recovery_of(const simulation::ClickRates& rates, const DemoArms& arms);

// Several lines, each ended; `items` is the catalogue's size.
std::string demo_table(const Driver& driver, const DemoArms& arms, std::size_t items);
// {"ctr":{"learner":{"mean","low","high"},…},"spans":{"second_quarter":{…},"last_quarter":{…}},"ild":{…},"coverage":{…},
//  "events_per_second","lists_per_second","latency_ms":{"p50","p99"},"recovery",…}
std::string demo_json(const Driver& driver, const DemoArms& arms, std::size_t items, std::uint64_t seed);

}  // namespace riffle::app
