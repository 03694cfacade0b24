// The items that a request's sources have met, each looked up once: its live row, the other shards' statistics, its
// catalogue entry, and, when asked for, its signals and the rules' answer. Memory is kept from request to request.
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

struct PooledItem {
  ItemKey key;
  const records::ItemRow* live = nullptr;              // the shard's own; null: none, or its part in `merged` is as new
  const features::MergedItem* merged = nullptr;        // of all shards; null: none
  const features::CatalogueItem* catalogue = nullptr;  // null: the catalogue does not have it
  const ItemId* requested_id = nullptr;                // as the request said it; null: it did not
  float given = 0;                                     // the request's score
  bool judged = false, allowed = false;                // by the rules
  std::int32_t signals = -1;                           // place in the pool's signals; −1: not asked for yet
};

// One thread. Indices are valid until the next reset; references until the next resolve, those to signals until
// the next that are asked for.
class CandidatePool {
 public:
  // All three must outlive the pool's use for this request.
  void reset(const ServingContext& context, const features::RowOptions& rows, const Rules& rules);

  // Replaces `indices` by one index a key, in their order.
  void resolve(std::span<const ItemKey> keys, std::vector<std::uint32_t>& indices);
  std::uint32_t resolve(ItemKey key) {
    resolve({&key, 1}, one_);
    return one_.front();
  }
  // With its live row, however new its part: for what is published in part only (its neighbours).
  std::uint32_t resolve_live(ItemKey key);

  PooledItem& at(std::uint32_t index) { return items_[index]; }
  const PooledItem& at(std::uint32_t index) const { return items_[index]; }
  bool allowed(std::uint32_t index);
  const features::ItemSignals& signals(std::uint32_t index);
  // signals(index).neighbour_total, without the rest of them.
  double neighbour_total(std::uint32_t index);
  // The id to list it under. Only of allowed items.
  std::string_view id_of(std::uint32_t index) const;
  std::size_t size() const { return index_.size(); }

 private:
  void look_up(std::uint32_t first);
  const records::ItemRow* live_row(std::uint32_t item);

  const ServingContext* context_ = nullptr;
  const features::RowOptions* rows_ = nullptr;
  const Rules* rules_ = nullptr;
  ScratchMap<std::uint32_t> index_{1024};
  std::vector<PooledItem> items_;
  std::vector<features::ItemSignals> signals_;
  std::vector<std::uint32_t> one_;
  std::vector<std::string> row_keys_;        // for prefetch
  std::vector<std::string_view> row_key_views_;
};

// The id that events gave an item; empty: none has named it.
std::string_view known_id(const PooledItem& item);

// Visits the item's row in every shard: the live one of the reader's own shard (its published part where there is none),
// and the others' parts.
template <class F>
void for_each_row(const PooledItem& item, Partition own, F&& visit) {
  if (item.live) visit(*item.live);
  if (!item.merged) return;
  for (const features::StatsPart& part : item.merged->parts)
    if (part.row && !(item.live && part.shard == own)) visit(*part.row);
}

}  // namespace riffle::serving
