#include "absl/strings/str_cat.h"
#include "app/bench/catch_up.h"
#include "app/bench/measurements.h"
#include "base/errors.h"

namespace riffle::app::bench {

absl::Status measure_growth(Stage& stage, const std::string& name, std::size_t warm, std::size_t measured,
                            Figures& figures) {
  RIFFLE_RETURN_IF_ERROR(stage.publish_catalogue());
  RIFFLE_RETURN_IF_ERROR(stage.publish_events(warm + measured));
  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  const auto begin = static_cast<double>(warm);
  RIFFLE_ASSIGN_OR_RETURN(const CatchUp caught_up,
                          catch_up(stage, warm + measured, begin, begin + .5 * static_cast<double>(measured)));
  RIFFLE_RETURN_IF_ERROR(check_results(stage, warm + measured));
  const std::string prefix = absl::StrCat("growth_", name, ".");
  figures.add(prefix + "event_cpu_us", 1e6 * caught_up.cpu.count() / caught_up.events);
  figures.add(prefix + "event_rows", caught_up.rows / caught_up.events);
  figures.add(prefix + "event_row_bytes", caught_up.row_bytes / caught_up.events);
  figures.add(prefix + "event_records", caught_up.records / caught_up.events);
  figures.add(prefix + "rss_bytes", static_cast<double>(stage.worker().resident_bytes()));
  return stage.stop_worker();
}

}  // namespace riffle::app::bench
