// The simulated world against a running Riffle over its topics, or one that is started here on a local bus.
#pragma once

#include <functional>
#include <iosfwd>

#include "absl/status/status.h"
#include "config/config.h"

namespace riffle::app {

struct LiveOptions {
  double seconds = 60;   // wall time that the span takes, or longer where lists do not come fast enough
  bool json = false;
};

// On Kafka the topics are those of a Riffle that runs already; on the local bus they are made, and a worker is started with
// this configuration. Simulated time ends now. Writes what each policy's lists earned to `out`, news to `err`.
absl::Status simulate_live(const config::Config& config, const LiveOptions& options, std::ostream& out, std::ostream& err,
                           const std::function<bool()>& stop);

}  // namespace riffle::app
