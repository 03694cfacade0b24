// A policy in a simulated world, in this process, as fast as it goes: `uniform` and `oracle` choose from the world itself, any
// other name is a Riffle's (app/simulate/in_process.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/simulate/cold_items.h"
#include "app/simulate/oracle_share.h"
#include "app/simulate/tally.h"
#include "config/config.h"

namespace riffle::app {

// What is reckoned of a run beside its figures; it costs time.
struct SimulationDetail {
  std::size_t slices = 0;        // parts of the span
  bool cold_items = false;       // of a Riffle's
};

struct SimulatedRun {
  std::string policy;
  std::uint64_t seed = 0;
  SimulationFigures figures;
  std::uint64_t steps = 0;       // lists that were looked at, bots' included
  std::uint64_t events = 0;      // of a Riffle's: that it was told
  std::uint64_t version = 0;     // of a Riffle's: versions learned
  double seconds = 0;            // wall time, without making the world
  std::vector<std::pair<std::string, std::uint64_t>> incidents;  // of its trainer, those that happened
  std::vector<OracleShare::Slice> slices;
  std::vector<ColdItem> cold_items;
};

// Simulated time begins here: a Monday, 2026-01-05 00:00 UTC.
constexpr TimePoint kSimulationStart = from_ms(1'767'571'200'000);

// uniform: list_length items drawn alike. oracle: the list that the user would most likely take something from now, by the
// world's own probabilities. Else the policy of that name in the configuration, or one with the scorer of that name.
//   InvalidArgument  no such policy or scorer, or a world that cannot be
//   Cancelled        `stop` answered true
absl::StatusOr<SimulatedRun> simulate(const config::Config& config, const std::string& policy,
                                      const std::function<bool()>& stop, const std::function<void(double)>& progress,
                                      const SimulationDetail& detail = {});

// The policy that the name means; InvalidArgument: none, with the nearest.
absl::StatusOr<serving::PolicyOptions> simulated_policy(const config::Config& config, const std::string& name);

}  // namespace riffle::app
