#include <algorithm>
#include <cmath>

#include "features/decay.h"
#include "features/item_stats.h"
#include "features/neighbours.h"

namespace riffle::features {
namespace {

// What a row adds to the sums of its item: everything but what decays.
void add_counts(const records::ItemRow& row, ItemSums& totals) {
  if (!totals.item_id && !row.item_id.empty()) totals.item_id = &row.item_id.str();
  totals.clicks += row.counts[static_cast<std::size_t>(records::InteractionType::kClick)];
  totals.purchases += row.counts[static_cast<std::size_t>(records::InteractionType::kPurchase)];
  totals.impressions += row.impressions;
  for (const std::uint64_t count : row.counts) totals.interactions += count;
  if (row.first_ms != 0) {
    totals.first_ms = totals.first_ms == 0 ? row.first_ms : std::min(totals.first_ms, row.first_ms);
    totals.last_ms = std::max(totals.last_ms, row.last_ms);
  }
}

// Most counters of most items are empty, as at the year 1970: no power for them.
double worth(const records::DecayedCounter& counter, TimePoint now, Milliseconds half_life) {
  return counter.value == 0 ? 0 : read(counter, now, half_life);
}

// On the scale of `reference_ms`, which may be before the counter's time or after it.
double scaled(const records::DecayedCounter& counter, std::int64_t reference_ms, Milliseconds half_life) {
  if (counter.value == 0 || half_life.count() <= 0) return counter.value;
  return counter.value * std::exp2(static_cast<double>(counter.time_ms - reference_ms) /
                                   static_cast<double>(half_life.count()));
}

// Adds a row to the sums. `worth_of`: of a counter, by its half-life; `when`: of what its neighbours are worth.
template <class Worth>
void add_row(const records::ItemRow& row, const RowOptions& options, TimePoint when, const Worth& worth_of, ItemSums& sums) {
  add_counts(row, sums);
  sums.popularity += worth_of(row.popularity, options.slow_half_life);
  sums.trend += worth_of(row.trend, options.fast_half_life);
  sums.recent_clicks += worth_of(row.recent_clicks, options.slow_half_life);
  sums.recent_impressions += worth_of(row.recent_impressions, options.slow_half_life);
  sums.recent_expected += worth_of(row.recent_expected, options.slow_half_life);
  if (row.neighbour_total != 0)
    sums.neighbour_total += neighbour_worth(row, row.neighbour_total, when, options.neighbour_half_life);
}

void add_scaled(const records::ItemRow& row, std::int64_t reference_ms, const RowOptions& options, ItemSums& sums) {
  const auto on_scale = [&](const records::DecayedCounter& counter, Milliseconds half_life) {
    return scaled(counter, reference_ms, half_life);
  };
  add_row(row, options, from_ms(reference_ms), on_scale, sums);
}

}  // namespace

std::int64_t latest_ms(const records::ItemRow& row) {
  std::int64_t latest = row.neighbour_total != 0 ? row.neighbour_reference_ms : 0;
  for (const records::DecayedCounter* counter :
       {&row.popularity, &row.trend, &row.recent_clicks, &row.recent_impressions,
        &row.recent_expected})
    if (counter->value != 0) latest = std::max(latest, counter->time_ms);
  return latest;
}

ItemSums sums_of(const MergedItem& item, std::int64_t reference_ms, const RowOptions& options) {
  ItemSums sums;
  for (const StatsPart& part : item.parts) add_scaled(*part.row, reference_ms, options, sums);
  return sums;
}

ItemSums sums_of(const records::ItemRow& live, const MergedItem* merged, Partition own, std::int64_t reference_ms,
                 const RowOptions& options) {
  ItemSums sums;
  add_scaled(live, reference_ms, options, sums);
  if (merged)
    for (const StatsPart& part : merged->parts)
      if (part.shard != own) add_scaled(*part.row, reference_ms, options, sums);
  return sums;
}

std::uint64_t changes_of(const records::ItemRow& row) {
  std::uint64_t changes = row.impressions;
  for (const std::uint64_t count : row.counts) changes += count;
  return changes;
}

StatsFading stats_fading(const ItemStatsSnapshot* snapshot, TimePoint now, const RowOptions& options) {
  if (!snapshot) return {};
  const std::int64_t elapsed = std::max(to_ms(now), snapshot->time_ms) - snapshot->reference_ms;
  return {decay_factor(elapsed, options.slow_half_life), decay_factor(elapsed, options.fast_half_life),
          decay_factor(elapsed, options.neighbour_half_life)};
}

ItemSums sums_now(const records::ItemRow* live, const MergedItem* merged, Partition own, TimePoint now,
                  const StatsFading& faded, const RowOptions& options) {
  ItemSums sums;
  if (!live && merged) {
    sums = merged->sums;
    const ItemSignals signals{&merged->sums, &faded};
    sums.popularity = signals.popularity();
    sums.trend = signals.trend();
    sums.recent_clicks = signals.recent_clicks();
    sums.recent_impressions = signals.recent_impressions();
    sums.recent_expected = signals.recent_expected();
    sums.neighbour_total = signals.neighbour_total();
    return sums;
  }
  const auto faded_to_now = [&](const records::DecayedCounter& counter, Milliseconds half_life) {
    return worth(counter, now, half_life);
  };
  if (live) add_row(*live, options, now, faded_to_now, sums);
  if (merged)
    for (const StatsPart& part : merged->parts)
      if (part.shard != own) add_row(*part.row, options, now, faded_to_now, sums);
  return sums;
}

}  // namespace riffle::features
