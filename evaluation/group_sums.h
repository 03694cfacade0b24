// The rounds' sums, by groups of users: what intervals are made from without keeping a round.
//
// A user's rounds are not independent of each other, users are. So users are put into kGroups groups
// by a hash, and groups are what is resampled and what variances are taken over (the method of random
// groups: Wolter 2007, ch. 2). With fewer users than groups nearly every group is one user, and this
// is the clustered bootstrap; with more, a variance is known to about √(2 / kGroups) = 2 % of itself.
//
// Memory: 4,096 groups × 20 sums, whatever the log's length. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluation/estimators.h"

namespace riffle::evaluation {

class GroupSums {
 public:
  static constexpr std::size_t kGroups = 4096;

  GroupSums() : groups_(kGroups, Stats{}) {}

  // Which group a user is in.
  static std::size_t group_of(std::uint64_t cluster);

  // Where a round of this user adds to.
  Stats& of(std::uint64_t cluster) { return groups_[group_of(cluster)]; }

  Stats totals() const;
  // Those that have rounds.
  std::vector<Stats> filled() const;

 private:
  std::vector<Stats> groups_;
};

}  // namespace riffle::evaluation
