// What all shards know of an item together. Every shard publishes its rows' cumulative statistics on `item-stats`; one
// thread of each worker merges them (ItemStatsBuilder) and publishes snapshots. A reader that owns a shard puts its own
// live row in place of that shard's part, so what its users just did counts at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
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

// Of all parts together. Decayed sums lie on the scale of the snapshot's reference time, which is before every time in it but
// those long faded: an amount of time t counts 2^((t − reference)/h) there. So one factor a half-life tells what all items'
// sums are worth now (StatsFading).
struct ItemSums {
  const std::string* item_id = nullptr;      // a part's; null: none has said it
  double popularity = 0, trend = 0;
  double recent_clicks = 0, recent_impressions = 0, recent_expected = 0;
  double neighbour_total = 0;
  std::uint64_t clicks = 0, purchases = 0, impressions = 0, interactions = 0;
  std::int64_t first_ms = 0, last_ms = 0;
};

struct MergedItem {
  ItemSums sums;                             // in a snapshot: of `parts`
  absl::InlinedVector<StatsPart, 2> parts;   // by shard, so that sums do not depend on the order of arrival
  bool summed = false;                       // the builder's: `sums` are those of `parts`
};

struct ItemStatsSnapshot {
  ChunkedMap<ItemKey, MergedItem> items;
  std::vector<ItemKey> popular;              // by decayed popularity over all shards, highest first, bounded
  std::vector<ItemKey> trending;
  std::int64_t time_ms = 0;                  // largest event time in it
  std::int64_t reference_ms = 0;             // of the items' sums
  // Of this worker's own shards: the (generation, epoch) up to which all that they told is in it.
  std::map<Partition, std::pair<std::uint64_t, std::uint64_t>> heard;
  std::uint64_t version = 0;                 // raised by every snapshot
};

ItemSums sums_of(const MergedItem& item, std::int64_t reference_ms, const RowOptions& options);
// Likewise, with the reader's own row, which is on the scale, in place of the part of its shard. `merged` may be null.
ItemSums sums_of(const records::ItemRow& live, const MergedItem* merged, Partition own, std::int64_t reference_ms,
                 const RowOptions& options);

// Whether amounts of this time may lie on the scale of that reference: so many half-lives after it they are cut, or overflow. The
// reference of a snapshot of nothing is in 1970.
bool is_on_scale(std::int64_t time_ms, std::int64_t reference_ms, const RowOptions& options);

// What is left at a time of 1 on the scale of a snapshot's sums, by half-life.
struct StatsFading {
  double slow = 1, fast = 1, neighbour = 1;
};
// A reader whose time is behind the snapshot's sees the sums as they stand. No snapshot: nothing to read.
StatsFading stats_fading(const ItemStatsSnapshot* snapshot, TimePoint now, const RowOptions& options);

class ItemStatsBuilder {
 public:
  explicit ItemStatsBuilder(const RowOptions& options, std::size_t top = 1000);
  // Takes the part where its (generation, epoch) is above what is known of that shard and item; else says false.
  bool update(ItemKey item, StatsPart part);
  // Nothing that this shard told up to this epoch is missing.
  void heard(Partition shard, std::uint64_t generation, std::uint64_t epoch) { current_.heard[shard] = {generation, epoch}; }
  std::shared_ptr<const ItemStatsSnapshot> snapshot();

 private:
  // Decayed sums all fade alike, so the order of two items changes only when one of them is updated: levels (decay.h) stay
  // valid, and the top lists are the beginnings of two sorted sets.
  using Ranked = std::pair<double, ItemKey>;  // minus the level: the highest first, then the lower key
  struct Ranks {
    double popular = 0;                       // minus the level; +∞: not ranked
    double trending = 0;
  };
  void set_reference();
  void sum_up(ItemKey item);
  static void rank(absl::btree_set<Ranked>& ranking, double before, double after, ItemKey item);
  static std::vector<ItemKey> first(const absl::btree_set<Ranked>& ranking, std::size_t count);

  RowOptions options_;
  std::size_t top_;
  ItemStatsSnapshot current_;
  std::vector<ItemKey> unsummed_;            // updated since the last snapshot: summed and ranked once, however often
  absl::flat_hash_map<ItemKey, Ranks> ranks_;
  absl::btree_set<Ranked> by_popularity_;
  absl::btree_set<Ranked> by_trend_;
};

// The numbers of an item at a time: its sums, and what is left of 1 on their scale. Points at both.
struct ItemSignals {
  const ItemSums* sums = nullptr;
  const StatsFading* faded = nullptr;
  double popularity() const { return sums->popularity * faded->slow; }
  double trend() const { return sums->trend * faded->fast; }
  double recent_clicks() const { return sums->recent_clicks * faded->slow; }
  double recent_impressions() const { return sums->recent_impressions * faded->slow; }
  double recent_expected() const { return sums->recent_expected * faded->slow; }
  double neighbour_total() const { return sums->neighbour_total * faded->neighbour; }
};
// Of sums that lie on the scale of the time itself.
inline constexpr StatsFading kNotFaded{};

// The sums on the scale of `now`, over all shards. `live`: the reader's own row of the item; `own`: the shard whose part it
// replaces. Null where there is none, or where the part is as new as the row: then the merged sums are all that is read.
// `faded`: those of the snapshot that `merged` is of.
ItemSums sums_now(const records::ItemRow* live, const MergedItem* merged, Partition own, TimePoint now,
                  const StatsFading& faded, const RowOptions& options);
// The latest time in the row's decayed counters.
std::int64_t latest_ms(const records::ItemRow& row);
// Raised by every event that changes the row's numbers (all but its neighbours).
std::uint64_t changes_of(const records::ItemRow& row);

}  // namespace riffle::features
