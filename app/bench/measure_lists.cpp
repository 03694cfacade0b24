#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "app/bench/measurements.h"
#include "app/metric_text.h"
#include "base/errors.h"

namespace riffle::app::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr Milliseconds kWarmPause{50};
constexpr Milliseconds kPause{5};         // between two questions to the broker

// The page's lines of one metric, to be looked at by a person.
std::string lines_of(const std::string& page, const std::string& name) {
  std::string lines;
  for (const absl::string_view line : absl::StrSplit(page, '\n'))
    if (absl::StartsWith(line, name)) absl::StrAppend(&lines, "\n  ", line);
  return lines;
}

// Sends the requests and waits for the end of all that they cause.
absl::Status burst(Stage& stage, std::uint64_t first, std::size_t count) {
  RIFFLE_RETURN_IF_ERROR(stage.publish_requests(first, count));
  const std::uint64_t all = first + count;
  RIFFLE_RETURN_IF_ERROR(stage.await("all lists to be published", kPause, [&]() -> absl::StatusOr<bool> {
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t written, stage.lists_written());
    return written >= all;
  }));
  return stage.await("the requests to be committed", kPause, [&]() -> absl::StatusOr<bool> {
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t committed, stage.committed_requests());
    return committed >= all;
  });
}

}  // namespace

absl::Status warm_worker(Stage& stage, std::size_t history) {
  RIFFLE_RETURN_IF_ERROR(stage.publish_catalogue());
  RIFFLE_RETURN_IF_ERROR(stage.publish_events(history));
  RIFFLE_RETURN_IF_ERROR(stage.start_worker());
  RIFFLE_RETURN_IF_ERROR(stage.await("the history to be committed", kWarmPause, [&]() -> absl::StatusOr<bool> {
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t committed, stage.committed_events());
    return committed >= history;
  }));
  // Candidates come from statistics that have gone over the bus and were merged.
  return stage.await("the items' statistics", kWarmPause, [&]() -> absl::StatusOr<bool> {
    RIFFLE_ASSIGN_OR_RETURN(const double merged, stage.metric("riffle_statistics_items"));
    return merged >= static_cast<double>(stage.workload().counts().items);
  });
}

absl::Status measure_lists(Stage& stage, std::size_t history, std::size_t requests, Figures& figures) {
  RIFFLE_RETURN_IF_ERROR(warm_worker(stage, history));
  // The first lists say that nothing is learned yet; those measured are made by a policy that has.
  const std::size_t first = std::max<std::size_t>(1, requests / 10), warm = 2 * first;
  RIFFLE_RETURN_IF_ERROR(burst(stage, 0, first));
  RIFFLE_RETURN_IF_ERROR(stage.await("a version of the policy", kWarmPause, [&]() -> absl::StatusOr<bool> {
    RIFFLE_ASSIGN_OR_RETURN(const double version, stage.metric("riffle_policy_version"));
    return version >= 1;
  }));
  RIFFLE_RETURN_IF_ERROR(burst(stage, first, first));
  RIFFLE_ASSIGN_OR_RETURN(const double degraded_before, stage.metric("riffle_degraded_total"));

  const auto cpu_before = stage.worker().cpu_time();
  const auto began = Steady::now();
  RIFFLE_RETURN_IF_ERROR(burst(stage, warm, requests));
  const std::chrono::duration<double> cpu = stage.worker().cpu_time() - cpu_before;
  const std::chrono::duration<double> wall = Steady::now() - began;

  RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t lists, stage.lists_written());
  RIFFLE_ASSIGN_OR_RETURN(const std::string page, stage.worker().metrics_page());
  const double refused = metric_sum(page, "riffle_dead_letters_total") - static_cast<double>(stage.workload().counts().malformed);
  const double degraded = metric_sum(page, "riffle_degraded_total") - degraded_before;
  if (lists != warm + requests || refused != 0 || degraded != 0) {
    return absl::InternalError(absl::StrCat("wrong results: ", lists, " lists for ", warm + requests, " requests, ", refused,
                                            " refused, ", degraded, " degraded", lines_of(page, "riffle_degraded_total"),
                                            lines_of(page, "riffle_dead_letters_total")));
  }
  const auto count = static_cast<double>(requests);
  figures.add("lists_per_core_second", count / cpu.count());
  figures.add("lists_per_second", count / wall.count());
  figures.add("lists_cores", cpu / wall);
  figures.add("list_candidates", metric_sum(page, "riffle_candidates_sum") / metric_sum(page, "riffle_candidates_count"));
  return stage.stop_worker();
}

}  // namespace riffle::app::bench
