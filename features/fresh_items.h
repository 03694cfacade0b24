// The items whose rows in a shard are ahead of what the merged statistics know of that shard: edited and not told yet, or
// told and not yet in a snapshot. For all others the merged sums say what the row says, so that serving need not look at it.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "base/ids.h"
#include "features/event_rows.h"
#include "features/item_stats.h"
#include "features/sparse_key_set.h"

namespace riffle::features {

// One thread.
class FreshItems {
 public:
  // `rows` (null: nothing is ever edited) outlives it.
  explicit FreshItems(const EventRows* rows) : rows_(rows) {}

  // The rows that EventRows::take_touched() named leave with this epoch.
  void told(std::uint64_t epoch, std::span<const ItemKey> items);
  // Everything that was told up to this epoch is in the statistics.
  void heard(std::uint64_t epoch);

  bool contains(ItemKey item) const {
    return (rows_ && rows_->is_touched(item)) || (!on_their_way_.empty() && is_on_its_way(item));
  }
  bool empty() const { return on_their_way_.empty() && (!rows_ || rows_->touched_count() == 0); }

 private:
  struct Told {
    std::uint64_t epoch = 0;
    SparseKeySet items;
  };
  bool is_on_its_way(ItemKey item) const;

  const EventRows* rows_;
  std::deque<Told> on_their_way_;
};

}  // namespace riffle::features
