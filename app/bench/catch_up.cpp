#include "app/bench/catch_up.h"

#include "absl/strings/str_cat.h"
#include "app/metric_text.h"
#include "base/errors.h"

namespace riffle::app::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr Milliseconds kApplied{100};     // between two looks at a page, which costs the worker a millisecond
constexpr Milliseconds kCommitted{10};    // between two questions to the broker, which cost it nothing

// Adds what the worker's page says, `sign` times.
absl::Status add_epochs(Stage& stage, double sign, CatchUp& caught_up) {
  RIFFLE_ASSIGN_OR_RETURN(const std::string page, stage.worker().metrics_page());
  caught_up.rows += sign * metric_sum(page, "riffle_epoch_rows_total");
  caught_up.row_bytes += sign * metric_sum(page, "riffle_epoch_row_bytes_total");
  caught_up.records += sign * metric_sum(page, "riffle_epoch_records_total");
  return absl::OkStatus();
}

}  // namespace

absl::Status check_results(Stage& stage, std::uint64_t events) {
  RIFFLE_ASSIGN_OR_RETURN(const std::string page, stage.worker().metrics_page());
  const WorkloadCounts& counts = stage.workload().counts();
  const double accepted = metric_sum(page, R"(riffle_events_consumed_total{result="accepted"})");
  const double duplicates = metric_sum(page, R"(riffle_events_consumed_total{result="duplicate"})");
  const double refused = metric_sum(page, "riffle_dead_letters_total");
  const auto expected = static_cast<double>(events - counts.duplicates - counts.malformed);
  if (accepted == expected && duplicates == static_cast<double>(counts.duplicates) &&
      refused == static_cast<double>(counts.malformed)) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat("wrong results: ", accepted, " accepted, ", duplicates, " duplicates, ", refused,
                                          " dead letters; the workload has ", expected, ", ", counts.duplicates, ", ",
                                          counts.malformed));
}

absl::Status await_committed(Stage& stage, std::uint64_t events) {
  return stage.await_count("all events to be committed", kCommitted, events, [&]() { return stage.committed_events(); });
}

absl::StatusOr<CatchUp> catch_up(Stage& stage, std::uint64_t total, double warm, double latest) {
  double begun_at = 0;
  std::chrono::duration<double> cpu{};
  Steady::time_point began;
  RIFFLE_RETURN_IF_ERROR(stage.await("the first events to be applied", kApplied, [&]() -> absl::StatusOr<bool> {
    // The clocks first: what the worker does meanwhile is paid for and not counted.
    cpu = stage.worker().cpu_time();
    began = Steady::now();
    RIFFLE_ASSIGN_OR_RETURN(begun_at, stage.metric("riffle_events_consumed_total"));
    return begun_at >= warm;
  }));
  if (begun_at > latest) {
    return absl::InvalidArgumentError(absl::StrCat("the worker had applied ", begun_at, " of ", total,
                                                   " events before they could be measured: give it more --events"));
  }
  CatchUp caught_up;
  RIFFLE_RETURN_IF_ERROR(add_epochs(stage, -1, caught_up));
  RIFFLE_RETURN_IF_ERROR(await_committed(stage, total));
  caught_up.events = static_cast<double>(total) - begun_at;
  caught_up.cpu = stage.worker().cpu_time() - cpu;
  caught_up.wall = Steady::now() - began;
  RIFFLE_RETURN_IF_ERROR(add_epochs(stage, 1, caught_up));
  return caught_up;
}

}  // namespace riffle::app::bench
