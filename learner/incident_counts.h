// What the trainers of one policy had to give up, as the metric riffle_learner_incidents_total{policy,kind}. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "learner/trainer.h"

namespace riffle::learner {

class IncidentCounts {
 public:
  // `metrics` outlives it. `policy`: the label.
  IncidentCounts(Metrics& metrics, std::string policy) : metrics_(&metrics), policy_(std::move(policy)) {}

  // Of trainers, which count from when they were made: what came since it was told last.
  void note(const std::vector<TrainerIncident>& incidents) {
    for (const auto& [kind, count] : incidents) {
      auto& noted = noted_[kind];
      if (count > noted) add(kind, count - noted);
      noted = count;
    }
  }
  void add(std::string_view kind, std::uint64_t times) {
    metrics_
        ->counter("riffle_learner_incidents_total", "What trainers had to give up, by kind",
                  {{"policy", policy_}, {"kind", std::string(kind)}})
        .Increment(static_cast<double>(times));
  }

 private:
  Metrics* metrics_;
  std::string policy_;
  std::map<std::string_view, std::uint64_t> noted_;
};

}  // namespace riffle::learner
