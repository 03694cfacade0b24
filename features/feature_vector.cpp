#include "features/feature_vector.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "features/packet_math.h"
#include "features/rates.h"

namespace riffle::features {
namespace {

// Expected clicks behind an item's lift of 1.
constexpr float kPriorExpected = kPriorClickRate * kPriorImpressions;

// Raised whenever the meaning of a feature changes under the same name.
constexpr std::uint64_t kFeatureVersion = 3;

enum Feature : std::size_t {
  kBias,
  kPopularity,
  kTrend,
  kClickRate,
  kConversion,
  kFreshness,
  kItemCold,
  kInCatalogue,
  kPriceGap,
  kPriceDistance,
  kTopCategoryShare,
  kCategoryShare,
  kTopCategoryShareRecent,
  kCategoryShareRecent,
  kSessionCategory,
  kBrandShare,
  kTogether,
  kNext,
  kOwnWeight,
  kOwnRecency,
  kShown,
  kCategoryShown,
  kTopCategoryClickRate,
  kCategoryClickRate,
  kUserClickRate,
  kUserActivity,
  kUserCold,
  kHourSin,
  kHourCos,
  kTasteTimesQuality,
  kPriorTimesQuality,
  kRecentTasteTimesQuality
};
static_assert(kRecentTasteTimesQuality + 1 == kFeatureCount);

constexpr std::array<FeatureSpec, kFeatureCount> kSpecs{{
    {"bias", "1"},
    {"popularity",
     "l/(l + 6), l = ln(1 + decayed weight over all users), slow half-life: grows with it, below "
     "1"},
    {"trend", "the same with the fast half-life"},
    {"click_rate",
     "twice the recent clicks per impression, towards 0.1 by 20 pseudo-impressions, at most 1"},
    {"conversion",
     "twice the purchases per interaction, towards 0.05 by 20 pseudo-interactions, at most 1"},
    {"freshness",
     "2^(-age/7 days) since published, else first known, else first met; 0 where unknown"},
    {"item_cold", "1/(1 + interactions/5): 1 for an item that nobody has touched"},
    {"in_catalogue", "1: known and in stock; -1: known and sold out; 0: unknown to the catalogue"},
    {"price_gap",
     "ln price above (or below) the user's mean, halved, cut to [-1, 1]; 0 where unknown"},
    {"price_distance", "its magnitude"},
    {"top_category_share",
     "share of the item's top category in the user's weights, slow half-life"},
    {"category_share", "share of its deepest category, slow half-life"},
    {"top_category_share_recent", "share of its top category, fast half-life"},
    {"category_share_recent", "share of its deepest category, fast half-life"},
    {"session_category",
     "1 for the category of the session's last item, 0.5 for its top category; halves in 30 "
     "minutes"},
    {"brand_share", "share of its brand in the user's weights, slow half-life"},
    {"together", "c/(c + 0.1) of the co-visitation score with the user's last items"},
    {"next",
     "s/(s + 0.1) of the sequential score after the user's last items, ten times the encoder's chance added where one runs"},
    {"own_weight",
     "log2(1 + the user's own decayed weight of the item)/4, cut to [-1, 1]; negative: turned away "
     "from"},
    {"own_recency", "2^(-hours since the user's last interaction with the item)"},
    {"shown",
     "log2(1 + decayed impressions to the user without an interaction since)/4, at most 1"},
    {"category_shown", "log2(1 + the same over its deepest category)/6, at most 1"},
    {"top_category_click_rate",
     "twice the user's clicks per impression in its top category, smoothed by his own rate"},
    {"category_click_rate",
     "the same in its deepest category, smoothed by that of the top category"},
    {"user_click_rate",
     "twice the user's clicks per impression, towards 0.1 by 20 pseudo-impressions, at most 1"},
    {"user_activity", "l/(l + 3), l = ln(1 + decayed interactions)"},
    {"user_cold", "1/(1 + interactions/5): 1 for a user nobody knows"},
    {"hour_sin", "sine of the hour of the day (UTC)"},
    {"hour_cos", "cosine of it"},
    {"taste_times_quality",
     "what the user's own clicks per impression in the deepest category say (towards 0 by 5 "
     "pseudo-impressions), times the item's lift, at most 1"},
    {"prior_times_quality",
     "what is left of the rate above it (of the top category, or the user's) for want of "
     "impressions in the deepest category, times the lift, at most 1"},
    {"recent_taste_times_quality",
     "taste_times_quality with the fast half-life: what drift shows in first"},
}};

// 0 for NaN too: it is not above 0.
constexpr float kLargest = 1e30F;
float finite_positive(float x) { return x > 0 ? std::min(x, kLargest) : 0.0F; }

// Below 1, strictly growing: ranking by it is ranking by the logarithm.
float squashed(float log, float half) { return log / (log + half); }

float twice(float rate) { return std::min(1.0F, 2 * rate); }

std::int64_t birth_of(const ItemSums& item, const CatalogueItem* catalogue) {
  if (catalogue && catalogue->published_ms != 0) return catalogue->published_ms;
  if (catalogue && catalogue->known_since_ms != 0) return catalogue->known_since_ms;
  return item.first_ms;
}

// Negative before it.
float weeks_since_birth(TimePoint now, const ItemSums& item, const CatalogueItem* catalogue) {
  constexpr double kWeeksPerMs = 1 / (7.0 * 24 * 3600 * 1000);
  const double age = static_cast<double>(to_ms(now)) - static_cast<double>(birth_of(item, catalogue));
  return static_cast<float>(age * kWeeksPerMs);
}

// What the user shows of an item's categories: the one at the top of its path and the deepest. Null:
// nothing; and nothing of a deeper one without one of the top.
struct PathTaste {
  const CategoryTaste* top = nullptr;
  const CategoryTaste* deepest = nullptr;
};

PathTaste taste_of(const UserContext& user, const CatalogueItem* item) {
  if (!item || item->path.empty() || user.categories.empty()) return {};
  const CategoryTaste* const top = user.categories.find(item->path.front());
  if (!top || item->path.size() == 1) return {top, top};
  return {top, user.categories.find(item->category)};
}

void category_features(const UserContext& user, const CatalogueItem& item, const PathTaste& taste,
                       std::span<float, kFeatureCount> out) {
  if (item.path.empty()) return;
  const CategoryKey top_key = item.path.front();
  if (const CategoryTaste* const top = taste.top) {
    out[kTopCategoryShare] = top->share;
    out[kTopCategoryShareRecent] = top->recent_share;
    out[kTopCategoryClickRate] = twice(top->click_rate);
    out[kCategoryClickRate] = out[kTopCategoryClickRate];
    if (const CategoryTaste* const deepest = taste.deepest) {
      out[kCategoryShare] = deepest->share;
      out[kCategoryShareRecent] = deepest->recent_share;
      out[kCategoryShown] = deepest->fatigue;
      out[kCategoryClickRate] = twice(deepest->click_rate);
    }
  }
  if (top_key == user.session_top_category)
    out[kSessionCategory] =
        item.category == user.session_category ? user.session_recency : 0.5F * user.session_recency;
}

// Of the user in an item's deepest category.
struct TasteRates {
  float own = 0;
  float prior = 0;
  float recent = 0;
};

TasteRates taste_rates(const UserContext& user, const PathTaste& taste) {
  if (taste.deepest)
    return {taste.deepest->own_rate, taste.deepest->prior_rate, taste.deepest->recent_rate};
  return {.prior = taste.top ? taste.top->click_rate : user.click_rate};
}

// What is worked out for all candidates together, a column each: what is read of the item, and what becomes of it in place.
enum Column : std::size_t {
  kPopularityColumn,    // made of the signals
  kTrendColumn,
  kAgeColumn,           // from here on as read: in weeks; then freshness
  kClicksColumn,        // recent ones; then the click rate
  kImpressionsColumn,   // likewise
  kExpectedColumn,      // likewise; then the lift
  kPurchasesColumn,     // then conversion
  kInteractionsColumn,  // then coldness
  kTogetherColumn,
  kNextColumn,
  kSignalColumns,       // in the order of Signal
  kColumnCount = std::size_t{kSignalColumns} + FeatureColumns::kSignals
};
constexpr std::size_t column_of(FeatureColumns::Signal which) { return std::size_t{kSignalColumns} + which; }

// Counts have no sign, which the processor's own conversion does: the compiler's way around it is a branch and ten steps.
float as_float(std::uint64_t count) { return static_cast<float>(static_cast<std::int64_t>(count)); }

void read_candidate(TimePoint now, const FeatureColumns::Candidate& candidate, float* column, std::size_t padded) {
  const ItemSignals& item = candidate.item;
  column[column_of(FeatureColumns::kPopularitySignal) * padded] = static_cast<float>(item.popularity());
  column[column_of(FeatureColumns::kTrendSignal) * padded] = static_cast<float>(item.trend());
  column[kAgeColumn * padded] = weeks_since_birth(now, *item.sums, candidate.catalogue);
  column[kClicksColumn * padded] = static_cast<float>(item.recent_clicks());
  column[kImpressionsColumn * padded] = static_cast<float>(item.recent_impressions());
  column[kExpectedColumn * padded] = static_cast<float>(item.recent_expected());
  column[kPurchasesColumn * padded] = as_float(item.sums->purchases);
  column[kInteractionsColumn * padded] = as_float(item.sums->interactions);
  column[kTogetherColumn * padded] = candidate.sources.together;
  column[kNextColumn * padded] = candidate.sources.next;
}

using Numbers = Eigen::Map<Eigen::ArrayXf>;

// Makes of hits their smoothed_rate() by trials, doubled, at most 1.
void make_rates(Numbers& hits, const Numbers& trials, float prior, float pseudo) {
  hits = (2 * ((hits + prior * pseudo) / (hits.max(trials) + pseudo))).min(1.0F);
}

// Packets. Loops of a number that is known are what the compiler makes vectors of; one number at a time it branches.
void make_positive(float* numbers) {
  for (std::size_t lane = 0; lane < kPacket; ++lane) numbers[lane] = finite_positive(numbers[lane]);
}
void make_lifts(float* __restrict expected, const float* __restrict clicks) {
  for (std::size_t lane = 0; lane < kPacket; ++lane) {
    const float lift = (clicks[lane] + kPriorExpected) / (expected[lane] + kPriorExpected);
    expected[lane] = expected[lane] > 0 ? lift : 1.0F;
  }
}

void make_finite(std::span<float, kFeatureCount> row) {
  for (float& x : row) {
    x = x == x ? x : 0.0F;
    x = std::min(1.0F, std::max(-1.0F, x));
  }
}

void compute_columns(std::span<float> columns) {
  const std::size_t padded = columns.size() / kColumnCount;
  constexpr std::size_t kLogs = column_of(FeatureColumns::kPopularityLog);
  for (std::size_t i = kAgeColumn * padded; i < kLogs * padded; i += kPacket) make_positive(columns.data() + i);
  // Both in one go: they lie side by side, as they are, their logarithms, and what is made of those.
  const auto both = [&](std::size_t first) { return Numbers(columns.data() + first * padded, static_cast<Eigen::Index>(2 * padded)); };
  both(kLogs) = 1 + both(column_of(FeatureColumns::kPopularitySignal));
  take_logs(columns.subspan(kLogs * padded, 2 * padded));
  both(kPopularityColumn) = both(kLogs) / (both(kLogs) + 6);
  const auto column = [&](Column which) {
    return Numbers(columns.data() + which * padded, static_cast<Eigen::Index>(padded));
  };
  column(kAgeColumn) *= -std::numbers::ln2_v<float>;
  take_exps(columns.subspan(kAgeColumn * padded, padded));
  Numbers clicks = column(kClicksColumn), impressions = column(kImpressionsColumn);
  Numbers purchases = column(kPurchasesColumn), interactions = column(kInteractionsColumn);
  Numbers together = column(kTogetherColumn), next = column(kNextColumn);
  // As if taste and quality were independent: rate of the user here × how many more clicks the item
  // got than its users' own rates let expect. Plain clicks per impression would call an item good
  // for having been shown to those who click on everything.
  for (std::size_t i = 0; i < padded; i += kPacket)
    make_lifts(columns.data() + kExpectedColumn * padded + i, columns.data() + kClicksColumn * padded + i);
  make_rates(clicks, impressions, kPriorClickRate, kPriorImpressions);
  make_rates(purchases, interactions, 0.05F, 20);
  interactions = 1 / (1 + interactions / 5);
  together /= together + 0.1F;
  next /= next + 0.1F;
}

// `column`: the candidate's place in the first of the columns, which compute_columns() has seen. What is above 1 or below -1 is cut
// by make_finite(): whether it is cannot be foretold, and a branch here is often taken for the wrong one.
void write_row(const UserContext& user, const FeatureColumns::Candidate& candidate, const float* column,
               std::size_t padded, std::span<float, kFeatureCount> out) {
  const CatalogueItem* const catalogue = candidate.catalogue;
  std::memcpy(out.data(), user.constants.data(), sizeof user.constants);
  out[kPopularity] = column[kPopularityColumn * padded];
  out[kTrend] = column[kTrendColumn * padded];
  out[kFreshness] = birth_of(*candidate.item.sums, catalogue) == 0 ? 0 : column[kAgeColumn * padded];
  out[kClickRate] = column[kClicksColumn * padded];
  out[kConversion] = column[kPurchasesColumn * padded];
  out[kItemCold] = column[kInteractionsColumn * padded];
  out[kTogether] = column[kTogetherColumn * padded];
  out[kNext] = column[kNextColumn * padded];

  const PathTaste path = taste_of(user, catalogue);
  if (catalogue) {
    out[kInCatalogue] = catalogue->available ? 1 : -1;
    if (catalogue->has_price && user.has_price) {
      out[kPriceGap] = (catalogue->log_price - user.mean_log_price) / 2;
      out[kPriceDistance] = std::abs(out[kPriceGap]);
    }
    category_features(user, *catalogue, path, out);
    if (catalogue->brand != 0)
      if (const float* share = user.brand_share.find(catalogue->brand)) out[kBrandShare] = *share;
  }
  if (const OwnItem* own = user.items.find(candidate.key)) {
    const float sign = own->weight < 0 ? -1.0F : 1.0F;
    out[kOwnWeight] = sign * std::log2(1 + std::abs(own->weight)) / 4;
    out[kOwnRecency] = own->recency;
    out[kShown] = std::log2(1 + own->shown) / 4;
  }

  const float lift = column[kExpectedColumn * padded];
  const TasteRates taste = taste_rates(user, path);
  out[kTasteTimesQuality] = taste.own * lift;
  out[kPriorTimesQuality] = taste.prior * lift;
  out[kRecentTasteTimesQuality] = taste.recent * lift;
}

}  // namespace

std::span<const FeatureSpec, kFeatureCount> feature_specs() { return kSpecs; }

std::uint64_t feature_fingerprint() {
  static const std::uint64_t fingerprint = [] {
    std::string names;
    for (const FeatureSpec& spec : kSpecs) names.append(spec.name).push_back('\n');
    return stable_hash(names, kFeatureVersion);
  }();
  return fingerprint;
}

std::size_t feature_index(std::string_view name) {
  const auto it = std::find_if(kSpecs.begin(), kSpecs.end(),
                               [&](const FeatureSpec& spec) { return spec.name == name; });
  RIFFLE_CHECK(it != kSpecs.end(), "no feature is called", name);
  return static_cast<std::size_t>(it - kSpecs.begin());
}

std::array<float, kFeatureCount> constant_features(const UserContext& user) {
  constexpr float kDay = 24.0F * 3600 * 1000;
  constexpr float kTurn = 6.2831853F;
  std::array<float, kFeatureCount> out{};
  std::uint64_t interactions = 0;
  if (user.row)
    for (const std::uint64_t count : user.row->counts) interactions += count;
  const std::int64_t day_ms = ((to_ms(user.now) % 86'400'000) + 86'400'000) % 86'400'000;
  const float angle = kTurn * static_cast<float>(day_ms) / kDay;
  out[kBias] = 1;
  out[kUserClickRate] = twice(user.click_rate);
  out[kUserActivity] = squashed(std::log(1 + finite_positive(static_cast<float>(user.activity))), 3);
  out[kUserCold] = 1 / (1 + static_cast<float>(interactions) / 5);
  out[kHourSin] = std::sin(angle);
  out[kHourCos] = std::cos(angle);
  out[kTopCategoryClickRate] = twice(user.click_rate);
  out[kCategoryClickRate] = twice(user.click_rate);
  return out;
}

std::span<const float> FeatureColumns::signal(Signal which) const {
  const std::size_t padded = columns_.size() / kColumnCount;
  return std::span(columns_).subspan(column_of(which) * padded, padded);
}

void FeatureColumns::compute(const UserContext& user, std::span<const Candidate> candidates, std::span<float> rows) {
  RIFFLE_CHECK(rows.size() == candidates.size() * kFeatureCount, "rows", rows.size());
  const std::size_t padded = whole_packets(candidates.size());
  columns_.resize(kColumnCount * padded);
  for (std::size_t column = 0; column < kColumnCount; ++column)
    for (std::size_t i = candidates.size(); i < padded; ++i) columns_[column * padded + i] = 1;
  for (std::size_t i = 0; i < candidates.size(); ++i) read_candidate(user.now, candidates[i], columns_.data() + i, padded);
  compute_columns(columns_);
  for (std::size_t i = 0; i < candidates.size(); ++i)
    write_row(user, candidates[i], columns_.data() + i, padded,
              std::span<float, kFeatureCount>(rows.data() + i * kFeatureCount, kFeatureCount));
  // Behind all that was written: the processor waits where numbers that were stored one by one are at once read by the eight.
  for (std::size_t i = 0; i < rows.size(); i += kFeatureCount)
    make_finite(std::span<float, kFeatureCount>(rows.data() + i, kFeatureCount));
}

}  // namespace riffle::features
