// Category caps: at most `most` items of one category among any `window` neighbouring slots. A mask over candidates, so it
// composes with every scorer, diversifier and explorer (FORMULAS 3.1).
//
//   depth 1, most 1, window 2: [shoes, bags, shoes, …] is fine, [shoes, shoes, …] is not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "serving/options.h"
#include "serving/scratch_map.h"

namespace riffle::serving {

class CategoryCaps {
 public:
  // `paths`: one a candidate, every prefix of its category path from the top; empty: no category, which is never capped.
  // A path shorter than a cap's depth counts by its end.
  void reset(std::span<const CategoryCap> caps, std::span<const std::span<const CategoryKey>> paths);
  bool allows(std::uint32_t candidate) const;
  // The candidate was put into the next slot.
  void add(std::uint32_t candidate);

 private:
  struct Counted {
    CategoryCap cap;
    std::vector<std::uint32_t> category;   // by candidate: small number of its category + 1; 0: none
    std::vector<std::uint32_t> count;      // by that number, in the last window − 1 slots
    std::vector<std::uint32_t> slots;      // that number by slot filled
  };
  std::vector<Counted> counted_;
  ScratchMap<std::uint32_t> numbers_;
};

}  // namespace riffle::serving
