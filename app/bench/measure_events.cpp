#include "app/bench/catch_up.h"
#include "app/bench/measurements.h"
#include "base/errors.h"

namespace riffle::app::bench {
namespace {

constexpr double kWarm = .3;              // of the events, before measuring begins
constexpr double kLatestStart = .6;       // later, too little is left to measure

}  // namespace

absl::Status measure_events(Stage& stage, std::size_t events, Figures& figures) {
  RIFFLE_RETURN_IF_ERROR(stage.publish_catalogue());
  RIFFLE_RETURN_IF_ERROR(stage.publish_events(events));
  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  const auto all = static_cast<double>(events);
  RIFFLE_ASSIGN_OR_RETURN(const CatchUp caught_up, catch_up(stage, events, kWarm * all, kLatestStart * all));
  RIFFLE_RETURN_IF_ERROR(check_results(stage, events));

  figures.add("events_per_core_second", caught_up.events / caught_up.cpu.count());
  figures.add("events_per_second", caught_up.events / caught_up.wall.count());
  figures.add("events_cores", caught_up.cpu / caught_up.wall);
  figures.add("rss_bytes", static_cast<double>(stage.worker().resident_bytes()));
  figures.add("peak_rss_bytes", static_cast<double>(stage.worker().peak_resident_bytes()));
  RIFFLE_RETURN_IF_ERROR(stage.stop_worker());
  figures.add("state_bytes", static_cast<double>(stage.state_bytes()));

  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  figures.add("start_seconds", stage.start_seconds());
  return stage.stop_worker();
}

}  // namespace riffle::app::bench
