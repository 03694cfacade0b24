// Always the candidate with the highest logged score among those that are left: what the logged scorer would show
// without chance, diversity and caps. Only fully logged decisions tell; others are no evidence. A reference for `riffle
// log check`.
#pragma once

#include "evaluation/targets/target.h"

namespace riffle::evaluation {

class GreedyTarget final : public Target {
 public:
  Unanswerable weigh(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                     std::vector<TargetSlot>& out) override;
  bool concerns(const LoggedRound& round) const override {
    return round.outcome != nullptr && round.outcome->fully_logged();
  }
  std::string description() const override { return "greedy by the logged scores"; }
};

}  // namespace riffle::evaluation
