#include <cmath>

#include "absl/strings/str_cat.h"
#include "app/bench/measurements.h"
#include "app/metric_text.h"
#include "base/errors.h"

namespace riffle::app::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr double kWarm = .3;              // of the events, before measuring begins
constexpr double kLatestStart = .6;       // later, too little is left to measure
constexpr Milliseconds kApplied{100};     // between two looks at a page, which costs the worker a millisecond
constexpr Milliseconds kCommitted{10};    // between two questions to the broker, which cost it nothing

struct Point {
  double events = 0;
  std::chrono::duration<double> cpu{};
  Steady::time_point at;
};

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

absl::StatusOr<Point> beginning(Stage& stage, std::size_t events) {
  Point point;
  const auto begun = [&]() -> absl::StatusOr<bool> {
    // The clocks first: what the worker does meanwhile is paid for and not counted.
    point.cpu = stage.worker().cpu_time();
    point.at = Steady::now();
    RIFFLE_ASSIGN_OR_RETURN(point.events, stage.metric("riffle_events_consumed_total"));
    return point.events >= kWarm * static_cast<double>(events);
  };
  RIFFLE_RETURN_IF_ERROR(stage.await("the first events to be applied", kApplied, begun));
  if (point.events > kLatestStart * static_cast<double>(events)) {
    return absl::InvalidArgumentError(absl::StrCat("the worker had applied ", point.events, " of ", events,
                                                   " events before they could be measured: give it more --events"));
  }
  return point;
}

}  // namespace

absl::Status measure_events(Stage& stage, std::size_t events, Figures& figures) {
  RIFFLE_RETURN_IF_ERROR(stage.publish_catalogue());
  RIFFLE_RETURN_IF_ERROR(stage.publish_events(events));
  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  RIFFLE_ASSIGN_OR_RETURN(const Point begin, beginning(stage, events));
  RIFFLE_RETURN_IF_ERROR(stage.await("all events to be committed", kCommitted, [&]() -> absl::StatusOr<bool> {
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t committed, stage.committed_events());
    return committed >= events;
  }));
  const std::chrono::duration<double> cpu = stage.worker().cpu_time() - begin.cpu;
  const std::chrono::duration<double> wall = Steady::now() - begin.at;
  RIFFLE_RETURN_IF_ERROR(check_results(stage, events));

  const double applied = static_cast<double>(events) - begin.events;
  figures.add("events_per_core_second", applied / cpu.count());
  figures.add("events_per_second", applied / wall.count());
  figures.add("events_cores", cpu / wall);
  figures.add("rss_bytes", static_cast<double>(stage.worker().resident_bytes()));
  figures.add("peak_rss_bytes", static_cast<double>(stage.worker().peak_resident_bytes()));
  RIFFLE_RETURN_IF_ERROR(stage.stop_worker());
  figures.add("state_bytes", static_cast<double>(stage.state_bytes()));

  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  figures.add("start_seconds", stage.start_seconds());
  return stage.stop_worker();
}

}  // namespace riffle::app::bench
