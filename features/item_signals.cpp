#include <algorithm>

#include "features/decay.h"
#include "features/item_stats.h"
#include "features/neighbours.h"

namespace riffle::features {
namespace {

void add_row(const records::ItemRow& row, TimePoint now, const RowOptions& options,
             ItemSignals& signals) {
  if (!signals.item_id && !row.item_id.empty()) signals.item_id = &row.item_id.str();
  signals.popularity += read(row.popularity, now, options.slow_half_life);
  signals.trend += read(row.trend, now, options.fast_half_life);
  signals.recent_clicks += read(row.recent_clicks, now, options.slow_half_life);
  signals.recent_impressions += read(row.recent_impressions, now, options.slow_half_life);
  signals.recent_expected += read(row.recent_expected, now, options.slow_half_life);
  signals.neighbour_total +=
      neighbour_worth(row, row.neighbour_total, now, options.neighbour_half_life);
  signals.clicks += row.counts[static_cast<std::size_t>(records::InteractionType::kClick)];
  signals.purchases += row.counts[static_cast<std::size_t>(records::InteractionType::kPurchase)];
  signals.impressions += row.impressions;
  for (const std::uint64_t count : row.counts) signals.interactions += count;
  if (row.first_ms != 0) {
    signals.first_ms =
        signals.first_ms == 0 ? row.first_ms : std::min(signals.first_ms, row.first_ms);
    signals.last_ms = std::max(signals.last_ms, row.last_ms);
  }
}

}  // namespace

ItemSignals item_signals(ItemKey key, const records::ItemRow* live, const MergedItem* merged,
                         Partition own, TimePoint now, const RowOptions& options) {
  ItemSignals signals;
  signals.key = key;
  if (live) add_row(*live, now, options, signals);
  if (merged)
    for (const StatsPart& part : merged->parts)
      if (!live || part.shard != own) add_row(*part.row, now, options, signals);
  return signals;
}

}  // namespace riffle::features
