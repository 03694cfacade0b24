// How unlike the items of a list are, on category and on title, each by itself: diversity is reported on these and not on
// the kernel that it was optimised on (DESIGN §6).
//
//   ILD = 2/(k(k−1)) Σ_{i<j} (1 − sim_ij)        (FORMULAS 3.2), over the items whose category (title) is known
//   category: sim = 2·(length of the common path) / (length of one + length of the other)
//   title:    sim = |words in common| / √(|words of one| · |words of the other|)
#pragma once

#include <optional>
#include <span>

#include "features/catalogue.h"

namespace riffle::serving {

struct SlateDistance {
  double mean = 0;      // ILD
  double smallest = 0;  // of two items: what shows twins
};

// None: fewer than two items are known.
std::optional<SlateDistance> category_distances(std::span<const features::CatalogueItem* const> slate);
std::optional<SlateDistance> title_distances(std::span<const features::CatalogueItem* const> slate);
// The means alone.
std::optional<double> category_distance(std::span<const features::CatalogueItem* const> slate);
std::optional<double> title_distance(std::span<const features::CatalogueItem* const> slate);

}  // namespace riffle::serving
