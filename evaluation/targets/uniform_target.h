// Every slot is drawn evenly over what could have been put there and is not in the slots above.
//
// Of Riffle's own log that is 1 / allowed, caps and rules of the time included. What it would earn is
// estimated from the candidates whose features were logged: all of them, or a uniform sample, whose
// mean is right on average and so leaves DR right. Where more than the slots above was excluded (by
// caps), the log does not say what, and no expectation is given.
#pragma once

#include "evaluation/targets/target.h"
#include "serving/choice_log.h"

namespace riffle::evaluation {

class UniformTarget final : public Target {
 public:
  Unanswerable weigh(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                     std::vector<TargetSlot>& out) override;
  // Without caps each slot is even over all candidates, whatever is above; with caps (of the policy that chose), by drawing.
  Unanswerable marginals(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                         const SlateDraws& draws, SlateMarginals& out) override;
  void ask(const LoggedRound& round, SupportTally& support) const override;
  std::string description() const override { return "uniform over what was allowed"; }

 private:
  Unanswerable weigh_outcome(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                             std::vector<TargetSlot>& out);
  Unanswerable draw_with_caps(const LoggedRound& round, const ModelledRound& modelled, const SlateDraws& draws,
                              SlateMarginals& out);

  serving::LoggedChoice choice_;
  SlateSampler sampler_;
  std::vector<std::uint32_t> chosen_;
};

}  // namespace riffle::evaluation
