#include "serving/candidate_pool.h"

#include "base/check.h"
#include "features/decay.h"
#include "features/event_rows.h"

namespace riffle::serving {

void CandidatePool::reset(const ServingContext& context, const features::RowOptions& rows, const Rules& rules) {
  context_ = &context;
  rows_ = &rows;
  rules_ = &rules;
  index_.clear();
  items_.clear();
  signals_.clear();
}

void CandidatePool::resolve(std::span<const ItemKey> keys, std::vector<std::uint32_t>& indices) {
  const auto first = static_cast<std::uint32_t>(items_.size());
  indices.clear();
  for (const ItemKey key : keys) {
    const auto [entry, made] = index_.insert(key.value());
    if (made) {
      entry->value = static_cast<std::uint32_t>(items_.size());
      items_.emplace_back().key = key;
      if (context_->stats) context_->stats->items.prefetch(key);
      if (context_->catalogue) context_->catalogue->items.prefetch(key);
    }
    indices.push_back(entry->value);
  }
  look_up(first);
}

// Everything from `first` on.
void CandidatePool::look_up(std::uint32_t first) {
  for (std::uint32_t i = first; i < items_.size(); ++i) {
    PooledItem& item = items_[i];
    if (context_->stats) item.merged = context_->stats->items.find(item.key);
    if (context_->catalogue) item.catalogue = context_->catalogue->items.find(item.key);
  }
  if (!context_->items || (context_->fresh && context_->fresh->empty())) return;
  for (std::uint32_t i = first; i < items_.size(); ++i)
    if (!context_->fresh || context_->fresh->contains(items_[i].key)) items_[i].live = live_row(i);
}

std::uint32_t CandidatePool::resolve_live(ItemKey key) {
  const std::uint32_t index = resolve(key);
  PooledItem& item = items_[index];
  if (!item.live && context_->items && item.signals < 0) item.live = context_->items->find(features::item_row_key(key));
  return index;
}

// Rows in RAM cost one lookup. The first that is not (the cache grows by it) tells that the rest may not be either: they
// are fetched together, so that a cold list waits for the disk a few times and not two hundred times.
const records::ItemRow* CandidatePool::live_row(std::uint32_t index) {
  const std::size_t before = context_->items->size();
  const records::ItemRow* row = context_->items->find(features::item_row_key(items_[index].key));
  if (context_->items->size() != before && index + 1 < items_.size()) {
    row_keys_.clear();
    row_key_views_.clear();
    for (std::size_t i = index + 1; i < items_.size(); ++i)
      if (!context_->fresh || context_->fresh->contains(items_[i].key))
        row_keys_.push_back(features::item_row_key(items_[i].key));
    for (const std::string& other : row_keys_) row_key_views_.push_back(other);
    context_->items->prefetch(row_key_views_);
  }
  return row;
}

std::string_view known_id(const PooledItem& item) {
  if (item.live && !item.live->item_id.empty()) return item.live->item_id.str();
  return item.merged && item.merged->sums.item_id ? std::string_view(*item.merged->sums.item_id) : std::string_view();
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
  if (item.signals < 0) {
    item.signals = static_cast<std::int32_t>(signals_.size());
    signals_.push_back(features::item_signals(item.key, item.live, item.merged, context_->shard, context_->now, *rows_));
  }
  return signals_[static_cast<std::size_t>(item.signals)];
}

double CandidatePool::neighbour_total(std::uint32_t index) {
  const PooledItem& item = items_[index];
  if (item.signals >= 0) return signals_[static_cast<std::size_t>(item.signals)].neighbour_total;
  if (item.live) return signals(index).neighbour_total;
  if (!item.merged || item.merged->sums.neighbour_total == 0) return 0;
  const features::ItemSums& sums = item.merged->sums;
  return sums.neighbour_total *
         features::decay_factor(to_ms(context_->now) - sums.time_ms, rows_->neighbour_half_life);
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
