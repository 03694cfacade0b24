// One distribution a position, the same in every round; of rounds with one slot.
#pragma once

#include <string>
#include <vector>

#include "evaluation/targets/target.h"

namespace riffle::evaluation {

class FixedTarget final : public Target {
 public:
  // `positions`: by position from 0, by action as the log numbers them.
  FixedTarget(std::vector<std::vector<double>> positions, std::string description)
      : positions_(std::move(positions)), description_(std::move(description)) {}

  Unanswerable weigh(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                     std::vector<TargetSlot>& out) override;
  void ask_at_end(SupportTally& support) const override;
  std::string description() const override { return description_; }

 private:
  std::vector<std::vector<double>> positions_;
  std::string description_;
};

}  // namespace riffle::evaluation
