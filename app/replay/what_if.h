// `riffle replay --what-if`, or of a file: the requests of a log answered by this configuration.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "app/command.h"
#include "app/replay/choice.h"
#include "config/config.h"
#include "ingest/adapters/adapter.h"
#include "replay/what_if.h"

namespace riffle::app {

struct WhatIfReport {
  std::string log;
  replay::WhatIfFigures figures;
  std::vector<ingest::RowCount> lines;  // of a file: what became of them
  std::vector<std::string> problems;
  double seconds = 0;
  std::string cut_short;  // why it ended before its end; empty: it did not
};

// The lists go to `streams.out`, one a line, where the format is text. The status says why it could not be begun, or
// was not finished (then the report is of what came before).
absl::Status what_if(const config::Config& config, const ReplayChoice& choice, const Streams& streams,
                     WhatIfReport& report);

std::string what_if_text(const WhatIfReport& report);
std::string what_if_json(const WhatIfReport& report);

}  // namespace riffle::app
