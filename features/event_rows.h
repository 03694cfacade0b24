// Applies an event to the rows that events make: history, counters, dedup ring, session,
// popularity, co-visitation and sequential neighbours (FORMULAS 4.1.1, 4.1.2;
// features/neighbours.h). A pure function of the rows and the event: no clock, no chance, nothing
// from the catalogue, so that replay equals live.
//
// History and impressions are in the order of time: an event that comes late takes its place among
// them, and its neighbours are the items before it. An erase leaves a tombstone row; what the user
// gave to items' anonymous sums stays. An impression that does not name its items changes no item
// and no history: only the joiner knows which list it means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "features/event_types.h"
#include "features/options.h"
#include "features/sparse_key_set.h"
#include "records/event.h"
#include "records/rows.h"
#include "state/row_cache.h"

namespace riffle::features {

class EventRows {
 public:
  enum class Result {
    kApplied,
    kDuplicate,  // its event_id is in the user's ring
    kErased,     // stamped before the user was erased
    kCollision,  // the item's key belongs to another id: nothing was changed
    kStoreError  // see the caches' status()
  };

  EventRows(const RowOptions& options, state::RowCache<records::UserRow>* users,
            state::RowCache<records::ItemRow>* items);

  Result apply(const records::Event& event, TimePoint event_time);
  // Brings the rows that events of these users will touch into the caches: the users' with one read
  // of the store, and with another one those of the neighbours-to-be in their histories. The latter
  // only where items' rows have lately been missing: else looking for them would be in vain. What is
  // not brought is read when it is needed.
  void prefetch(std::vector<std::string_view> users);
  double weight_of(const records::Event& event) const { return types_.weight(event); }

  // Item keys edited since the last take_touched(), each once, ascending (for item-stats).
  std::vector<ItemKey> touched() const;
  std::vector<ItemKey> take_touched();
  bool is_touched(ItemKey item) const { return touched_.contains(item); }
  std::size_t touched_count() const { return touched_.size(); }
  // As if the item had been edited: what a process before this one had not taken.
  void touch(ItemKey item) { touched_.insert(item); }

 private:
  Result apply_interaction(const records::Event& event, TimePoint time, records::UserRow& user);
  Result apply_impression(const records::Event& event, TimePoint time, records::UserRow& user);
  static Result apply_erase(TimePoint time, records::UserRow& user);
  Result refuse_collision(const records::Event& event, const records::UserRow& user);
  void touch_user(const records::Event& event, TimePoint time, std::uint64_t event_hash,
                  records::UserRow& user);
  bool pair_with_history(ItemKey item, double strength, TimePoint time,
                         const records::UserRow& user, records::ItemRow& row);

  RowOptions options_;
  EventTypes types_;
  state::RowCache<records::UserRow>* users_;
  state::RowCache<records::ItemRow>* items_;
  SparseKeySet touched_;
  std::uint64_t item_reads_ = 0;  // of the items' cache, when prefetch() was last called
};

// The cache key of an item's row.
std::string item_row_key(ItemKey key);

}  // namespace riffle::features
