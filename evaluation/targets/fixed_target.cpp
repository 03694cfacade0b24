#include "evaluation/targets/fixed_target.h"

namespace riffle::evaluation {

Unanswerable FixedTarget::weigh(const LoggedRound& round, const RewardModel* model,
                                std::size_t fold, std::vector<TargetSlot>& out) {
  out.clear();
  if (round.outcome != nullptr || round.slots.size() != 1)
    return "a distribution by position says nothing of what follows given slots: it is for "
           "lists with one slot";
  const LoggedSlot& slot = round.slots[0];
  if (slot.position >= positions_.size())
    return "the distribution has no such position";
  const std::vector<double>& distribution = positions_[slot.position];
  TargetSlot& target = out.emplace_back();
  target.probability = slot.action < distribution.size() ? distribution[slot.action] : 0;
  if (model == nullptr || !model->covers(round)) return {};
  target.expected = 0;
  for (std::uint32_t action = 0; action < distribution.size(); ++action)
    if (distribution[action] > 0)
      target.expected += distribution[action] * model->action(round, 0, fold, action);
  return {};
}

void FixedTarget::ask_at_end(SupportTally& support) const {
  for (std::uint32_t position = 0; position < positions_.size(); ++position)
    support.ask_always(position, positions_[position]);
}

}  // namespace riffle::evaluation
