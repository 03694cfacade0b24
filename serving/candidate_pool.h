// The items that a recommender has met, by small stable numbers: what is known of each is looked up once a snapshot, and what
// a request says of it is begun anew with every request. Sources keep lists of numbers from request to request, so that a
// list costs array reads and not hash tables.
//
// Between resets `context.stats` and `context.catalogue` are told apart by address and version: snapshots of one builder each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "features/item_stats.h"
#include "serving/recommender.h"
#include "serving/rules.h"
#include "serving/scratch_map.h"

namespace riffle::serving {

// A cache line of its own: sources walk over hundreds that lie anywhere.
struct alignas(64) PooledItem {
  ItemKey key;
  // Of the snapshots that `world` names.
  const features::MergedItem* merged = nullptr;        // of all shards; null: none
  const features::CatalogueItem* catalogue = nullptr;  // null: the catalogue does not have it
  // Of this request.
  const records::ItemRow* live = nullptr;              // the shard's own; null: none, or its part in `merged` is as new
  const ItemId* requested_id = nullptr;                // as the request said it; null: it did not
  float given = 0;                                     // the request's score
  std::int32_t signals = -1;                           // place in the pool's signals; −1: not asked for yet
  std::uint32_t candidate = 0;                         // place among the gatherer's candidates + 1; 0: it is none
  std::uint32_t world = 0, request = 0;                // when it was looked up, and met, last
  bool available = false;                              // as the catalogue says of it, without looking there
  bool judged = false, allowed = false;                // by the rules
};

// One thread. An item may be looked at once the request has met it: after resolve() or meet().
class CandidatePool {
 public:
  // All three must outlive the pool's use for this request.
  void reset(const ServingContext& context, const features::RowOptions& rows, const Rules& rules);
  // Names the snapshots of this request: numbers, and what was made of numbers, are valid while it stays the same.
  std::uint32_t world() const { return world_; }

  // The item's number, without meeting it.
  std::uint32_t number_of(ItemKey key) {
    const auto [entry, made] = numbers_.insert(key.value());
    if (made) {
      entry->value = static_cast<std::uint32_t>(items_.size());
      items_.emplace_back().key = key;
    }
    return entry->value;
  }
  std::size_t numbers() const { return items_.size(); }

  // Looks up what this request has not met yet.
  void meet(std::span<const std::uint32_t> items);
  void meet(std::uint32_t item) {
    if (items_[item].request != request_) meet({&item, 1});
  }
  // Replaces `items` by one met item's number a key, in their order.
  void resolve(std::span<const ItemKey> keys, std::vector<std::uint32_t>& items);
  std::uint32_t resolve(ItemKey key) {
    const std::uint32_t item = number_of(key);
    meet(item);
    return item;
  }

  // References are valid until the next number is given.
  PooledItem& at(std::uint32_t item) { return items_[item]; }
  const PooledItem& at(std::uint32_t item) const { return items_[item]; }
  bool allowed(std::uint32_t item) {
    const PooledItem& known = items_[item];
    return known.judged ? known.allowed : judge(item);
  }
  // Valid until the next that are asked for, beyond those that expect_signals() made room for.
  void expect_signals(std::size_t more) { signals_.reserve(signals_.size() + more); }
  const features::ItemSignals& signals(std::uint32_t item);
  // signals(item).neighbour_total, without the rest of them.
  double neighbour_total(std::uint32_t item);
  // The id to list it under. Only of allowed items.
  std::string_view id_of(std::uint32_t item) const;

  // The shard's own row, however new its part is: for what is published in part only (its neighbours). Null: none.
  const records::ItemRow* own_row(std::uint32_t item);
  // Whether nothing has changed in that row since the snapshot.
  bool is_as_published(std::uint32_t item) const {
    return context_->fresh && items_[item].merged && !items_[item].live;
  }

 private:
  bool judge(std::uint32_t item);
  const records::ItemRow* live_row(std::size_t met);
  bool is_fresh(const PooledItem& item) const { return !context_->fresh || context_->fresh->contains(item.key); }

  const ServingContext* context_ = nullptr;
  const features::RowOptions* rows_ = nullptr;
  const Rules* rules_ = nullptr;
  // What `world_` stands for.
  struct Source {
    const void *stats = nullptr, *catalogue = nullptr, *rows = nullptr;
    std::uint64_t stats_version = 0, catalogue_version = 0;
    Partition shard;
    friend bool operator==(const Source&, const Source&) = default;
  };
  Source source_;
  std::uint32_t world_ = 0, request_ = 0;
  // Live rows that were found since `live_since_` are so still: in one world an item only ever becomes fresh.
  struct LiveSource {
    std::uint32_t world = 0;
    const features::FreshItems* fresh = nullptr;
    std::uint64_t generation = 0;
    friend bool operator==(const LiveSource&, const LiveSource&) = default;
  };
  LiveSource live_source_;
  std::uint32_t live_since_ = 0;                  // a request
  features::StatsFading faded_;                   // of this request
  ScratchMap<std::uint32_t> numbers_{1024};
  std::vector<PooledItem> items_;            // by number
  std::vector<features::ItemSignals> signals_;
  std::vector<std::uint32_t> met_;           // by this call
  std::vector<std::string> row_keys_;        // for prefetch
  std::vector<std::string_view> row_key_views_;
};

// The id that events gave an item; empty: none has named it.
std::string_view known_id(const PooledItem& item);

}  // namespace riffle::serving
