#include "features/item_stats.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"
#include "base/rng.h"
#include "features/decay.h"

namespace riffle::features {
namespace {

constexpr std::int64_t kStartMs = 1'760'000'000'000;

std::shared_ptr<const records::ItemRow> row(std::string_view id, double popularity,
                                            std::int64_t ms = kStartMs) {
  auto made = std::make_shared<records::ItemRow>();
  made->item_id = ItemId(id);
  made->popularity = {popularity, ms};
  made->trend = {popularity / 10, ms};
  made->counts[static_cast<std::size_t>(records::InteractionType::kClick)] =
      static_cast<std::uint64_t>(popularity);
  made->first_ms = ms;
  made->last_ms = ms;
  return made;
}

TEST(ItemStats, APartThatIsNotNewerIsIgnored) {
  ItemStatsBuilder builder({});
  const ItemKey key = item_key("a");
  EXPECT_TRUE(builder.update(key, {Partition(0), 2, 5, row("a", 5)}));
  EXPECT_FALSE(builder.update(key, {Partition(0), 2, 5, row("a", 50)}));
  EXPECT_FALSE(builder.update(key, {Partition(0), 2, 4, row("a", 50)}));
  EXPECT_FALSE(builder.update(key, {Partition(0), 1, 99, row("a", 50)}));
  EXPECT_TRUE(builder.update(key, {Partition(1), 1, 1, row("a", 7)}))
      << "another shard counts by itself";
  EXPECT_TRUE(builder.update(key, {Partition(0), 3, 1, row("a", 1)}))
      << "a rebuilt store starts a higher generation";
  const auto snapshot = builder.snapshot();
  const StatsFading faded = stats_fading(snapshot.get(), from_ms(kStartMs), {});
  const ItemSums signals =
      sums_now(nullptr, snapshot->items.find(key), Partition(9), from_ms(kStartMs), faded, {});
  EXPECT_DOUBLE_EQ(signals.popularity, 8);
  EXPECT_EQ(signals.clicks, 8U);
}

TEST(ItemStats, TheOrderOfArrivalDoesNotMatter) {
  Rng rng(2);
  struct Update {
    ItemKey item;
    StatsPart part;
  };
  std::vector<Update> updates;
  for (std::uint64_t epoch = 1; epoch <= 4; ++epoch)
    for (int shard = 0; shard < 3; ++shard)
      for (int i = 0; i < 50; ++i) {
        const std::string id = "i" + std::to_string(i);
        updates.push_back({item_key(id),
                           {Partition(shard), 1, epoch,
                            row(id, static_cast<double>(rng.below(1000)),
                                kStartMs + static_cast<std::int64_t>(rng.below(1'000'000'000)))}});
      }
  const auto merged = [&] {
    ItemStatsBuilder builder({}, 20);
    for (const Update& update : updates) builder.update(update.item, update.part);
    return builder.snapshot();
  };
  const auto first = merged();
  for (std::size_t i = updates.size() - 1; i > 0; --i)
    std::swap(updates[i], updates[rng.below(i + 1)]);
  const auto second = merged();
  EXPECT_EQ(first->popular, second->popular);
  EXPECT_EQ(first->trending, second->trending);
  EXPECT_EQ(first->popular.size(), 20U);
  const TimePoint now = from_ms(kStartMs + 2'000'000'000);
  for (int i = 0; i < 50; ++i) {
    const ItemKey key = item_key("i" + std::to_string(i));
    const auto popularity = [&](const ItemStatsSnapshot& snapshot) {
      return sums_now(nullptr, snapshot.items.find(key), Partition(9), now, stats_fading(&snapshot, now, {}), {})
          .popularity;
    };
    EXPECT_EQ(popularity(*first), popularity(*second));
  }
}

TEST(ItemStats, TopListsAreTheItemsByWhatTheirSumsAreWorthAtOneTime) {
  RowOptions options;
  ItemStatsBuilder builder(options, 10);
  Rng rng(4);
  std::vector<std::pair<double, ItemKey>> naive;
  const TimePoint now = from_ms(kStartMs + 3'000'000'000);
  for (int round = 1; round <= 3; ++round) {
    naive.clear();
    for (int i = 0; i < 100; ++i) {
      const std::string id = "i" + std::to_string(i);
      const auto made = row(id, i % 10 == 0 ? 0 : 1 + rng.uniform() * 100,
                            kStartMs + static_cast<std::int64_t>(rng.below(2'000'000'000)));
      builder.update(item_key(id), {Partition(0), 1, static_cast<std::uint64_t>(round), made});
      if (made->popularity.value > 0)
        naive.emplace_back(-read(made->popularity, now, options.slow_half_life), item_key(id));
    }
    std::sort(naive.begin(), naive.end());
    const auto snapshot = builder.snapshot();
    ASSERT_EQ(snapshot->popular.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(snapshot->popular[i], naive[i].second) << i;
  }
}

TEST(ItemStats, AReadersOwnLiveRowTakesThePlaceOfItsShardsPart) {
  ItemStatsBuilder builder({});
  const ItemKey key = item_key("a");
  builder.update(key, {Partition(0), 1, 1, row("a", 5)});
  builder.update(key, {Partition(1), 1, 1, row("a", 7, kStartMs + 9)});
  const auto snapshot = builder.snapshot();
  EXPECT_EQ(snapshot->time_ms, kStartMs + 9);
  const auto live = row("a", 6, kStartMs + 5);
  const ItemSums signals = sums_now(live.get(), snapshot->items.find(key), Partition(0),
                                           from_ms(kStartMs + 9), {}, {});
  EXPECT_NEAR(signals.popularity, 13, 1e-6);
  EXPECT_EQ(signals.interactions, 13U);
  EXPECT_EQ(*signals.item_id, "a");
  EXPECT_EQ(signals.first_ms, kStartMs + 5);
  EXPECT_EQ(signals.last_ms, kStartMs + 9);
  const ItemSums nothing =
      sums_now(nullptr, nullptr, Partition(0), from_ms(kStartMs), {}, {});
  EXPECT_EQ(nothing.item_id, nullptr);
  EXPECT_EQ(nothing.interactions, 0U);
}

TEST(ItemStats, TheMergedSumsSayWhatTheRowsSayOneByOne) {
  Rng rng(7);
  const RowOptions options;
  ItemStatsBuilder builder(options);
  const auto random_row = [&](int i) {
    const auto some_time = [&] { return kStartMs + static_cast<std::int64_t>(rng.below(3'000'000'000)); };
    auto made = std::make_shared<records::ItemRow>(*row("i" + std::to_string(i), 1 + rng.uniform(), some_time()));
    for (auto* counter : {&made->trend, &made->recent_clicks, &made->recent_impressions, &made->recent_expected})
      *counter = {rng.below(3) == 0 ? 0 : rng.uniform(), some_time()};
    made->neighbour_reference_ms = some_time();
    made->neighbour_total = rng.uniform();
    made->impressions = rng.below(100);
    return made;
  };
  const TimePoint now = from_ms(kStartMs + 4'000'000'000);
  for (int i = 0; i < 40; ++i) {
    const ItemKey key = item_key("i" + std::to_string(i));
    const auto own = random_row(i);
    builder.update(key, {Partition(0), 1, 1, own});
    builder.update(key, {Partition(1), 1, 1, random_row(i)});
    if (i % 2 == 0) builder.update(key, {Partition(2), 1, 1, random_row(i)});
    const auto snapshot = builder.snapshot();
    const MergedItem* merged = snapshot->items.find(key);
    const StatsFading faded = stats_fading(snapshot.get(), now, options);
    const ItemSums fast = sums_now(nullptr, merged, Partition(0), now, faded, options);
    const ItemSums slow = sums_now(own.get(), merged, Partition(0), now, faded, options);
    EXPECT_NEAR(fast.popularity, slow.popularity, 1e-12);
    EXPECT_NEAR(fast.trend, slow.trend, 1e-12);
    EXPECT_NEAR(fast.recent_clicks, slow.recent_clicks, 1e-12);
    EXPECT_NEAR(fast.recent_impressions, slow.recent_impressions, 1e-12);
    EXPECT_NEAR(fast.recent_expected, slow.recent_expected, 1e-12);
    EXPECT_NEAR(fast.neighbour_total, slow.neighbour_total, 1e-12);
    EXPECT_EQ(fast.clicks, slow.clicks);
    EXPECT_EQ(fast.impressions, slow.impressions);
    EXPECT_EQ(fast.interactions, slow.interactions);
    EXPECT_EQ(fast.first_ms, slow.first_ms);
    EXPECT_EQ(fast.last_ms, slow.last_ms);
  }
}

// The reference time moves many times on the way.
TEST(ItemStats, SumsOfLongAgoAreWorthTheSameInLaterSnapshots) {
  RowOptions options;
  options.fast_half_life = std::chrono::hours(1);
  ItemStatsBuilder builder(options, 5);
  constexpr std::int64_t kDay = 86'400'000;
  const ItemKey old = item_key("old");
  builder.update(old, {Partition(0), 1, 1, row("old", 1000)});
  for (std::int64_t day = 0; day < 100; ++day) {
    const std::int64_t ms = kStartMs + day * kDay;
    builder.update(item_key("new"), {Partition(1), 1, static_cast<std::uint64_t>(day + 1), row("new", 30, ms)});
    const auto snapshot = builder.snapshot();
    const TimePoint now = from_ms(ms);
    const StatsFading faded = stats_fading(snapshot.get(), now, options);
    const auto fresh = row("old", 1000);
    const ItemSums signals = sums_now(nullptr, snapshot->items.find(old), Partition(9), now, faded, options);
    EXPECT_NEAR(signals.popularity, read(fresh->popularity, now, options.slow_half_life), 1e-9) << day;
    EXPECT_NEAR(signals.trend, read(fresh->trend, now, options.fast_half_life), 1e-9) << day;
    EXPECT_EQ(snapshot->popular.front() == old, signals.popularity > 30) << day;
  }
}

}  // namespace
}  // namespace riffle::features
