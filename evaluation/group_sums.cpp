#include "evaluation/group_sums.h"

#include <algorithm>
#include <iterator>

namespace riffle::evaluation {

std::size_t GroupSums::group_of(std::uint64_t cluster) {
  // A multiplier of Steele & Vigna 2021, and the high bits: clusters may be 1, 2, 3 … Folds
  // (models/reward_model.h) hash in another way, so that a group is not all of one fold.
  std::uint64_t z = (cluster ^ (cluster >> 32)) * 0xD1342543DE82EF95ULL;
  z = (z ^ (z >> 29)) * 0xAEF17502108EF2D9ULL;
  return static_cast<std::size_t>(z >> 52);
}

Stats GroupSums::totals() const {
  Stats totals{};
  for (const Stats& group : groups_)
    for (std::size_t i = 0; i < kStats; ++i) totals[i] += group[i];
  return totals;
}

std::vector<Stats> GroupSums::filled() const {
  std::vector<Stats> filled;
  std::copy_if(groups_.begin(), groups_.end(), std::back_inserter(filled),
               [](const Stats& group) { return group[kRounds] > 0; });
  return filled;
}

}  // namespace riffle::evaluation
