// Which of bounded entries go where one more has no room.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace riffle::learner {

// The keys of the `most` entries of least count (all, where there are fewer); ties by key: the same ones go in every run. `count` is
// asked of an entry's value.
template <class Map, class Count>
std::vector<typename Map::key_type> least_counted(const Map& entries, std::size_t most, const Count& count) {
  using Key = typename Map::key_type;
  std::vector<std::pair<decltype(count(entries.begin()->second)), Key>> by_count;
  by_count.reserve(entries.size());
  for (const auto& [key, value] : entries) by_count.emplace_back(count(value), key);
  std::sort(by_count.begin(), by_count.end());
  std::vector<Key> keys;
  for (std::size_t i = 0; i < std::min(most, by_count.size()); ++i) keys.push_back(by_count[i].second);
  return keys;
}

}  // namespace riffle::learner
