// The feature vector of (user, context, candidate): kFeatureCount named numbers, each scaled to
// about [-1, 1], which every scorer reads and every decision logs. The fingerprint names the
// specification: a learner and a server with different ones refuse each other (DESIGN §6).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "features/catalogue.h"
#include "features/item_stats.h"
#include "features/key_table.h"
#include "features/options.h"
#include "records/rows.h"

namespace riffle::features {

constexpr std::size_t kFeatureCount = 32;

struct FeatureSpec {
  std::string_view name;
  std::string_view meaning;
};
std::span<const FeatureSpec, kFeatureCount> feature_specs();
// Of the names and of kFeatureVersion, which is raised whenever a meaning changes.
std::uint64_t feature_fingerprint();

// Index of `popularity`, which the scorer of that name ranks by.
std::size_t feature_index(std::string_view name);  // checks that it exists

// What a user did with one item, and saw of it.
struct OwnItem {
  float weight = 0;          // of his history, decayed (slow half-life)
  float recent_weight = 0;   // likewise (fast half-life)
  float recency = 0;         // 2^(−hours since the last interaction); 0: never
  float shown = 0;           // decayed (fast) impressions without an interaction since
  float impressions = 0;     // remembered
  float clicks = 0;          // since the oldest remembered impression
  float recent_impressions = 0;  // the last two likewise, decayed by the fast half-life
  float recent_clicks = 0;
  std::int64_t last_ms = 0;  // of the last interaction; 0: never
};

// What he did in a category, counted for every prefix of an item's path.
struct CategoryTaste {
  float share = 0;  // of his decayed positive weights (slow half-life), less for little evidence
  float recent_share = 0;  // likewise (fast half-life): what drift shows in first
  float shown = 0;         // sums of OwnItem
  float impressions = 0;
  float clicks = 0;
  float recent_impressions = 0;
  float recent_clicks = 0;
  // Clicks per impression, smoothed by that of `above`, or of the user: own_rate + prior_rate, the
  // part that clicks here speak for and the part that is still the prior's. A learner that sees them
  // apart finds out what the prior is worth.
  float click_rate = 0;
  float own_rate = 0;
  float prior_rate = 0;
  float recent_rate = 0;  // of the recent ones alone, towards 0
  float fatigue = 0;  // `shown`, squashed: the feature category_shown
  CategoryKey above;  // the prefix one shorter; 0: this is a top category
};

// What is the same for all candidates of a request; made once.
struct UserContext {
  const records::UserRow* row = nullptr;  // null: a user nobody knows
  TimePoint now{};
  std::string segment;               // of the user: see user_segment()
  KeyTable<ItemKey, OwnItem> items;  // of his history and impressions
  KeyTable<CategoryKey, CategoryTaste> categories;
  KeyTable<std::uint64_t, float> brand_share;
  float mean_log_price = 0;  // of what he likes, weighted
  bool has_price = false;
  float activity = 0;            // interactions, decayed
  float click_rate = 0;          // of all his impressions, smoothed
  CategoryKey session_category;  // of the last item of the session he is in; 0: none
  CategoryKey session_top_category;
  float session_recency = 0;  // 2^(−half hours since)
  std::array<float, kFeatureCount> constants{};  // features that are the same for every item
};
UserContext make_user_context(const records::UserRow* row, const Catalogue& catalogue,
                              TimePoint now, const RowOptions& options);

// A coarse, stable name of the user's state for tabular learning: activity level × dominant top
// category, as "new|-", "light|1f2e3d4c", "active|…": the digits are the first of the category's
// key; "-": none stands out.
std::string user_segment(const UserContext& context, const Catalogue& catalogue);

// What candidate sources found out about an item, as features.
struct SourceSignals {
  float together = 0;  // co-visitation score with the user's recent items
  float next = 0;      // sequential score, and ten times the chance that the encoder gives the item, where one runs
};

// What make_user_context() fills UserContext::constants with, from all its other members.
std::array<float, kFeatureCount> constant_features(const UserContext& context);

// The feature vectors of a request's candidates. One thread; keeps its memory.
class FeatureColumns {
 public:
  // What the features are made of, and others may read: cut to [0, 1e30], and ln(1 + x) of it.
  enum Signal : std::size_t { kPopularitySignal, kTrendSignal, kPopularityLog, kTrendLog, kSignals };
  struct Candidate {
    ItemKey key;
    ItemSignals item;
    const CatalogueItem* catalogue = nullptr;  // null: unknown to it
    SourceSignals sources;
  };

  // Writes kFeatureCount numbers a candidate, one vector after the other; those of a candidate do not depend on the others.
  // Finite for any input: non-finite ones become 0.
  void compute(const UserContext& user, std::span<const Candidate> candidates, std::span<float> rows);
  // Of the candidates that it was called for last, and what fills up the last packet.
  std::span<const float> signal(Signal which) const;

 private:
  // Column by column, in whole packets: see feature_vector.cpp.
  std::vector<float> columns_;
};

}  // namespace riffle::features
