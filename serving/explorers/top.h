// The m best of what is allowed, without sorting the rest: a slot of a list costs half a microsecond among 200 candidates.
#pragma once

#include <cstdint>
#include <vector>

#include "serving/explorers/explorer.h"

namespace riffle::serving {

// One thread; keeps its memory between slots.
class TopSelector {
 public:
  // Exactly the min(m, |allowed|) best by is_better, the best first and the others in no particular order (but the same for
  // the same choices). m ≥ 1. Valid until the next call.
  const std::vector<std::uint32_t>& select(const SlotChoices& choices, std::size_t m);

 private:
  std::vector<float> masked_;            // where the caller has none
  std::vector<std::uint32_t> top_;
};

}  // namespace riffle::serving
