#include "serving/sources/neighbour_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "features/neighbours.h"
#include "serving/candidate_pool.h"
#include "serving/threshold.h"

namespace riffle::serving {

void NeighbourSums::add_up(const SourceInput& input, std::span<const float> weights) {
  items_.clear();
  sums_.clear();
  if (++stamp_ == 0) {
    std::fill(places_.begin(), places_.end(), 0);
    stamp_ = 1;
  }
  std::size_t count = 0;
  records::ItemRow scale;  // what a weight is worth depends on a row's reference time alone
  for (std::uint32_t k = 0; k < input.recent.size(); ++k) {
    const NeighbourList& list = lists_.of(input, input.recent[k].item);
    if (places_.size() < input.pool->numbers())
      places_.resize(std::max(input.pool->numbers(), 2 * places_.size()));
    scale.neighbour_reference_ms = list.reference_ms;
    const double worth = features::neighbour_worth(scale, 1, input.context->now, input.rows->neighbour_half_life);
    const float factor = static_cast<float>(worth) * weights[k];
    // Whether a neighbour was met before cannot be foretold: a place is made ready for each, and counted where he is new.
    items_.resize(count + list.entries.size());
    sums_.resize(count + list.entries.size());
    std::uint64_t* const places = places_.data();
    std::uint32_t* const items = items_.data();
    Sum* const sums = sums_.data();
    for (const NeighbourList::Entry& entry : list.entries) {
      const float part = factor * entry.weight;
      std::uint64_t& place = places[entry.item];
      const bool is_new = place >> 32 != stamp_;
      place = is_new ? std::uint64_t{stamp_} << 32 | count : place;
      items[count] = entry.item;
      count += is_new;
      Sum& sum = sums[static_cast<std::uint32_t>(place)];
      const std::uint32_t is_best = part > sum.best;
      sum.total += part;
      sum.best = std::max(sum.best, part);
      sum.best_recent += is_best * (k - sum.best_recent);
    }
    items_.resize(count);
    sums_.resize(count);
  }
}

void NeighbourSums::largest(std::size_t most, CandidatePool& pool, std::vector<std::uint32_t>& items,
                            std::vector<Sum>& sums) {
  order_.clear();
  items.clear();
  sums.clear();
  if (most == 0 || sums_.empty()) return;
  const std::size_t count = sums_.size();
  totals_.resize(padded(count));
  for (std::size_t i = 0; i < count; ++i) totals_[i] = sums_[i].total;
  std::fill(totals_.begin() + static_cast<std::ptrdiff_t>(count), totals_.end(), -std::numeric_limits<float>::infinity());
  const float least = most < count ? threshold_of_largest(totals_, most, kMore) : std::numeric_limits<float>::lowest();
  append_places_from(totals_, least, order_);
  if (most + kMore < order_.size()) {
    // Equal totals by the order in which they were met.
    std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(most), order_.end(),
                     [&](std::uint32_t a, std::uint32_t b) {
                       return totals_[a] != totals_[b] ? totals_[a] > totals_[b] : a < b;
                     });
    order_.resize(most);
  }
  for (const std::uint32_t place : order_) {
    items.push_back(items_[place]);
    sums.push_back(sums_[place]);
  }
  pool.meet(items);
}

}  // namespace riffle::serving
