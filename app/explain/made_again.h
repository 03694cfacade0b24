// A logged decision made again, as far as the log has what it depended on, and held against what was logged: the scores
// of the logged candidates by the policy's saved version; and, of fully logged ones, the probability of every slot
// (evaluation/targets/policy_target.h says of which not).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/explain/found_decision.h"
#include "bus/bus.h"
#include "config/config.h"

namespace riffle::app {

struct MadeAgain {
  std::string why_no_scores;                   // empty: they were made again
  std::string scorer;                          // by which, with its version
  std::uint64_t scores = 0, scores_equal = 0;  // equal to 1e-6 of the larger one
  double largest_score_difference = 0;

  std::string why_no_propensities;   // empty: they were made again
  std::vector<double> propensities;  // by slot
  double largest_propensity_difference = 0;
};

// `bus`: where the policies are; null: `why_no_bus` says why it is not there.
MadeAgain make_again(const FoundDecision& found, const config::Config& config, bus::Bus* bus,
                     const std::string& why_no_bus);

}  // namespace riffle::app
