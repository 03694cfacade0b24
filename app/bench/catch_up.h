// How long and how much CPU time a worker takes to catch up with events that wait for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "app/bench/stage.h"

namespace riffle::app::bench {

struct CatchUp {
  double events = 0;                         // applied and committed meanwhile
  std::chrono::duration<double> cpu{};       // of the worker's process, user and system
  std::chrono::duration<double> wall{};
  // What epochs did for them: rows written, their bytes, and records published (an epoch under way at the beginning counts here whole).
  double rows = 0, row_bytes = 0, records = 0;
};

// With `total` events published and the worker running: from the moment that `warm` of them are applied until every offset
// is committed. InvalidArgument where `latest` were applied before measuring could begin: too little is left to measure.
absl::StatusOr<CatchUp> catch_up(Stage& stage, std::uint64_t total, double warm, double latest);

// Waits until the worker has committed so many events.
absl::Status await_committed(Stage& stage, std::uint64_t events);

// Duplicates, dead letters and accepted events are as many as the workload's first `events` have, since the worker started.
absl::Status check_results(Stage& stage, std::uint64_t events);

}  // namespace riffle::app::bench
