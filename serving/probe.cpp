#include "serving/probe.h"

#include <algorithm>

namespace riffle::serving {
namespace {

const std::vector<double> kTenths{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
const std::vector<double> kDecades{1e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0};
const std::vector<double> kCounts{0, 10, 20, 50, 100, 150, 200, 300, 500, 1000};

Histogram& distance(Metrics& metrics, const std::string& kind) {
  return metrics.histogram("riffle_slate_ild", "Mean distance between the items of a list, 0 twins to 1 strangers", kTenths,
                           {{"kind", kind}});
}

}  // namespace

Probe::Probe(Metrics& metrics)
    : metrics_(metrics),
      category_distance_(distance(metrics, "category")),
      title_distance_(distance(metrics, "title")),
      propensity_min_(metrics.histogram("riffle_propensity_min", "Smallest propensity of a list's slots", kDecades)),
      candidates_(metrics.histogram("riffle_candidates", "Candidates that a list was chosen from", kCounts)) {}

Counter& Probe::counter(absl::flat_hash_map<std::string, Counter*>& known, const std::string& name,
                        const std::string& help, const std::string& label, const std::string& value) {
  Counter*& counter = known[value];
  if (!counter) counter = &metrics_.counter(name, help, {{label, value}});
  return *counter;
}

void Probe::record(const pb::Decision& decision, std::size_t candidates, std::optional<double> category_distance,
                   std::optional<double> title_distance) {
  counter(lists_, "riffle_lists_total", "Lists chosen", "policy", decision.policy_id()).Increment();
  for (const std::string& cause : decision.degraded())
    counter(degraded_, "riffle_degraded_total", "Lists that say they are degraded", "reason", cause).Increment();
  candidates_.Observe(static_cast<double>(candidates));
  if (category_distance) category_distance_.Observe(*category_distance);
  if (title_distance) title_distance_.Observe(*title_distance);
  if (decision.slots().empty()) return;
  const auto smallest = std::min_element(
      decision.slots().begin(), decision.slots().end(),
      [](const pb::Slot& a, const pb::Slot& b) { return a.propensity() < b.propensity(); });
  propensity_min_.Observe(smallest->propensity());
}

}  // namespace riffle::serving
