// What if this configuration had answered? Two ways, by what the log has:
//
//   a bus        the journal gives the order, the logged decisions their outcomes, as in as_logged.h; before a logged
//                decision is applied, its request is answered by this configuration's policies. They learn from the
//                logged outcomes, at the log's pace: what was shown and what it earned is true, whoever chose it.
//                Their lists are told and forgotten: nobody saw them.
//   JSON lines   events, requests, items and users as they come; there are no logged decisions. The lists made here
//                are the ones that are learned from: an event that names a list which is not known counts for the
//                user's last list here that holds the item (test, then train: a hit is a reward, a miss is none).
//
// Time is the log's: records' own times, the journal's ticks. An item is known from its record time on: where
// compaction has left only a later version of it, from then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "ingest/adapters/adapter.h"
#include "learner/options.h"
#include "pipeline/options.h"
#include "pipeline/shard.h"
#include "replay/list_figures.h"
#include "state/store.h"

namespace riffle::replay {

struct WhatIfFigures {
  std::uint64_t events = 0, requests = 0, users = 0, items = 0;  // records applied
  std::uint64_t items_refused = 0;
  std::map<std::string, std::uint64_t> refused;  // of the others, by code of dead letters
  std::uint64_t not_asked = 0;     // requests that were repeats, refused, or past their deadline when logged
  std::uint64_t without_time = 0;  // lines before the first one that says a time: they count as of 1970
  std::uint64_t untold = 0;        // lists whose logged list no outcome tells: not compared
  std::uint64_t outcomes = 0, foreign_outcomes = 0;  // learned from; of another version of the features: not
  bool stopped_by_time = false;
  ListFigures lists;
};

struct WhatIfOptions {
  const pipeline::ShardOptions* shard = nullptr;  // the configuration asked about; outlives the replay
  learner::LearnerOptions learner;
  pipeline::EpochOptions epoch;
  std::uint64_t seed = 1;  // of exploration
  std::optional<TimePoint> until;
  std::string user;  // only his lists are told; empty: all
  // Opens the store of a shard.
  std::function<absl::StatusOr<std::unique_ptr<state::Store>>(Partition)> make_store;
  // Takes each list as it would have been published; false ends the replay as cancelled.
  std::function<bool(std::string_view list)> told;
  // Called now and then; `fraction` of the log, where that is known.
  std::function<bool(const WhatIfFigures&, std::optional<double> fraction)> progress;
};

// Fills in `figures` as far as it came, also where it ends with an error. Errors as replay_as_logged's.
absl::Status what_if_on_bus(bus::Bus& bus, const WhatIfOptions& options, Metrics& metrics, WhatIfFigures& figures);

// `lines` gives the records in their order.
absl::Status what_if_of_lines(ingest::Adapter& lines, const WhatIfOptions& options, Metrics& metrics,
                              WhatIfFigures& figures);

}  // namespace riffle::replay
