#include "evaluation/targets/greedy_target.h"

namespace riffle::evaluation {

// Of equal scores the slot's own item counts as the best: ties are broken either way.
Unanswerable GreedyTarget::weigh(const LoggedRound& round, const RewardModel*, std::size_t,
                                 std::vector<TargetSlot>& out) {
  out.clear();
  if (round.outcome == nullptr) return "the log does not have the candidates' scores";
  const pb::Outcome& outcome = *round.outcome;
  for (int slot = 0; slot < outcome.slots_size(); ++slot) {
    bool best = true;
    for (const pb::CandidateLog& candidate : outcome.candidates()) {
      if (candidate.score() <= outcome.slots(slot).score()) continue;
      bool above = false;
      for (int k = 0; k < slot; ++k) above |= outcome.slots(k).item_key() == candidate.item_key();
      best &= above;
    }
    out.push_back({.probability = best ? 1.0 : 0.0});
  }
  return {};
}

}  // namespace riffle::evaluation
