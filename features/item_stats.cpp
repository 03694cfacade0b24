#include "features/item_stats.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "features/decay.h"

namespace riffle::features {
namespace {

constexpr double kUnranked = std::numeric_limits<double>::infinity();

// In half-lives. What lies so far back from the reference counts 2^-32 less, which is nothing; a double has room for far more,
// but neighbour_worth() is cut at 2^60.
constexpr std::int64_t kReferenceStep = 32;
// Of the shortest one, likewise: as far as rows may be ahead of a snapshot.
constexpr std::int64_t kScale = 48;

std::int64_t shortest_half_life(const RowOptions& options) {
  std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
  for (const Milliseconds half_life : {options.slow_half_life, options.fast_half_life, options.neighbour_half_life})
    if (half_life.count() > 0) shortest = std::min<std::int64_t>(shortest, half_life.count());
  return shortest;
}

// The level (decay.h) of a sum that is worth `value` at `time_ms`.
double level_at(double value, std::int64_t time_ms, Milliseconds half_life) {
  return level(records::DecayedCounter{value, time_ms}, half_life);
}

}  // namespace

ItemStatsBuilder::ItemStatsBuilder(const RowOptions& options, std::size_t top) : options_(options), top_(top) {}

bool ItemStatsBuilder::update(ItemKey item, StatsPart part) {
  RIFFLE_CHECK(part.row != nullptr, "item", item.value());
  const auto by_shard = [](const StatsPart& known, Partition shard) { return known.shard < shard; };
  if (const MergedItem* known = current_.items.find(item)) {
    const auto it = std::lower_bound(known->parts.begin(), known->parts.end(), part.shard, by_shard);
    if (it != known->parts.end() && it->shard == part.shard &&
        std::pair(part.generation, part.epoch) <= std::pair(it->generation, it->epoch))
      return false;
  }
  current_.time_ms = std::max({current_.time_ms, part.row->last_ms, latest_ms(*part.row)});
  MergedItem& merged = current_.items.edit(item);
  const auto place = std::lower_bound(merged.parts.begin(), merged.parts.end(), part.shard, by_shard);
  if (place != merged.parts.end() && place->shard == part.shard) {
    *place = std::move(part);
  } else {
    merged.parts.insert(place, std::move(part));
  }

  if (std::exchange(merged.summed, false) || merged.parts.size() == 1) unsummed_.push_back(item);
  return true;
}

// A function of the time alone, so that sums do not depend on the order of arrival. It moves seldom: then all are summed anew.
void ItemStatsBuilder::set_reference() {
  const std::int64_t step = std::min(shortest_half_life(options_), std::numeric_limits<std::int64_t>::max() / kReferenceStep) * kReferenceStep;
  const std::int64_t reference = current_.time_ms / step * step;
  if (std::exchange(current_.reference_ms, reference) == reference) return;
  unsummed_.clear();
  current_.items.for_each([&](ItemKey item, const MergedItem&) { unsummed_.push_back(item); });
  for (const ItemKey item : unsummed_) current_.items.edit(item).summed = false;
}

void ItemStatsBuilder::sum_up(ItemKey item) {
  MergedItem& merged = current_.items.edit(item);
  if (std::exchange(merged.summed, true)) return;
  merged.sums = sums_of(merged, current_.reference_ms, options_);
  const ItemSums& sums = merged.sums;
  const Ranks after{-level_at(sums.popularity, current_.reference_ms, options_.slow_half_life),
                    -level_at(sums.trend, current_.reference_ms, options_.fast_half_life)};
  const auto [it, inserted] = ranks_.try_emplace(item, Ranks{kUnranked, kUnranked});
  Ranks& before = it->second;
  rank(by_popularity_, before.popular, after.popular, item);
  rank(by_trend_, before.trending, after.trending, item);
  before = after;
}

void ItemStatsBuilder::rank(absl::btree_set<Ranked>& ranking, double before, double after, ItemKey item) {
  if (before == after) return;
  if (before != kUnranked) ranking.erase({before, item});
  if (after != kUnranked) ranking.insert({after, item});
}

std::vector<ItemKey> ItemStatsBuilder::first(const absl::btree_set<Ranked>& ranking, std::size_t count) {
  std::vector<ItemKey> items;
  items.reserve(std::min(count, ranking.size()));
  for (auto it = ranking.begin(); it != ranking.end() && items.size() < count; ++it) items.push_back(it->second);
  return items;
}

bool is_on_scale(std::int64_t time_ms, std::int64_t reference_ms, const RowOptions& options) {
  return (time_ms - reference_ms) / shortest_half_life(options) < kScale;
}

std::shared_ptr<const ItemStatsSnapshot> ItemStatsBuilder::snapshot() {
  if (!unsummed_.empty()) {
    set_reference();
    for (const ItemKey item : unsummed_) sum_up(item);
    unsummed_.clear();
    current_.popular = first(by_popularity_, top_);
    current_.trending = first(by_trend_, top_);
  }
  ++current_.version;
  return std::make_shared<const ItemStatsSnapshot>(current_);  // shares every chunk
}

}  // namespace riffle::features
