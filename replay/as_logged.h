// A shard's log applied again as it was: the order and the ticks of the journal, the records that it names, the
// decisions that the outcomes tell. The same Shard as live, in a store of its own; nothing is published.
//
// What comes out equal, byte for byte, given the configuration that the log was made with:
//   users, items   rows that events alone make: needs `epochs` from the shard's first entry, and the `events` that
//                  it names
//   outcomes       needs also `requests`, and `outcomes` themselves from the store's first (a decision is taken from
//                  its first revision; all later ones, their order and their closing are made again)
// What does not: profiles (`users` is compacted: only the last of each is sure to be there), what no outcome has of a
// decision.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "pipeline/options.h"
#include "pipeline/shard.h"
#include "replay/outcome_check.h"
#include "state/store.h"

namespace riffle::replay {

struct AsLoggedOptions {
  const pipeline::ShardOptions* shard = nullptr;  // as live; outlives the replay
  pipeline::EpochOptions epoch;                   // how much is applied between two commits
  std::int32_t partitions = 0;
  std::optional<TimePoint> until;           // records stamped later are not applied
  std::optional<std::uint64_t> last_entry;  // of the journal; none: all that there are
};

struct AsLoggedFigures {
  std::uint64_t entries = 0;
  std::uint64_t events = 0, requests = 0, users = 0;  // records
  std::uint64_t refused = 0;                          // dead letters, as live
  std::uint64_t decisions = 0, decisions_untold = 0;  // untold: of which no outcome ever came
  std::uint64_t generation = 0;                       // of the store that was made
  std::uint64_t earlier_stores = 0;                   // of the same shard, lost or rebuilt, not replayed
  std::uint64_t last_entry = 0;                       // that the log has
  bool stopped_by_time = false;
  OutcomeFigures outcomes;
};

struct AsLogged {
  AsLoggedFigures figures;
  std::unique_ptr<pipeline::Shard> shard;  // committed: store() has all rows
};

// `progress` is called now and then with the share of the journal that was read; false ends the replay as cancelled.
// Errors: kOutOfRange where the log no longer has what is needed; kDataLoss where it has holes; kFailedPrecondition
// where it is of another configuration; the bus's, the store's.
absl::StatusOr<AsLogged> replay_as_logged(bus::Bus& bus, Partition shard, std::unique_ptr<state::Store> store,
                                          const AsLoggedOptions& options, Metrics& metrics,
                                          const std::function<bool(const AsLoggedFigures&, double)>& progress);

}  // namespace riffle::replay
