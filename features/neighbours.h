// The neighbour lists of an item's row: what goes together with it, and what follows it
// (FORMULAS 4.1.1, 4.1.2).
//
// Weights lie on the scale of the row's reference time: one event at time t adds amount · 2^((t −
// reference)/h), so that nothing need be touched to let it fade; when the scale has grown by 2^20
// the row is brought forward by whole half-lives, which is exact. Lists are sorted by item key. A
// list may outgrow its bound by half; then the lowest weights go, down to the bound, at once:
// newcomers have that long to prove themselves.
#pragma once

#include <cstddef>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "features/options.h"
#include "records/rows.h"

namespace riffle::features {

// What an event of this weight counts as evidence of a neighbourhood: at most one, whatever the
// type. A purchase makes an item more popular than a click does, but not a pair more of a pair.
inline double neighbour_strength(double weight) {
  return weight <= 0 ? 0 : weight >= 1 ? 1 : weight;
}

// The factor on amounts of time `time` in this row, which is brought forward where its scale has
// grown too large.
double neighbour_scale(records::ItemRow& row, TimePoint time, Milliseconds half_life);

// Adds to one neighbour's weight; `bound` as above.
void add_neighbour(std::vector<records::Neighbour>& list, ItemKey item, double amount,
                   std::size_t bound);

// Tells the processor that add_neighbour() will follow: the rows of one event lie far apart in
// memory.
void expect_neighbour(const std::vector<records::Neighbour>& list, ItemKey item);

// What a weight (or total) of the row is worth at `now`.
double neighbour_worth(const records::ItemRow& row, double weight, TimePoint now,
                       Milliseconds half_life);

}  // namespace riffle::features
