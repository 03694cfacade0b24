#include <algorithm>

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

std::int64_t latest_time(const records::ItemRow& row) {
  std::int64_t latest = row.neighbour_total != 0 ? row.neighbour_reference_ms : 0;
  for (const records::DecayedCounter* counter :
       {&row.popularity, &row.trend, &row.recent_clicks, &row.recent_impressions,
        &row.recent_expected})
    if (counter->value != 0) latest = std::max(latest, counter->time_ms);
  return latest;
}

ItemSignals signals_of(ItemKey key, const ItemSums& sums, TimePoint now,
                       const RowOptions& options) {
  const std::int64_t elapsed = to_ms(now) - sums.time_ms;
  const double slow = decay_factor(elapsed, options.slow_half_life);
  ItemSignals signals;
  signals.key = key;
  signals.item_id = sums.item_id;
  signals.popularity = sums.popularity * slow;
  signals.trend = sums.trend * decay_factor(elapsed, options.fast_half_life);
  signals.recent_clicks = sums.recent_clicks * slow;
  signals.recent_impressions = sums.recent_impressions * slow;
  signals.recent_expected = sums.recent_expected * slow;
  signals.clicks = sums.clicks;
  signals.purchases = sums.purchases;
  signals.impressions = sums.impressions;
  signals.interactions = sums.interactions;
  signals.neighbour_total =
      sums.neighbour_total * decay_factor(elapsed, options.neighbour_half_life);
  signals.first_ms = sums.first_ms;
  signals.last_ms = sums.last_ms;
  return signals;
}

}  // namespace

ItemSums sums_of(const MergedItem& item, const RowOptions& options) {
  ItemSums sums;
  for (const StatsPart& part : item.parts)
    sums.time_ms = std::max(sums.time_ms, latest_time(*part.row));
  for (const StatsPart& part : item.parts) {
    add_counts(*part.row, sums);
    add_decayed(*part.row, from_ms(sums.time_ms), options, sums);
  }
  return sums;
}

ItemSignals item_signals(ItemKey key, const records::ItemRow* live, const MergedItem* merged,
                         Partition own, TimePoint now, const RowOptions& options) {
  if (!live && merged) return signals_of(key, merged->sums, now, options);
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
