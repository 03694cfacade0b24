// Adds up, over the user's recent items, what is said of their neighbours: the part that co-visitation and sequences have
// in common.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "serving/candidate.h"
#include "serving/sources/neighbour_lists.h"

namespace riffle::serving {

class NeighbourSums {
 public:
  struct Sum {
    float total = 0;
    float best = 0;               // the largest part of it …
    std::uint32_t best_recent = 0;  // … and the recent item that it came from
  };

  explicit NeighbourSums(NeighbourLists::Member neighbours) : lists_(neighbours) {}

  // Σ over recent items j (the k-th newest), over j's rows in all shards: weights[k] · neighbour weight decayed to now.
  void add_up(const SourceInput& input, std::span<const float> weights);

  // The numbers of the `most` neighbours of largest sum and up to kMore of those next to them (all, where there are fewer), met,
  // in no particular order but always the same; `sums` has their sums.
  void largest(std::size_t most, CandidatePool& pool, std::vector<std::uint32_t>& items, std::vector<Sum>& sums);

 private:
  static constexpr std::size_t kMore = 8;  // so many are taken along sooner than told apart
  NeighbourLists lists_;
  std::vector<std::uint64_t> places_;                    // by item: stamp, place below
  std::uint32_t stamp_ = 0;
  std::vector<std::uint32_t> items_;                     // in the order in which they were met
  std::vector<Sum> sums_;
  std::vector<float> totals_;                            // padded
  std::vector<std::uint32_t> order_;                     // places
};

}  // namespace riffle::serving
