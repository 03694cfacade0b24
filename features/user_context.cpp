// The user's half of the feature vector (features/feature_vector.h).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "features/feature_vector.h"
#include "features/rates.h"

namespace riffle::features {

namespace {

using records::HistoryEntry;
using records::InteractionType;
using records::UserRow;

// Shares are of all weights and this much more, so that a single view is not yet a taste.
constexpr float kShareEvidence = 1;
// Pseudo-impressions behind a user's click rate in a category.
constexpr float kTasteImpressions = 5;

// 2^(−elapsed/half-life) in single precision: features need no more, and it takes half the time.
class Fading {
 public:
  Fading(TimePoint now, Milliseconds half_life)
      : now_ms_(static_cast<double>(to_ms(now))),
        rate_(half_life.count() <= 0 ? 0 : -1 / static_cast<double>(half_life.count())) {}
  float operator()(std::int64_t time_ms) const {
    return std::exp2(
        static_cast<float>(std::max(0.0, now_ms_ - static_cast<double>(time_ms)) * rate_));
  }

 private:
  double now_ms_;
  double rate_;
};

void gather_items(const UserRow& row, const RowOptions& options, UserContext& context) {
  context.items.reserve(row.history.size() + row.impressions.size());
  const Fading slow(context.now, options.slow_half_life);
  const Fading fast(context.now, options.fast_half_life);
  // Clicks and impressions are counted over the time that is remembered of both, or the rate of the
  // two would be wrong; a full memory has forgotten what lies before it.
  std::int64_t since = std::numeric_limits<std::int64_t>::min();
  if (row.impressions.size() >= options.impressions_length) since = row.impressions.front().time_ms;
  if (row.history.size() >= options.history_length)
    since = std::max(since, row.history.front().time_ms);
  for (const HistoryEntry& entry : row.history) {
    OwnItem& item = context.items.edit(entry.item);
    item.weight += entry.weight * slow(entry.time_ms);
    item.recent_weight += entry.weight * fast(entry.time_ms);
    item.last_ms = std::max(item.last_ms, entry.time_ms);
    if (entry.type == InteractionType::kClick && entry.time_ms >= since) {
      item.clicks += slow(entry.time_ms);
      item.recent_clicks += fast(entry.time_ms);
    }
  }
  const Fading hourly(context.now, std::chrono::hours(1));
  for (auto& [key, item] : context.items) item.recency = hourly(item.last_ms);
  for (const records::ImpressionEntry& impression : row.impressions) {
    OwnItem& item = context.items.edit(impression.item);
    const float recent = fast(impression.time_ms);
    if (impression.time_ms >= since) {
      item.impressions += slow(impression.time_ms);
      item.recent_impressions += recent;
    }
    if (item.last_ms == 0 || impression.time_ms > item.last_ms) item.shown += recent;
  }
}

struct Totals {
  float weight = 0;
  float recent_weight = 0;
  float price = 0;
  float price_weight = 0;
};

void add_item(const OwnItem& own, const CatalogueItem& item, UserContext& context, Totals& totals) {
  const float weight = std::max(0.0F, own.weight);
  const float recent_weight = std::max(0.0F, own.recent_weight);
  totals.weight += weight;
  totals.recent_weight += recent_weight;
  if (item.has_price) {
    totals.price += weight * item.log_price;
    totals.price_weight += weight;
  }
  if (item.brand != 0 && weight > 0) context.brand_share.edit(item.brand) += weight;
  CategoryKey above;
  for (const CategoryKey prefix : item.path) {
    CategoryTaste& taste = context.categories.edit(prefix);
    taste.share += weight;
    taste.recent_share += recent_weight;
    taste.shown += own.shown;
    taste.impressions += own.impressions;
    taste.clicks += own.clicks;
    taste.recent_impressions += own.recent_impressions;
    taste.recent_clicks += own.recent_clicks;
    taste.above = above;
    above = prefix;
  }
}

// A category lies behind the one above it, because paths are walked from the top.
void finish_tastes(const Totals& totals, UserContext& context) {
  for (auto& [key, taste] : context.categories) {
    taste.share /= totals.weight + kShareEvidence;
    taste.recent_share /= totals.recent_weight + kShareEvidence;
    const CategoryTaste* above =
        taste.above == CategoryKey(0) ? nullptr : context.categories.find(taste.above);
    const float prior = above ? above->click_rate : context.click_rate;
    taste.own_rate = smoothed_rate(taste.clicks, taste.impressions, 0, kTasteImpressions);
    taste.click_rate = smoothed_rate(taste.clicks, taste.impressions, prior, kTasteImpressions);
    taste.prior_rate = taste.click_rate - taste.own_rate;
    taste.recent_rate =
        smoothed_rate(taste.recent_clicks, taste.recent_impressions, 0, kTasteImpressions);
    taste.fatigue = std::min(1.0F, std::log2(1 + taste.shown) / 6);
  }
}

void find_session(const UserRow& row, const Catalogue& catalogue, UserContext& context) {
  if (row.history.empty()) return;
  const HistoryEntry& last = row.history.back();
  const CatalogueItem* item = catalogue.items.find(last.item);
  if (last.time_ms < row.session_start_ms || !item || item->path.empty()) return;
  context.session_category = item->category;
  context.session_top_category = item->path.front();
  context.session_recency = Fading(context.now, std::chrono::minutes(30))(last.time_ms);
}

}  // namespace

UserContext make_user_context(const UserRow* row, const Catalogue& catalogue, TimePoint now,
                              const RowOptions& options) {
  UserContext context;
  context.row = row;
  context.now = now;
  context.click_rate = row ? user_click_rate(*row) : kPriorClickRate;
  if (row) {
    context.activity = static_cast<float>(row->activity.value) *
                       Fading(now, options.slow_half_life)(row->activity.time_ms);
    gather_items(*row, options, context);
    Totals totals;
    for (const auto& [key, own] : context.items) catalogue.items.prefetch(key);  // they lie anywhere
    for (const auto& [key, own] : context.items)
      if (const CatalogueItem* item = catalogue.items.find(key))
        add_item(own, *item, context, totals);
    finish_tastes(totals, context);
    for (auto& [brand, share] : context.brand_share) share /= totals.weight + kShareEvidence;
    if (totals.price_weight > 0) {
      context.mean_log_price = totals.price / totals.price_weight;
      context.has_price = true;
    }
    find_session(*row, catalogue, context);
  }
  context.constants = constant_features(context);
  context.segment = user_segment(context, catalogue);
  return context;
}

std::string user_segment(const UserContext& context, const Catalogue&) {
  std::uint64_t interactions = 0;
  if (context.row)
    for (const std::uint64_t count : context.row->counts) interactions += count;
  const char* const activity = interactions < 3        ? "new"
                               : context.activity < 20 ? "light"
                                                       : "active";

  constexpr float kDominant = 0.25F;
  CategoryKey dominant;
  float largest = kDominant;
  for (const auto& [key, taste] : context.categories) {
    if (taste.above != CategoryKey(0) || taste.share < largest) continue;
    if (taste.share == largest && dominant != CategoryKey(0) && dominant < key) continue;
    dominant = key;
    largest = taste.share;
  }
  std::string segment = activity;
  if (dominant == CategoryKey(0)) return segment + "|-";
  char digits[10];
  std::snprintf(digits, sizeof digits, "|%08x", static_cast<unsigned>(dominant.value() >> 32));
  return segment + digits;
}

}  // namespace riffle::features
