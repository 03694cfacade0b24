// What `riffle replay` was asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/command.h"
#include "base/time.h"

namespace riffle::app {

struct ReplayChoice {
  std::string file;                // JSON lines, - for standard input; empty: the bus
  bool what_if = false;            // this configuration answers anew; always so for a file
  std::uint64_t seed = 1;          // of its exploration
  std::string verify;              // a worker's state directory; empty: no
  std::string keep;                // where the rows that are made stay; empty: they are not kept
  std::optional<TimePoint> until;  // records stamped later are left out
  std::string user;                // empty: all
  Format format = Format::kText;
};

}  // namespace riffle::app
