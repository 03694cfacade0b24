#include "features/feature_vector.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "base/hash.h"
#include "base/rng.h"
#include "features/rows_fixture.h"

namespace riffle::features {
namespace {

using namespace testing;
using Features = std::array<float, kFeatureCount>;

records::Item shop_item(std::string id, std::vector<std::string> category, double price = 10) {
  records::Item item;
  item.item_id = ItemId(id);
  item.title = id;
  item.category = std::move(category);
  item.brand = "brand " + item.category.front();
  item.price = price;
  return item;
}

Features features_of(const UserContext& user, ItemKey key, const ItemSums& item, const CatalogueItem* catalogue,
                     const SourceSignals& sources) {
  const FeatureColumns::Candidate candidate{key, {&item, &kNotFaded}, catalogue, sources};
  Features out;
  FeatureColumns().compute(user, {&candidate, 1}, out);
  return out;
}

// A shop of shoes and books, and rows that events fill.
struct Shop : Rows {
  Shop() {
    builder.upsert(shop_item("boot", {"shoes", "winter"}, 80), from_ms(kStartMs));
    builder.upsert(shop_item("ski boot", {"shoes", "winter"}, 100), from_ms(kStartMs));
    builder.upsert(shop_item("sandal", {"shoes", "summer"}, 20), from_ms(kStartMs));
    builder.upsert(shop_item("novel", {"books"}, 8), from_ms(kStartMs));
    catalogue = builder.snapshot();
  }
  UserContext context(std::string_view user, std::int64_t ms) {
    return make_user_context(users.find(user), *catalogue, from_ms(ms), options);
  }
  Features features(const UserContext& user, std::string_view item_id, SourceSignals sources = {}) {
    const ItemKey key = item_key(item_id);
    return features_of(
        user, key, sums_now(items.find(item_row_key(key)), nullptr, Partition(0), user.now, {}, options),
        catalogue->items.find(key), sources);
  }
  float feature(std::string_view user, std::string_view item_id, std::string_view name,
                std::int64_t ms) {
    return features(context(user, ms), item_id)[feature_index(name)];
  }

  CategoryKey category(std::string_view item_id) const {
    return catalogue->items.find(item_key(item_id))->category;
  }

