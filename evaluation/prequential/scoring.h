// A policy's sums, the ways that reports show them.
#pragma once

#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "evaluation/prequential/user_sums.h"

namespace riffle::evaluation {

// By how often the user had taken anything before: 0 (cold), 1 – 4, 5 – 19, 20 – 99, more.
constexpr std::size_t kActivityGroups = 5;
extern const std::array<std::string_view, kActivityGroups> kActivityNames;
std::size_t activity_group(std::uint64_t taken);
// What was taken, by how often it had been taken before: 0 – 4 (cold), 5 – 19, 20 – 99, more; and never seen at all.
constexpr std::size_t kItemGroups = 5;
extern const std::array<std::string_view, kItemGroups> kItemNames;
std::size_t item_group(bool known, std::uint64_t taken);

struct ItemGroupSums {
  double taken = 0, hits = 0;
};

struct PolicyScores {
  explicit PolicyScores(const std::vector<std::size_t>& ks) : at(ks.size(), Sums{}), spread(ks.size()) {}

  // A few hundred groups are enough for a slice's interval (its error is then known to 6 %).
  static constexpr std::size_t kSliceGroups = 256;

  std::vector<Sums> at;                     // a k
  std::vector<Spread> spread;               // a k
  UserSums users{4096};                     // at the first k, as all that follows
  std::map<std::int64_t, UserSums> slices;  // by the slice's begin, in ms
  std::array<Sums, kActivityGroups> by_activity{};
  std::array<ItemGroupSums, kItemGroups> by_item{};
};

}  // namespace riffle::evaluation
