#include "serving/candidate_pool.h"

#include <cmath>
#include <limits>

#include "base/check.h"
#include "features/decay.h"
#include "features/event_rows.h"

namespace riffle::serving {
namespace {

// Of 64 bytes, and of 24 more in the table of numbers. Beyond it all is forgotten and met anew.
constexpr std::size_t kMostNumbers = std::size_t{1} << 18;

// No request comes so late.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Items lie anywhere: those that come next are fetched while this one is looked at.
constexpr std::size_t kAhead = 8;

// Of what no event has met, as much of a catalogue.
const features::ItemSums kNothing;

}  // namespace

void CandidatePool::reset(const ServingContext& context, const features::RowOptions& rows, const Rules& rules) {
  context_ = &context;
  rows_ = &rows;
  rules_ = &rules;
  sums_.clear();
  faded_ = features::stats_fading(context.stats, context.now, rows);
  const Source source{.stats = context.stats,
                      .catalogue = context.catalogue,
                      .rows = context.items,
                      .stats_version = context.stats ? context.stats->version : 0,
                      .catalogue_version = context.catalogue ? context.catalogue->version : 0,
                      .shard = context.shard};
  const bool forget = items_.size() > kMostNumbers || request_ + 1 == 0;  // or stamps come round
  if (forget) {
    items_.clear();
    numbers_.clear();
    request_ = 0;
    ++numbering_;
  }
  ++request_;
  if (forget || world_ == 0 || source != source_) {
    ++world_;
    live_count_ = 0;
  }
  source_ = source;
  const LiveSource live_source{
      .world = world_, .fresh = context.fresh, .generation = context.items ? context.items->generation() : 0};
  if (forget || live_source != live_source_) live_since_ = request_;
  live_source_ = live_source;
}

void CandidatePool::resolve(std::span<const ItemKey> keys, std::vector<std::uint32_t>& items) {
  items.clear();
  for (const ItemKey key : keys) items.push_back(number_of(key));
  meet(items);
}

void CandidatePool::meet(std::span<const std::uint32_t> items) {
  unknown_.clear();
  unread_.clear();
  // Whether a source before this one met an item cannot be foretold: those that it did not are put together first.
  if (unmet_.size() < items.size()) unmet_.resize(items.size());
  std::size_t unmet = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + kAhead < items.size()) __builtin_prefetch(&items_[items[i + kAhead]], 1);
    PooledItem& item = items_[items[i]];
    unmet_[unmet] = items[i];
    unmet += item.request != request_;
    item.live = item.request < live_since_ ? nullptr : item.live;
    item.request = request_;
  }
  const bool fresh = context_->items && !(context_->fresh && context_->fresh->empty());
  for (std::size_t i = 0; i < unmet; ++i) {
    const std::uint32_t number = unmet_[i];
    PooledItem& item = items_[number];
    item.requested = nullptr;
    item.candidate = 0;
    item.judged = false;
    if (fresh && !item.live && is_fresh(item)) unread_.push_back(number);
    if (item.world == world_) {
      expect_sums(number);  // sources read them soon
      continue;
    }
    unknown_.push_back(number);
    if (context_->stats) context_->stats->items.prefetch(item.key);
    if (context_->catalogue) context_->catalogue->items.prefetch(item.key);
  }
  for (const std::uint32_t number : unknown_) {
    PooledItem& item = items_[number];
    item.world = world_;
    item.merged = context_->stats ? context_->stats->items.find(item.key) : nullptr;
    item.catalogue = context_->catalogue ? context_->catalogue->items.find(item.key) : nullptr;
    item.available = item.catalogue && item.catalogue->available;
  }
  for (std::size_t i = 0; i < unread_.size(); ++i) items_[unread_[i]].live = live_row(i);
  // What a snapshot says is at hand; sums of live rows are found when they are asked for.
  for (std::size_t i = 0; i < unmet; ++i) {
    PooledItem& item = items_[unmet_[i]];
    item.sums = item.live ? nullptr : item.merged ? &item.merged->sums : &kNothing;
    item.faded = true;
  }
}

