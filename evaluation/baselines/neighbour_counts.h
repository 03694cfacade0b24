// Counts of ordered pairs of items, to be gone through by their first one. Memory: the pairs that occur.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "evaluation/prequential/ledger.h"

namespace riffle::evaluation {

class NeighbourCounts {
 public:
  struct Neighbour {
    ItemIndex item = 0;
    float count = 0;
  };

  void add(ItemIndex from, ItemIndex to, float amount) {
    if (from >= lists_.size()) lists_.resize(from + 1);
    std::vector<Neighbour>& list = lists_[from];
    const std::uint64_t key = std::uint64_t{from} << 32 | to;
    const auto [place, made] = place_.try_emplace(key, static_cast<std::uint32_t>(list.size()));
    if (made) list.push_back({to, 0});
    list[place->second].count += amount;
  }
  std::span<const Neighbour> of(ItemIndex from) const {
    if (from >= lists_.size()) return {};
    return lists_[from];
  }
  std::size_t memory_bytes() const {
    std::size_t bytes = lists_.capacity() * sizeof(lists_[0]) + place_.capacity() * 17;
    for (const auto& list : lists_) bytes += list.capacity() * sizeof(Neighbour);
    return bytes;
  }

 private:
  std::vector<std::vector<Neighbour>> lists_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> place_;  // first and second item → place in the first one's list
};

}  // namespace riffle::evaluation
