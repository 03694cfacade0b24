// The logging policy's marginal propensities of what it put into each slot (evaluation/slate_sampler.h): as the log says them
// (JSON lines), or by drawing lists as it would have made them, from what a fully logged decision's choice depended on.
#pragma once

#include <vector>

#include "evaluation/slate_sampler.h"
#include "evaluation/targets/target.h"
#include "serving/choice_log.h"

namespace riffle::evaluation {

// One thread; keeps its memory from round to round.
class LoggingMarginals {
 public:
  // False: the round is no evidence either way: not fully logged, by a hash's choice.
  static bool concerns(const LoggedRound& round) { return round.outcome == nullptr || round.outcome->fully_logged(); }

  // Replaces `out`. Not empty: why they cannot be told; a list whose logged propensities are not those that its log makes again,
  // too.
  Unanswerable find(const LoggedRound& round, const SlateDraws& draws, SlateMarginals& out);

 private:
  bool makes_again(const serving::SlateInput& input, const LoggedRound& round);

  serving::LoggedChoice choice_;
  serving::SlateBuilder builder_;
  SlateSampler sampler_;
  std::vector<std::uint32_t> chosen_;
};

}  // namespace riffle::evaluation
