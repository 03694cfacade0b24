#include <algorithm>
#include <cmath>

#include "features/decay.h"
#include "features/item_stats.h"
#include "features/neighbours.h"

namespace riffle::features {
namespace {

// What a row adds to the sums, or to the signals, of its item: everything but what decays.
template <class Totals>
void add_counts(const records::ItemRow& row, Totals& totals) {
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

template <class Totals>
void add_decayed(const records::ItemRow& row, TimePoint now, const RowOptions& options,
                 Totals& totals) {
  totals.popularity += worth(row.popularity, now, options.slow_half_life);
  totals.trend += worth(row.trend, now, options.fast_half_life);
  totals.recent_clicks += worth(row.recent_clicks, now, options.slow_half_life);
  totals.recent_impressions += worth(row.recent_impressions, now, options.slow_half_life);
  totals.recent_expected += worth(row.recent_expected, now, options.slow_half_life);
  if (row.neighbour_total != 0)
    totals.neighbour_total +=
        neighbour_worth(row, row.neighbour_total, now, options.neighbour_half_life);
}

// On the scale of `reference_ms`, which may be before the counter's time or after it.
double scaled(const records::DecayedCounter& counter, std::int64_t reference_ms, Milliseconds half_life) {
  if (counter.value == 0 || half_life.count() <= 0) return counter.value;
  return counter.value * std::exp2(static_cast<double>(counter.time_ms - reference_ms) /
                                   static_cast<double>(half_life.count()));
}

ItemSignals signals_of(ItemKey key, const ItemSums& sums, const StatsFading& faded) {
  ItemSignals signals;
  signals.key = key;
  signals.item_id = sums.item_id;
  signals.popularity = sums.popularity * faded.slow;
  signals.trend = sums.trend * faded.fast;
  signals.recent_clicks = sums.recent_clicks * faded.slow;
  signals.recent_impressions = sums.recent_impressions * faded.slow;
  signals.recent_expected = sums.recent_expected * faded.slow;
  signals.clicks = sums.clicks;
  signals.purchases = sums.purchases;
  signals.impressions = sums.impressions;
  signals.interactions = sums.interactions;
  signals.neighbour_total = sums.neighbour_total * faded.neighbour;
  signals.first_ms = sums.first_ms;
  signals.last_ms = sums.last_ms;
  return signals;
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
  for (const StatsPart& part : item.parts) {
    const records::ItemRow& row = *part.row;
    add_counts(row, sums);
    sums.popularity += scaled(row.popularity, reference_ms, options.slow_half_life);
    sums.trend += scaled(row.trend, reference_ms, options.fast_half_life);
    sums.recent_clicks += scaled(row.recent_clicks, reference_ms, options.slow_half_life);
    sums.recent_impressions += scaled(row.recent_impressions, reference_ms, options.slow_half_life);
    sums.recent_expected += scaled(row.recent_expected, reference_ms, options.slow_half_life);
    if (row.neighbour_total != 0)
      sums.neighbour_total += neighbour_worth(row, row.neighbour_total, from_ms(reference_ms),
                                              options.neighbour_half_life);
  }
  return sums;
}

StatsFading stats_fading(const ItemStatsSnapshot* snapshot, TimePoint now, const RowOptions& options) {
  if (!snapshot) return {};
  const std::int64_t elapsed = std::max(to_ms(now), snapshot->time_ms) - snapshot->reference_ms;
  return {decay_factor(elapsed, options.slow_half_life), decay_factor(elapsed, options.fast_half_life),
          decay_factor(elapsed, options.neighbour_half_life)};
}

ItemSignals item_signals(ItemKey key, const records::ItemRow* live, const MergedItem* merged,
                         Partition own, TimePoint now, const StatsFading& faded, const RowOptions& options) {
  if (!live && merged) return signals_of(key, merged->sums, faded);
  ItemSignals signals;
  signals.key = key;
  const auto add_row = [&](const records::ItemRow& row) {
    add_counts(row, signals);
    add_decayed(row, now, options, signals);
  };
  if (live) add_row(*live);
  if (merged)
    for (const StatsPart& part : merged->parts)
      if (part.shard != own) add_row(*part.row);
  return signals;
}

}  // namespace riffle::features