  CatalogueBuilder builder;
  std::shared_ptr<const Catalogue> catalogue;
};

TEST(FeatureVector, NamesAreDistinctAndSayWhatTheyMean) {
  std::set<std::string_view> names;
  for (const FeatureSpec& spec : feature_specs()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_FALSE(spec.meaning.empty());
  }
  EXPECT_EQ(names.size(), kFeatureCount);
  EXPECT_EQ(feature_specs()[feature_index("popularity")].name, "popularity");
  EXPECT_EQ(feature_fingerprint(), feature_fingerprint());
  EXPECT_NE(feature_fingerprint(), 0U);
}

TEST(FeatureVectorDeathTest, ANameThatDoesNotExistIsAProgrammersError) {
  EXPECT_DEATH(feature_index("no such feature"), "no feature is called");
}

TEST(FeatureVector, ATasteIsSeenInItsCategoryFirstThenInTheOneAbove) {
  Shop shop;
  shop.apply(interaction("u", "click", "boot", kStartMs));
  const std::int64_t now = kStartMs + 1000;
  for (const char* name : {"category_share", "category_share_recent", "session_category"}) {
    EXPECT_GT(shop.feature("u", "ski boot", name, now), shop.feature("u", "sandal", name, now))
        << name;
    EXPECT_GE(shop.feature("u", "sandal", name, now), shop.feature("u", "novel", name, now))
        << name;
  }
  EXPECT_EQ(shop.feature("u", "sandal", "top_category_share", now),
            shop.feature("u", "boot", "top_category_share", now));
  EXPECT_NEAR(shop.feature("u", "boot", "category_share", now), 0.5, 1e-4)
      << "one click against one of no taste";
  EXPECT_EQ(shop.feature("u", "novel", "top_category_share", now), 0);
  EXPECT_GT(shop.feature("u", "sandal", "brand_share", now), 0);
  EXPECT_NEAR(shop.feature("u", "ski boot", "session_category", now), 1, 1e-2);
  EXPECT_NEAR(shop.feature("u", "sandal", "session_category", now), 0.5, 1e-2);
}

TEST(FeatureVector, DriftShowsInTheFastShareFirst) {
  Shop shop;
  for (int i = 0; i < 10; ++i) shop.apply(interaction("u", "click", "boot", kStartMs + i));
  for (int i = 0; i < 4; ++i)
    shop.apply(interaction("u", "click", "novel", kStartMs + 4 * kDayMs + i));
  const std::int64_t now = kStartMs + 4 * kDayMs + 10;
  EXPECT_GT(shop.feature("u", "boot", "category_share", now),
            shop.feature("u", "novel", "category_share", now));
  EXPECT_LT(shop.feature("u", "boot", "category_share_recent", now),
            shop.feature("u", "novel", "category_share_recent", now));
}

TEST(FeatureVector, FatigueGrowsWithImpressionsUntilAClick) {
  Shop shop;
  shop.apply(impression("u", {"boot", "novel"}, kStartMs));
  const float once = shop.feature("u", "boot", "shown", kStartMs + 1);
  shop.apply(impression("u", {"boot", "novel"}, kStartMs + 1));
  EXPECT_GT(shop.feature("u", "boot", "shown", kStartMs + 2), once);
  EXPECT_GT(shop.feature("u", "sandal", "category_shown", kStartMs + 2), -1);
  EXPECT_EQ(shop.feature("u", "sandal", "shown", kStartMs + 2), 0);
  EXPECT_GT(shop.feature("u", "ski boot", "category_shown", kStartMs + 2), 0);
  shop.apply(interaction("u", "click", "boot", kStartMs + 2));
  EXPECT_EQ(shop.feature("u", "boot", "shown", kStartMs + 3), 0);
  EXPECT_GT(shop.feature("u", "novel", "shown", kStartMs + 3), 0);
  EXPECT_GT(shop.feature("u", "ski boot", "category_click_rate", kStartMs + 3),
            shop.feature("u", "novel", "category_click_rate", kStartMs + 3));
}

TEST(FeatureVector, WhatClicksSayOfACategoryStandsApartFromWhatThePriorSays) {
  Shop shop;
  shop.apply(impression("u", {"boot"}, kStartMs));
  shop.apply(interaction("u", "click", "boot", kStartMs + 1));
  const std::int64_t now = kStartMs + 2;
  // One impression, one click, five pseudo-impressions.
  EXPECT_NEAR(shop.context("u", now).categories.find(shop.category("boot"))->own_rate, 1.0 / 6,
              1e-3);
  EXPECT_GT(shop.feature("u", "boot", "taste_times_quality", now), 0);
  EXPECT_GT(shop.feature("u", "boot", "prior_times_quality", now), 0);
  EXPECT_EQ(shop.feature("u", "novel", "taste_times_quality", now), 0) << "all is the prior's";
  EXPECT_GT(shop.feature("u", "novel", "prior_times_quality", now), 0);
  EXPECT_GT(shop.feature("nobody", "novel", "prior_times_quality", now), 0);
}

TEST(FeatureVector, ATasteThatWasLostShowsInTheRecentRateFirst) {
  Shop shop;
  for (int i = 0; i < 20; ++i) {
    shop.apply(impression("u", {"boot"}, kStartMs + 2 * i));
    shop.apply(interaction("u", "click", "boot", kStartMs + 2 * i + 1));
  }
  const std::int64_t later = kStartMs + 4 * kDayMs;
  for (int i = 0; i < 20; ++i) shop.apply(impression("u", {"boot"}, later + i));
  const UserContext context = shop.context("u", later + 20);
  const CategoryTaste& taste = *context.categories.find(shop.category("boot"));
  EXPECT_LT(taste.recent_rate, taste.own_rate / 2);
  EXPECT_LT(shop.feature("u", "boot", "recent_taste_times_quality", later + 20),
            shop.feature("u", "boot", "taste_times_quality", later + 20) / 2);
}

TEST(FeatureVector, PopularityNeverTiesTwoDifferentSums) {
  UserContext user = make_user_context(nullptr, Catalogue{}, from_ms(kStartMs), {});
  float before = -1;
  for (double popularity = 0; popularity < 1e6; popularity = popularity * 1.3 + 0.1) {
    ItemSums item;
    item.popularity = popularity;
    const Features out = features_of(user, ItemKey(), item, nullptr, {});
    EXPECT_GT(out[feature_index("popularity")], before);
    before = out[feature_index("popularity")];
  }
  EXPECT_LT(before, 1);
}

TEST(FeatureVector, AUserAndAnItemNobodyKnowsHaveFeaturesToo) {
  Shop shop;
  const UserContext nobody = shop.context("nobody", kStartMs);
  EXPECT_EQ(nobody.segment, "new|-");
  const Features out = shop.features(nobody, "unheard of");
  EXPECT_EQ(out[feature_index("bias")], 1);
  EXPECT_EQ(out[feature_index("user_cold")], 1);
  EXPECT_EQ(out[feature_index("item_cold")], 1);
  EXPECT_EQ(out[feature_index("in_catalogue")], 0);
  for (const float x : out) EXPECT_TRUE(std::isfinite(x));
}

TEST(FeatureVector, SegmentsTellActivityAndTheDominantTopCategory) {
  Shop shop;
  for (int i = 0; i < 4; ++i)
    shop.apply(interaction("u", "click", i % 2 ? "boot" : "sandal", kStartMs + i));
  shop.apply(interaction("u", "click", "novel", kStartMs + 5));
  const std::string light = shop.context("u", kStartMs + 10).segment;
  EXPECT_TRUE(light.starts_with("light|")) << light;
  for (int i = 0; i < 40; ++i) shop.apply(interaction("u", "click", "boot", kStartMs + 10 + i));
  EXPECT_EQ(shop.context("u", kStartMs + 60).segment, "active" + light.substr(5)) << "shoes still";
}

TEST(FeatureVector, AnyNumbersGiveFiniteFeaturesOfAboutOne) {
  Rng rng(8);
  const auto bits64 = [&] { return std::bit_cast<double>(rng()); };
  const auto bits32 = [&] { return std::bit_cast<float>(static_cast<std::uint32_t>(rng())); };
  CatalogueBuilder builder;
  for (int i = 0; i < 20; ++i) {
    records::Item item = shop_item("i" + std::to_string(i), {"c" + std::to_string(i % 3), "d"});
    item.price = std::abs(bits64());
    builder.upsert(item, from_ms(static_cast<std::int64_t>(rng())));
  }
  const auto catalogue = builder.snapshot();
  for (int round = 0; round < 2000; ++round) {
    records::UserRow row;
    const auto key = [&] { return item_key("i" + std::to_string(rng.below(25))); };
    const auto time = [&] { return rng.below(2) ? static_cast<std::int64_t>(rng()) : kStartMs; };
    for (std::uint64_t i = rng.below(20); i > 0; --i)
      row.history.push_back({key(), time(), static_cast<records::InteractionType>(rng.below(11)),
                             bits32(), bits32()});
    for (std::uint64_t i = rng.below(20); i > 0; --i) row.impressions.push_back({key(), time()});
    for (auto& count : row.counts) count = rng() >> rng.below(64);
    row.impression_count = rng();
    row.activity = {bits64(), time()};
    row.session_start_ms = time();
    const UserContext user = make_user_context(&row, *catalogue, from_ms(kStartMs), {});
    ItemSums item;
    const ItemKey item_key = key();
    item.popularity = bits64(), item.trend = bits64(), item.recent_clicks = bits64(),
    item.recent_impressions = bits64();
    item.purchases = rng(), item.interactions = rng(), item.first_ms = time(),
    item.neighbour_total = bits64();
    const Features out = features_of(user, item_key, item, catalogue->items.find(item_key), {bits32(), bits32()});
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
      ASSERT_TRUE(std::isfinite(out[f])) << feature_specs()[f].name << " round " << round;
      ASSERT_LE(std::abs(out[f]), 1) << feature_specs()[f].name;
    }
  }
}

TEST(FeatureVector, DoesNotDependOnTheOtherCandidates) {
  constexpr std::size_t kCount = 37;
  const UserContext user = make_user_context(nullptr, Catalogue{}, from_ms(kStartMs), {});
  Rng rng(8);
  std::vector<ItemSums> items(kCount);
  std::vector<FeatureColumns::Candidate> candidates;
  for (ItemSums& item : items) {
    item.popularity = 100 * rng.uniform();
    item.trend = rng.uniform();
    item.first_ms = kStartMs - static_cast<std::int64_t>(rng.below(3'000'000'000));
    candidates.push_back({ItemKey(), {&item, &kNotFaded}, nullptr, {}});
  }
  std::vector<float> rows(kCount * kFeatureCount);
  FeatureColumns().compute(user, candidates, rows);
  for (std::size_t i = 0; i < kCount; ++i) {
    const Features alone = features_of(user, ItemKey(), items[i], nullptr, {});
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), rows.begin() + static_cast<std::ptrdiff_t>(i * kFeatureCount))) << i;
    EXPECT_NEAR(alone[feature_index("popularity")],
                std::log1p(items[i].popularity) / (std::log1p(items[i].popularity) + 6), 1e-6);
    EXPECT_NEAR(alone[feature_index("freshness")],
                std::exp2(-static_cast<double>(kStartMs - items[i].first_ms) / (7.0 * 24 * 3600 * 1000)), 1e-6);
  }
}

TEST(KeyTable, EqualsAMapWhateverIsInserted) {
  Rng rng(6);
  KeyTable<std::uint64_t, int> table;
  EXPECT_EQ(table.find(0), nullptr);
  std::vector<std::pair<std::uint64_t, int>> naive;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t key =
        rng.below(1000) * (rng.below(2) ? 1 : 1ULL << 40);  // also keys that are no hashes
    table.edit(key) += i;
    const auto it =
        std::find_if(naive.begin(), naive.end(), [&](auto& entry) { return entry.first == key; });
    if (it == naive.end())
      naive.emplace_back(key, i);
    else
      it->second += i;
  }
  ASSERT_EQ(table.size(), naive.size());
  EXPECT_TRUE(std::equal(table.begin(), table.end(), naive.begin())) << "in the order of insertion";
  for (const auto& [key, value] : naive) EXPECT_EQ(*table.find(key), value);
  EXPECT_FALSE(table.contains(1ULL << 60));
}

}  // namespace
}  // namespace riffle::features
