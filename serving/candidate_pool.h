// The items that a recommender has met, by small stable numbers: what is known of each is looked up once a snapshot, and what
// a request says of it is begun anew with every request. Sources keep lists of numbers from request to request, so that a
// list costs array reads and not hash tables.
//
// Between resets `context.stats` and `context.catalogue` are told apart by address and version: snapshots of one builder each.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
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
  const records::RequestCandidate* requested = nullptr;  // null: the request does not name it
  const features::ItemSums* sums = nullptr;            // null: of a live row, and nobody has asked for them
  std::uint32_t candidate = 0;                         // place among the gatherer's candidates + 1; 0: it is none
  std::uint32_t world = 0, request = 0;                // when it was looked up, and met, last
  bool available = false;                              // as the catalogue says of it, without looking there
  bool judged = false, allowed = false;                // by the rules
  bool faded = false;                                  // `sums` lie on the snapshot's scale, not on that of the request's time

  float given() const;                                 // the request's score; 0: none, or no number
};
static_assert(sizeof(PooledItem) == 64);

// One thread. An item may be looked at once the request has met it: after resolve() or meet().
class CandidatePool {
 public:
  // All three must outlive the pool's use for this request.
  void reset(const ServingContext& context, const features::RowOptions& rows, const Rules& rules);
  // Names the snapshots of this request: numbers, and what was made of numbers, are valid while it stays the same.
  std::uint32_t world() const { return world_; }
  // Numbers are valid while it stays the same, whatever the world.
  std::uint32_t numbering() const { return numbering_; }

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
  // Asks for what signals() will read.
  void expect_sums(std::uint32_t item) const;
  // Of a met item. Valid until the next request.
  features::ItemSignals signals(std::uint32_t item) {
    PooledItem& pooled = items_[item];
    if (!pooled.sums) find_sums(item);
    return {pooled.sums, pooled.faded ? &faded_ : &features::kNotFaded};
  }
  // The id to list it under. Only of allowed items.
  std::string_view id_of(std::uint32_t item) const;

  // The shard's own row, however new its part is: for what is published in part only (its neighbours). Null: none.
  const records::ItemRow* own_row(std::uint32_t item);
  // Whether nothing has changed in that row since the snapshot.
  bool is_as_published(std::uint32_t item) const {
    return context_->fresh && items_[item].merged && !items_[item].live;
  }

 private:
  // Of a live row and the other shards' parts, on the snapshot's scale: until an event changes the row's numbers, however many
  // requests ask. An event changes a few rows, and a list reads hundreds.
  struct alignas(64) LiveSums {
    std::uint32_t item = 0;
    std::uint64_t changes = ~std::uint64_t{0};  // of the row; at first of none
    std::int64_t latest_ms = 0;  // in it: a reader whose time is before that sees it as it stands, and not on this scale
    features::ItemSums sums;
  };
  void find_sums(std::uint32_t item);
  // Null: the request's time is before the row's, or there is no snapshot.
  const features::ItemSums* live_sums(std::uint32_t item);
  static constexpr std::size_t kLiveChunk = 64;
  LiveSums& live_at(std::uint32_t place) const { return live_sums_[place / kLiveChunk][place % kLiveChunk]; }
  bool judge(std::uint32_t item);
  const records::ItemRow* live_row(std::size_t at);
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
  std::uint32_t world_ = 0, request_ = 0, numbering_ = 1;
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
  std::deque<features::ItemSums> sums_;      // of this request: what neither a snapshot nor the next but one says
  std::vector<std::uint32_t> live_places_;   // by number: where in the next, if it says so too
  std::size_t live_count_ = 0;
  std::vector<std::unique_ptr<LiveSums[]>> live_sums_;  // of this world, kLiveChunk together: they stay where they are
  // By this call of meet().
  std::vector<std::uint32_t> unmet_;
  std::vector<std::uint32_t> unknown_;       // of no snapshot, or of another than this
  std::vector<std::uint32_t> unread_;        // whose live row is not at hand
  std::vector<std::string> row_keys_;        // for prefetch
  std::vector<std::string_view> row_key_views_;
};

// The id that events gave an item; empty: none has named it.
std::string_view known_id(const PooledItem& item);

}  // namespace riffle::serving
