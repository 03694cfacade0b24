#include "features/neighbours.h"

#include <algorithm>

namespace riffle::features {
namespace {

using records::Neighbour;

// In halvings. Floats keep their 24 bits at any scale: a bound far below 2^100 is all that is needed.
constexpr double kLargestScale = 20;
// A weight that has faded below this (of 1) says nothing any more; it also keeps floats out of
// their subnormal range.
constexpr float kForgotten = 0x1p-60F;

void bring_forward(std::vector<Neighbour>& list, int halvings) {
  for (Neighbour& neighbour : list) neighbour.weight = std::ldexp(neighbour.weight, -halvings);
  std::erase_if(list, [](const Neighbour& neighbour) { return neighbour.weight < kForgotten; });
}

// Higher weights first, then lower keys: a total order, so that what is kept does not depend on the
// algorithm.
bool ranks_before(const Neighbour& a, const Neighbour& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
}

void prune(std::vector<Neighbour>& list, std::size_t bound) {
  if (bound == 0) return list.clear();
  static thread_local std::vector<Neighbour> ranked;
  ranked.assign(list.begin(), list.end());
  const auto last_kept = ranked.begin() + static_cast<std::ptrdiff_t>(bound) - 1;
  std::nth_element(ranked.begin(), last_kept, ranked.end(), ranks_before);
  std::erase_if(list,
                [&](const Neighbour& neighbour) { return ranks_before(*last_kept, neighbour); });
}

// Keys are hashes, so a key's place is close to its share of the key space: one or two cache lines
// are looked at, where a binary search in a list that is not in the cache meets four.
std::size_t guess_place(const std::vector<Neighbour>& list, ItemKey item) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Wide>(item.value()) * list.size() >> 64);
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
    // Beyond 2,000 halvings nothing is left anyway.
    const int shift = static_cast<int>(std::min<std::int64_t>(whole, 2000));
    bring_forward(row.together, shift);
    bring_forward(row.next, shift);
    row.neighbour_total = std::ldexp(row.neighbour_total, -shift);
    row.neighbour_reference_ms += whole * half_life.count();
    halvings = static_cast<double>(t - row.neighbour_reference_ms) / h;
  }
  return std::exp2(halvings);
}

void add_neighbour(std::vector<Neighbour>& list, ItemKey item, double amount, std::size_t bound) {
  std::size_t place = guess_place(list, item);
  while (place > 0 && item < list[place - 1].item) --place;
  while (place < list.size() && list[place].item < item) ++place;
  if (place > 0 && list[place - 1].item == item) --place;
  if (place < list.size() && list[place].item == item) {
    list[place].weight = static_cast<float>(list[place].weight + amount);
    return;
  }
  list.insert(list.begin() + static_cast<std::ptrdiff_t>(place),
              {item, static_cast<float>(amount)});
  if (list.size() > bound + bound / 2) prune(list, bound);
}

void expect_neighbour(const std::vector<Neighbour>& list, ItemKey item) {
  if (!list.empty()) __builtin_prefetch(&list[guess_place(list, item)], 1);
}

double neighbour_worth(const records::ItemRow& row, double weight, TimePoint now,
                       Milliseconds half_life) {
  if (half_life.count() <= 0) return weight;
  // The exponent is cut so that no clock, however wrong, makes it overflow.
  const double halvings = static_cast<double>(to_ms(now) - row.neighbour_reference_ms) /
                          static_cast<double>(half_life.count());
  return weight * std::exp2(-std::clamp(halvings, -60.0, 1000.0));
}

}  // namespace riffle::features
