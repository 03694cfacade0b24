#include "serving/explorers/distribution.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace riffle::serving {

double probability(const Distribution& distribution, std::uint32_t item) {
  for (const auto& [peak, mass] : distribution.peaks)
    if (peak == item) return distribution.everywhere + mass;
  return distribution.everywhere;
}

void scale_exploration(Distribution& distribution, double explore) {
  RIFFLE_CHECK(explore >= 0 && explore <= 1, "explore", explore);
  if (explore == 1) return;
  distribution.everywhere *= explore;
  bool met = false;
  for (auto& [item, mass] : distribution.peaks) {
    mass *= explore;
    if (item == distribution.best) {
      mass += 1 - explore;
      met = true;
    }
  }
  if (!met) distribution.peaks.emplace_back(distribution.best, 1 - explore);
}

std::uint32_t draw(const Distribution& distribution, std::span<const std::uint32_t> allowed, Rng& rng) {
  RIFFLE_CHECK(!allowed.empty(), "nothing to draw from");
  double rest = rng.uniform();
  for (const auto& [item, mass] : distribution.peaks) {
    if (rest < mass) return item;
    rest -= mass;
  }
  // What is left belongs to `everywhere`; where that is nothing, rounding has carried us past the last peak.
  if (distribution.everywhere <= 0) return distribution.best;
  const auto place = static_cast<std::size_t>(std::floor(rest / distribution.everywhere));
  return allowed[std::min(place, allowed.size() - 1)];
}

}  // namespace riffle::serving
