// A target that the log brings along: `target_propensity` of what was shown, and where reward models
// are to say what the target would earn, `target`, its whole distribution, of rounds with one slot.
#pragma once

#include "evaluation/targets/target.h"

namespace riffle::evaluation {

class LoggedTarget final : public Target {
 public:
  Unanswerable weigh(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                     std::vector<TargetSlot>& out) override;
  Unanswerable marginals(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                         const SlateDraws& draws, SlateMarginals& out) override;
  void ask(const LoggedRound& round, SupportTally& support) const override;
  std::string description() const override { return "as the log's lines say"; }
};

}  // namespace riffle::evaluation
