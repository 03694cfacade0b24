// Applies an event to the rows that events make: history, counters, dedup ring, session, popularity, co-visitation and
// sequential neighbours (FORMULAS 4.1.1, 4.1.2). A pure function of the rows and the event: no clock, no chance, nothing
// from the catalogue, so that replay equals live.
#pragma once

#include <vector>

#include "base/time.h"
#include "features/options.h"
#include "records/event.h"
#include "records/rows.h"
#include "state/row_cache.h"

namespace riffle::features {

class EventRows {
 public:
  enum class Result {
    kApplied,
    kDuplicate,   // its event_id is in the user's ring
    kErased,      // stamped before the user was erased
    kCollision,   // the item's key belongs to another id: nothing was changed
    kStoreError   // see the caches' status()
  };

  EventRows(const RowOptions& options, state::RowCache<records::UserRow>* users,
            state::RowCache<records::ItemRow>* items);

  Result apply(const records::Event& event, TimePoint event_time);
  // Keys whose rows the event will touch, as far as the event itself tells (for prefetch): user, item.
  double weight_of(const records::Event& event) const;

  // Item keys edited since the last call, each once (for item-stats).
  std::vector<ItemKey> take_touched();

 private:
  RowOptions options_;
  state::RowCache<records::UserRow>* users_;
  state::RowCache<records::ItemRow>* items_;
  std::vector<ItemKey> touched_;
};

// The cache key of an item's row.
std::string item_row_key(ItemKey key);

}  // namespace riffle::features
