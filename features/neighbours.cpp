#include "features/neighbours.h"

#include <algorithm>

namespace riffle::features {
namespace {

using records::Neighbour;

constexpr double kLargestScale = 20;  // in halvings: floats keep 24 bits, so any bound far below 2^100 would do
// A weight that has faded below this (of 1) says nothing any more; it also keeps floats out of their subnormal range.
constexpr float kForgotten = 0x1p-60F;

void bring_forward(std::vector<Neighbour>& list, int halvings) {
  for (Neighbour& neighbour : list) neighbour.weight = std::ldexp(neighbour.weight, -halvings);
  std::erase_if(list, [](const Neighbour& neighbour) { return neighbour.weight < kForgotten; });
}

// Higher weights first, then lower keys: a total order, so that what is kept does not depend on the algorithm.
bool ranks_before(const Neighbour& a, const Neighbour& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
}

void prune(std::vector<Neighbour>& list, std::size_t bound) {
  if (bound == 0) return list.clear();
  static thread_local std::vector<Neighbour> ranked;
  ranked.assign(list.begin(), list.end());
  const auto last_kept = ranked.begin() + static_cast<std::ptrdiff_t>(bound) - 1;
  std::nth_element(ranked.begin(), last_kept, ranked.end(), ranks_before);
  std::erase_if(list, [&](const Neighbour& neighbour) { return ranks_before(*last_kept, neighbour); });
}

}  // namespace

double neighbour_scale(records::ItemRow& row, TimePoint time, Milliseconds half_life) {
  if (half_life.count() <= 0) return 1;
  const std::int64_t t = to_ms(time);
  if (row.neighbour_reference_ms == 0) row.neighbour_reference_ms = t;
  const double h = static_cast<double>(half_life.count());
  double halvings = static_cast<double>(t - row.neighbour_reference_ms) / h;
  if (halvings > kLargestScale) {
    const std::int64_t whole = (t - row.neighbour_reference_ms) / half_life.count();
    const int shift = static_cast<int>(std::min<std::int64_t>(whole, 2000));  // beyond it nothing is left anyway
    bring_forward(row.together, shift);
    bring_forward(row.next, shift);
    row.neighbour_total = std::ldexp(row.neighbour_total, -shift);
    row.neighbour_reference_ms += whole * half_life.count();
    halvings = static_cast<double>(t - row.neighbour_reference_ms) / h;
  }
  return std::exp2(halvings);
}

void add_neighbour(std::vector<Neighbour>& list, ItemKey item, double amount, std::size_t bound) {
  const auto place = std::lower_bound(list.begin(), list.end(), item,
                                      [](const Neighbour& neighbour, ItemKey key) { return neighbour.item < key; });
  if (place != list.end() && place->item == item) {
    place->weight = static_cast<float>(place->weight + amount);
    return;
  }
  list.insert(place, {item, static_cast<float>(amount)});
  if (list.size() > bound + bound / 4) prune(list, bound);
}

double neighbour_worth(const records::ItemRow& row, double weight, TimePoint now, Milliseconds half_life) {
  if (half_life.count() <= 0) return weight;
  // The exponent is cut so that no clock, however wrong, makes it overflow.
  const double halvings =
      static_cast<double>(to_ms(now) - row.neighbour_reference_ms) / static_cast<double>(half_life.count());
  return weight * std::exp2(-std::clamp(halvings, -60.0, 1000.0));
}

}  // namespace riffle::features
