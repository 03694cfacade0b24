// An explicit distribution over what may be put into one slot: the same small mass for everything allowed, and peaks on
// a few items. Written so, drawing and the drawn item's exact probability cost the peaks and not the candidates.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace riffle::serving {

struct Distribution {
  double everywhere = 0;                                 // of each allowed item
  std::vector<std::pair<std::uint32_t, double>> peaks;   // item, what it has beyond `everywhere`; each item once
  std::uint32_t best = 0;                                // the greedy choice

  void clear(std::uint32_t greedy_choice) {
    everywhere = 0;
    peaks.clear();
    best = greedy_choice;
  }
};

double probability(const Distribution& distribution, std::uint32_t item);

// explore · p + (1 − explore) · greedy; explore ∈ [0, 1].
void scale_exploration(Distribution& distribution, double explore);

// Draws an item of `allowed`, over which the distribution sums to 1. Takes one random number.
std::uint32_t draw(const Distribution& distribution, std::span<const std::uint32_t> allowed, Rng& rng);

}  // namespace riffle::serving
