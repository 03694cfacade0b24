#include "evaluation/models/position_means.h"

#include <algorithm>

#include "evaluation/models/reward_model.h"

namespace riffle::evaluation {

std::size_t fold_of(std::uint64_t cluster, std::size_t folds) {
  // The finaliser of SplitMix64: clusters may be 1, 2, 3 …
  std::uint64_t z = cluster + 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<std::size_t>((z ^ (z >> 31)) % folds);
}

void PositionMeans::learn(const LoggedRound& round, std::size_t fold) {
  std::vector<Sum>& sums = sums_[fold];
  for (const LoggedSlot& slot : round.slots) {
    if (sums.size() <= slot.position) sums.resize(slot.position + 1);
    sums[slot.position].reward += slot.reward;
    sums[slot.position].slots += 1;
  }
}

void PositionMeans::fit() {
  std::size_t positions = 0;
  for (const auto& sums : sums_) positions = std::max(positions, sums.size());
  cumulative_.assign(folds_, std::vector<double>(positions + 1, 0));
  overall_.assign(folds_, 0);
  for (std::size_t fold = 0; fold < folds_; ++fold) {
    Sum all;
    for (std::size_t k = 0; k < positions; ++k) {
      Sum sum;
      for (std::size_t other = 0; other < folds_; ++other) {
        if ((folds_ > 1 && other == fold) || k >= sums_[other].size()) continue;
        sum.reward += sums_[other][k].reward;
        sum.slots += sums_[other][k].slots;
      }
      cumulative_[fold][k + 1] = cumulative_[fold][k] + (sum.slots > 0 ? sum.reward / sum.slots : 0);
      all.reward += sum.reward;
      all.slots += sum.slots;
    }
    overall_[fold] = all.slots > 0 ? all.reward / all.slots : 0;
  }
}

double PositionMeans::below(const LoggedRound& round, std::size_t slot, std::size_t fold) const {
  // The slots of a slate are at 0, 1, 2 …; a round of one slot has none below, wherever it stood.
  if (slot + 1 >= round.slots.size()) return 0;
  return cumulative_[fold][round.slots.size()] - cumulative_[fold][slot + 1];
}

}  // namespace riffle::evaluation
