#include "serving/candidate_pool.h"

#include "base/check.h"
#include "features/event_rows.h"

namespace riffle::serving {

void CandidatePool::reset(const ServingContext& context, const features::RowOptions& rows, const Rules& rules) {
  context_ = &context;
  rows_ = &rows;
  rules_ = &rules;
  index_.clear();
  items_.clear();
}

void CandidatePool::resolve(std::span<const ItemKey> keys, std::vector<std::uint32_t>& indices) {
  indices.clear();
  for (std::size_t i = 0; i < keys.size(); ++i) indices.push_back(resolve(keys[i], keys.subspan(i + 1)));
}

std::uint32_t CandidatePool::resolve(ItemKey key, std::span<const ItemKey> rest) {
  const auto [entry, made] = index_.insert(key.value());
  if (!made) return entry->value;
  const auto index = static_cast<std::uint32_t>(items_.size());
  entry->value = index;
  PooledItem& item = items_.emplace_back();
  item.key = key;
  item.live = live_row(key, rest);
  if (context_->stats) item.merged = context_->stats->items.find(key);
  if (context_->catalogue) item.catalogue = context_->catalogue->items.find(key);
  return index;
}

// Rows in RAM cost one lookup. The first that is not (the cache grows by it) tells that the rest may not be either: they
// are fetched together, so that a cold list waits for the disk a few times and not two hundred times.
const records::ItemRow* CandidatePool::live_row(ItemKey key, std::span<const ItemKey> rest) {
  if (!context_->items) return nullptr;
  const std::size_t before = context_->items->size();
  const records::ItemRow* row = context_->items->find(features::item_row_key(key));
  if (context_->items->size() != before && !rest.empty()) {
    row_keys_.clear();
    row_key_views_.clear();
    for (const ItemKey other : rest) row_keys_.push_back(features::item_row_key(other));
    for (const std::string& other : row_keys_) row_key_views_.push_back(other);
    context_->items->prefetch(row_key_views_);
  }
  return row;
}

std::string_view known_id(const PooledItem& item) {
  if (item.live && !item.live->item_id.empty()) return item.live->item_id.str();
  if (item.merged)
    for (const features::StatsPart& part : item.merged->parts)
      if (part.row && !part.row->item_id.empty()) return part.row->item_id.str();
  return {};
}

bool CandidatePool::allowed(std::uint32_t index) {
  PooledItem& item = items_[index];
  if (!item.judged) {
    item.judged = true;
    item.allowed = rules_->allows({.key = item.key,
                                   .has_id = item.catalogue || !known_id(item).empty(),
                                   .requested = item.requested_id != nullptr,
                                   .catalogue = item.catalogue});
  }
  return item.allowed;
}

const features::ItemSignals& CandidatePool::signals(std::uint32_t index) {
  PooledItem& item = items_[index];
  if (!item.has_signals) {
    item.has_signals = true;
    item.signals = features::item_signals(item.key, item.live, item.merged, context_->shard, context_->now, *rows_);
  }
  return item.signals;
}

std::string_view CandidatePool::id_of(std::uint32_t index) const {
  const PooledItem& item = items_[index];
  if (item.requested_id) return item.requested_id->str();
  if (item.catalogue && item.catalogue->item) return item.catalogue->item->item_id.str();
  const std::string_view id = known_id(item);
  RIFFLE_CHECK(!id.empty(), "an item without an id was allowed", item.key);
  return id;
}

}  // namespace riffle::serving
