// The demonstration: simulated shoppers against the whole real pipeline, four equal arms of users side by side: what
// Riffle learns, popularity, random, and an oracle that sees the true click probabilities.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "bus/bus.h"

namespace riffle::app {

struct DemoOptions {
  double seconds = 60;            // wall time that the simulated fortnight takes
  std::uint64_t seed = 1;
  double lists_per_second = 2000; // asked of the pipeline; the run takes longer where it gives fewer
  std::size_t users = 600;        // few enough that each comes back often and can be learned
  std::string kafka;              // HOST:PORT; empty: the local bus
  std::string directory;          // of the local bus and of the state; empty: a temporary one, removed at the end
  std::string policy = "linear";  // scorer of the learner's arm
  std::string explorer = "epsilon";  // of the learner's arm
  std::string encoder = "none";  // of users' histories: a source of candidates beside the others
  double diversity = .4;          // its λ
  bool json = false;
};

// Writes to `out` as it goes. `stop` is asked ten times a second.
absl::Status run_demo(const DemoOptions& options, std::ostream& out, const std::function<bool()>& stop);

}  // namespace riffle::app
