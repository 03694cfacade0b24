#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "app/bench/catch_up.h"
#include "app/bench/measurements.h"
#include "base/errors.h"

namespace riffle::app::bench {
namespace {

constexpr std::size_t kAtOnce = 4'000'000;   // published and caught up with, so that no backlog outlives a minute or two

}  // namespace

absl::Status measure_memory(Stage& stage, std::size_t events, std::uint64_t limit_bytes, Figures& figures) {
  RIFFLE_RETURN_IF_ERROR(stage.publish_catalogue());
  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  const auto check_limit = [&]() -> absl::Status {
    const std::uint64_t peak = stage.worker().peak_resident_bytes();
    if (peak <= limit_bytes) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat("the worker took ", peak, " bytes of memory; its limit is ", limit_bytes,
                                                     ": lower state.cached_users, state.cached_items, "
                                                     "state.write_buffer_bytes or epoch.dirty_bytes"));
  };
  for (std::size_t sent = 0; sent < events;) {
    const std::size_t some = std::min(kAtOnce, events - sent);
    RIFFLE_RETURN_IF_ERROR(stage.publish_events(some));
    sent += some;
    RIFFLE_RETURN_IF_ERROR(await_committed(stage, sent));
    RIFFLE_RETURN_IF_ERROR(check_limit());
    stage.err() << "memory: " << sent << " of " << events << " events, peak "
                << (stage.worker().peak_resident_bytes() >> 20) << " MiB" << std::endl;
  }
  RIFFLE_RETURN_IF_ERROR(check_results(stage, events));
  figures.add("memory.peak_rss_bytes", static_cast<double>(stage.worker().peak_resident_bytes()));
  figures.add("memory.rss_bytes", static_cast<double>(stage.worker().resident_bytes()));
  figures.add("memory.event_cpu_us", 1e6 * stage.worker().cpu_time().count() / static_cast<double>(events));
  RIFFLE_RETURN_IF_ERROR(stage.stop_worker());
  figures.add("memory.state_bytes", static_cast<double>(stage.state_bytes()));

  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  figures.add("memory.start_seconds", stage.start_seconds());
  figures.add("memory.start_peak_rss_bytes", static_cast<double>(stage.worker().peak_resident_bytes()));
  RIFFLE_RETURN_IF_ERROR(check_limit());
  return stage.stop_worker();
}

}  // namespace riffle::app::bench
