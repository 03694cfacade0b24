// What a source gives of all that it found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "serving/candidate.h"

namespace riffle::serving {

// The `wanted` best of distinct items, in order: by score, which is finite, equal scores by item key.
class BestItems {
 public:
  void keep(std::size_t wanted, const CandidatePool& pool, std::vector<SourcedItem>& items);

 private:
  void read_scores(const std::vector<SourcedItem>& items);

  // How many are better is an item's place. Up to so many items counting them all, eight at a time and without a branch, is
  // faster than sorting.
  static constexpr std::size_t kCounted = 400;
  std::vector<float> scores_;            // padded
  std::vector<std::uint32_t> kept_;      // places of the largest
  std::vector<SourcedItem> ranked_;
  std::vector<std::uint32_t> ranks_;     // how many are above each
  // Those who share a rank: by rank the last of them, by item the one before it.
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::vector<std::uint32_t> last_, before_;
};

}  // namespace riffle::serving
