// One of Riffle's policies, of one slot, over a stream: score, explore, draw, learn from what was earned, decision by
// decision.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bench/vw/stream.h"
#include "learner/options.h"
#include "serving/options.h"

namespace riffle::bench {

struct BanditOptions {
  std::string scorer = "linear";        // linear | logistic | linear_arms | arms
  serving::ExplorerOptions explorer;
  learner::LearnerOptions learner;      // a decision every 100 ms of event time: half-lives count decisions
};

// "scorer=linear,explorer=squarecb,gamma_scale=100,half_life=5000,…"; half_life in decisions, 0: never forget.
absl::StatusOr<BanditOptions> parse_bandit(const std::string& text);

struct BanditResult {
  double regret = 0;    // mean, of a decision
  double reward = 0;    // likewise
  double seconds = 0;   // of all decisions
};
BanditResult run_bandit(const Stream& stream, const BanditOptions& options, std::uint64_t seed);

}  // namespace riffle::bench
