#include "app/demo/report.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace riffle::app {
namespace {

// ClickRates of the driver has 20 slices: quarters are five each.
constexpr std::size_t kQuarter = 5;
struct Span {
  const char* name;
  std::size_t first, last;
};
constexpr Span kSpans[] = {{"second_quarter", kQuarter, 2 * kQuarter}, {"last_quarter", 3 * kQuarter, 4 * kQuarter}};

std::array<std::pair<const char*, PolicyId>, 4> in_order(const DemoArms& arms) {
  return {{{"learner", arms.learner}, {"popularity", arms.popularity}, {"random", arms.random}, {"oracle", arms.oracle}}};
}

double distance_of(const DriverFigures& figures, const PolicyId& arm) {
  const auto lists = figures.arm_lists.find(arm);
  if (lists == figures.arm_lists.end() || lists->second == 0) return 0;
  return figures.distance_sum.at(arm) / static_cast<double>(lists->second);
}

std::string estimate_json(const simulation::Estimate& e) {
  return absl::StrFormat("{\"mean\":%.6f,\"low\":%.6f,\"high\":%.6f,\"clicks\":%d,\"slots\":%d,\"users\":%d}", e.mean, e.low,
                         e.high, e.clicks, e.slots, e.users);
}

template <class F>
std::string by_arm(const DemoArms& arms, F&& value) {
  std::string json = "{";
  for (const auto& [name, arm] : in_order(arms)) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", "\"", name, "\":", value(arm));
  }
  return json + "}";
}

double rate(std::uint64_t count, double seconds) { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }

}  // namespace

Latency latency_of(std::vector<float> samples) {
  if (samples.empty()) return {};
  const auto quantile = [&](double q) {
    const auto at = samples.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(samples.size() - 1));
    std::nth_element(samples.begin(), at, samples.end());
    return static_cast<double>(*at);
  };
  return {quantile(.5), quantile(.99)};
}

double recovery_of(const simulation::ClickRates& rates, const DemoArms& arms) {
  const auto share = [&](const Span& span) {
    const double oracle = rates.ctr(arms.oracle, span.first, span.last).mean;
    return oracle > 0 ? rates.ctr(arms.learner, span.first, span.last).mean / oracle : 0;
  };
  const double before = share(kSpans[0]);
  return before > 0 ? share(kSpans[1]) / before : 0;
}

std::string demo_table(const Driver& driver, const DemoArms& arms, std::size_t items) {
  const DriverFigures& figures = driver.figures();
  // The newest lists only: what it is like now.
  const std::size_t recent = std::min<std::size_t>(figures.latency_ms.size(), 5000);
  const Latency latency = latency_of({figures.latency_ms.end() - static_cast<std::ptrdiff_t>(recent), figures.latency_ms.end()});
  std::string table = absl::StrFormat(
      "%5.1f s  %3.0f %% of simulated time%s  %.0f events/s  %.0f lists/s  request to list p50 %.1f ms p99 %.1f ms\n", figures.seconds,
      100 * figures.fraction, figures.fraction >= .5 ? " (tastes have drifted)" : "", rate(figures.events, figures.seconds),
      rate(figures.lists, figures.seconds), latency.p50_ms, latency.p99_ms);
  absl::StrAppendFormat(&table, "%-11s %8s %22s %8s %10s %9s %8s\n", "arm", "CTR", "95 % by user", "lists", "distance",
                        "coverage", "version");
  for (const auto& [name, arm] : in_order(arms)) {
    const simulation::Estimate ctr = driver.rates().ctr(arm);
    const auto version = figures.policy_version.find(arm);
    const auto lists = figures.arm_lists.find(arm);
    absl::StrAppendFormat(&table, "%-11s %7.3f%% %10.3f%% – %7.3f%% %8d %10.3f %8.0f%% %8d\n", name, 100 * ctr.mean,
                          100 * ctr.low, 100 * ctr.high, lists == figures.arm_lists.end() ? 0 : lists->second,
                          distance_of(figures, arm),
                          100 * static_cast<double>(driver.rates().coverage(arm)) / static_cast<double>(std::max<std::size_t>(1, items)),
                          version == figures.policy_version.end() ? 0 : version->second);
  }
  return table;
}

std::string demo_json(const Driver& driver, const DemoArms& arms, std::size_t items, std::uint64_t seed) {
  const DriverFigures& figures = driver.figures();
  const simulation::ClickRates& rates = driver.rates();
  const Latency latency = latency_of(figures.latency_ms);
  std::string json = absl::StrFormat("{\"seed\":%d,\"seconds\":%.2f,", seed, figures.seconds);
  absl::StrAppend(&json, "\"ctr\":", by_arm(arms, [&](const PolicyId& arm) { return estimate_json(rates.ctr(arm)); }));
  absl::StrAppend(&json, ",\"spans\":{");
  for (const Span& span : kSpans) {
    absl::StrAppend(&json, &span == kSpans ? "" : ",", "\"", span.name, "\":", by_arm(arms, [&](const PolicyId& arm) {
                      return estimate_json(rates.ctr(arm, span.first, span.last));
                    }));
  }
  absl::StrAppend(&json, "},\"recovery\":", absl::StrFormat("%.4f", recovery_of(rates, arms)));
  absl::StrAppend(&json, ",\"ild\":", by_arm(arms, [&](const PolicyId& arm) {
                    return absl::StrFormat("%.4f", distance_of(figures, arm));
                  }));
  absl::StrAppend(&json, ",\"coverage\":", by_arm(arms, [&](const PolicyId& arm) {
                    return absl::StrFormat("%.4f", static_cast<double>(rates.coverage(arm)) /
                                                       static_cast<double>(std::max<std::size_t>(1, items)));
                  }));
  absl::StrAppend(&json, ",\"policy_version\":", by_arm(arms, [&](const PolicyId& arm) {
                    const auto it = figures.policy_version.find(arm);
                    return absl::StrCat(it == figures.policy_version.end() ? 0 : it->second);
                  }));
  absl::StrAppendFormat(&json,
                        ",\"events\":%d,\"lists\":%d,\"events_per_second\":%.1f,\"lists_per_second\":%.1f,"
                        "\"latency_ms\":{\"p50\":%.3f,\"p99\":%.3f},\"simulated_fraction\":%.4f}",
                        figures.events, figures.lists, rate(figures.events, figures.seconds),
                        rate(figures.lists, figures.seconds), latency.p50_ms, latency.p99_ms, figures.fraction);
  return json;
}

}  // namespace riffle::app
