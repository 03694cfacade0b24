// `riffle replay` as logged: every shard of the log made again, and held against the outcomes of the log and, with
// `verify`, against the rows of a worker's state directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/command.h"
#include "app/replay/choice.h"
#include "base/ids.h"
#include "bus/bus.h"
#include "config/config.h"
#include "replay/as_logged.h"
#include "state/row_comparison.h"

namespace riffle::app {

// A shard of the log, and what its rows say of each other.
struct ShardReport {
  Partition shard;
  replay::AsLoggedFigures figures;
  bool verified = false;
  std::uint64_t state_entries = 0;    // of the journal, that the state has
  bool no_state = false;              // the directory has no state of this shard
  state::RowComparison users, items;  // left: made again; right: the state's
  std::vector<std::string> first;     // the differing rows in words

  bool same() const { return !no_state && users.same() && items.same() && figures.outcomes.as_logged(); }
};

struct AsLoggedReport {
  std::string log;                  // which one
  std::string verify;               // the directory; empty: not asked
  std::vector<ShardReport> shards;  // those that the log has something of
  std::optional<std::string> user;  // his row as JSON; empty: there is none
  double seconds = 0;

  bool same() const;
};

// Errors as replay_as_logged's; InvalidArgument where options do not go together.
absl::StatusOr<AsLoggedReport> replay_log(bus::Bus& bus, const config::Config& config, const ReplayChoice& choice,
                                          const Streams& streams);

std::string as_logged_text(const AsLoggedReport& report);
std::string as_logged_json(const AsLoggedReport& report);

}  // namespace riffle::app
