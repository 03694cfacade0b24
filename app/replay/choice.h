// What `riffle replay` was asked.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"
#include "base/time.h"

namespace riffle::app {

struct ReplayChoice {
  std::string verify;               // a worker's state directory; empty: no
  std::string keep;                 // where the rows that are made stay; empty: they are not kept
  std::optional<TimePoint> until;   // records stamped later are left out
  std::string user;                 // empty: all
  Format format = Format::kText;
};

}  // namespace riffle::app
