// What all shards know of an item together. Every shard publishes its rows' cumulative statistics on `item-stats`; one
// thread of each worker merges them (ItemStatsBuilder) and publishes snapshots. A reader that owns a shard puts its own
// live row in place of that shard's part, so what its users just did counts at once.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "base/chunked_map.h"
#include "base/ids.h"
#include "base/time.h"
#include "features/options.h"
#include "records/rows.h"

namespace riffle::features {

struct StatsPart {
  Partition shard;
  std::uint64_t generation = 0;
  std::uint64_t epoch = 0;
  std::shared_ptr<const records::ItemRow> row;
};

struct MergedItem {
  absl::InlinedVector<StatsPart, 2> parts;   // by shard, so that sums do not depend on the order of arrival
};

struct ItemStatsSnapshot {
  ChunkedMap<ItemKey, MergedItem> items;
  std::vector<ItemKey> popular;              // by decayed popularity over all shards, highest first, bounded
  std::vector<ItemKey> trending;
  std::int64_t time_ms = 0;                  // largest event time in it
  std::uint64_t version = 0;                 // raised by every snapshot
};

class ItemStatsBuilder {
 public:
  explicit ItemStatsBuilder(const RowOptions& options, std::size_t top = 1000);
  // Takes the part where its (generation, epoch) is above what is known of that shard and item; else says false.
  bool update(ItemKey item, StatsPart part);
  std::shared_ptr<const ItemStatsSnapshot> snapshot();

 private:
  // Decayed sums all fade alike, so the order of two items changes only when one of them is updated: levels (decay.h) stay
  // valid, and the top lists are the beginnings of two sorted sets.
  using Ranked = std::pair<double, ItemKey>;  // minus the level: the highest first, then the lower key
  struct Ranks {
    double popular = 0;                       // minus the level; +∞: not ranked
    double trending = 0;
  };
  static void rank(std::set<Ranked>& ranking, double before, double after, ItemKey item);
  static std::vector<ItemKey> first(const std::set<Ranked>& ranking, std::size_t count);

  RowOptions options_;
  std::size_t top_;
  ItemStatsSnapshot current_;
  absl::flat_hash_map<ItemKey, Ranks> ranks_;
  std::set<Ranked> by_popularity_;
  std::set<Ranked> by_trend_;
  bool lists_stale_ = false;
};

// The numbers of an item at time `now`, over all shards.
struct ItemSignals {
  ItemKey key;
  const std::string* item_id = nullptr;      // null: nobody has said it (then it cannot be listed)
  double popularity = 0, trend = 0;          // decayed to now
  double recent_clicks = 0, recent_impressions = 0, recent_expected = 0;
  std::uint64_t clicks = 0, purchases = 0, impressions = 0, interactions = 0;
  double neighbour_total = 0;                // decayed to now
  std::int64_t first_ms = 0, last_ms = 0;
};
// `live`: the reader's own row of the item, or null; `own`: the shard whose part it replaces.
ItemSignals item_signals(ItemKey key, const records::ItemRow* live, const MergedItem* merged, Partition own, TimePoint now,
                         const RowOptions& options);

}  // namespace riffle::features