void CandidatePool::expect_sums(std::uint32_t number) const {
  constexpr std::size_t kLine = 64;
  const PooledItem& item = items_[number];
  const char* sums = item.merged ? reinterpret_cast<const char*>(&item.merged->sums) : nullptr;
  if (item.live && number < live_places_.size() && live_places_[number] < live_count_) {
    const char* const row = reinterpret_cast<const char*>(item.live);
    __builtin_prefetch(row + kLine);  // its counts
    sums = reinterpret_cast<const char*>(&live_at(live_places_[number]));
  }
  if (!sums) return;
  __builtin_prefetch(sums);
  __builtin_prefetch(sums + kLine);
}

// Rows in RAM cost one lookup. The first that is not (the cache grows by it) tells that the rest may not be either: they
// are fetched together, so that a cold list waits for the disk a few times and not two hundred times.
const records::ItemRow* CandidatePool::live_row(std::size_t at) {
  const std::size_t before = context_->items->size();
  const records::ItemRow* row = context_->items->find(features::item_row_key(items_[unread_[at]].key));
  if (context_->items->size() != before && at + 1 < unread_.size()) {
    row_keys_.clear();
    row_key_views_.clear();
    for (std::size_t i = at + 1; i < unread_.size(); ++i) row_keys_.push_back(features::item_row_key(items_[unread_[i]].key));
    for (const std::string& other : row_keys_) row_key_views_.push_back(other);
    context_->items->prefetch(row_key_views_);
  }
  return row;
}

const records::ItemRow* CandidatePool::own_row(std::uint32_t item) {
  if (items_[item].live || !context_->items) return items_[item].live;
  return context_->items->find(features::item_row_key(items_[item].key));
}

std::string_view known_id(const PooledItem& item) {
  if (item.live && !item.live->item_id.empty()) return item.live->item_id.str();
  return item.merged && item.merged->sums.item_id ? std::string_view(*item.merged->sums.item_id) : std::string_view();
}

bool CandidatePool::judge(std::uint32_t number) {
  PooledItem& item = items_[number];
  item.judged = true;
  item.allowed = rules_->allows({.key = item.key,
                                 .has_id = item.catalogue || !known_id(item).empty(),
                                 .requested = item.requested != nullptr,
                                 .in_catalogue = item.catalogue != nullptr,
                                 .available = item.available});
  return item.allowed;
}

const features::ItemSums* CandidatePool::live_sums(std::uint32_t number) {
  if (!context_->stats || to_ms(context_->now) < context_->stats->time_ms) return nullptr;
  const records::ItemRow& row = *items_[number].live;
  if (number >= live_places_.size()) live_places_.resize(items_.size());
  std::uint32_t& place = live_places_[number];
  if (place >= live_count_ || live_at(place).item != number) {
    place = static_cast<std::uint32_t>(live_count_++);
    if (place / kLiveChunk == live_sums_.size()) live_sums_.push_back(std::make_unique<LiveSums[]>(kLiveChunk));
    live_at(place) = LiveSums();
    live_at(place).item = number;
  }
  LiveSums& known = live_at(place);
  if (const std::uint64_t changes = features::changes_of(row); known.changes != changes) {
    known.changes = changes;
    known.latest_ms = features::latest_ms(row);
    if (!features::is_on_scale(known.latest_ms, context_->stats->reference_ms, *rows_)) known.latest_ms = kNever;
    known.sums = features::sums_of(row, items_[number].merged, context_->shard, context_->stats->reference_ms, *rows_);
    known.sums.item_id = nullptr;  // rows move: known_id() tells
  }
  return to_ms(context_->now) < known.latest_ms ? nullptr : &known.sums;
}

void CandidatePool::find_sums(std::uint32_t number) {
  PooledItem& item = items_[number];
  item.sums = live_sums(number);  // what is said of others is at hand
  item.faded = item.sums != nullptr;
  if (!item.sums)
    item.sums = &sums_.emplace_back(features::sums_now(item.live, item.merged, context_->shard, context_->now, faded_, *rows_));
}

float PooledItem::given() const {
  const double score = requested ? requested->score.value_or(0) : 0;
  return std::isfinite(score) ? static_cast<float>(score) : 0;
}

std::string_view CandidatePool::id_of(std::uint32_t number) const {
  const PooledItem& item = items_[number];
  if (item.requested) return item.requested->item_id.str();
  if (item.catalogue && item.catalogue->item) return item.catalogue->item->item_id.str();
  const std::string_view id = known_id(item);
  RIFFLE_CHECK(!id.empty(), "an item without an id was allowed", item.key);
  return id;
}

}  // namespace riffle::serving
