// What serving tells Prometheus. riffle_recommend_latency_seconds is the caller's, who has a clock.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/metrics.h"
#include "records/riffle.pb.h"

namespace riffle::serving {

class Probe {
 public:
  explicit Probe(Metrics& metrics);
  // Distances as serving/slate_distance.h gives them. One thread.
  void record(const pb::Decision& decision, std::size_t candidates, std::optional<double> category_distance,
              std::optional<double> title_distance);

 private:
  Counter& counter(absl::flat_hash_map<std::string, Counter*>& known, const std::string& name, const std::string& help,
                   const std::string& label, const std::string& value);

  Metrics& metrics_;
  Histogram& category_distance_;
  Histogram& title_distance_;
  Histogram& propensity_min_;
  Histogram& candidates_;
  absl::flat_hash_map<std::string, Counter*> lists_;      // by policy
  absl::flat_hash_map<std::string, Counter*> degraded_;   // by cause
};

}  // namespace riffle::serving
