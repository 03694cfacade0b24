#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/serving/recommend_fixture.h"

namespace riffle::serving {
namespace {

TEST_F(Recommend, ASlotsBonusIsItsDistanceToThoseAboveAndItsItemsNovelty) {
  busy_shop();
  shop.rows.reward.diversity = .5;
  shop.rows.reward.novelty = .25;
  const pb::Decision decision = recommend(request_of("u1", 6));
  ASSERT_EQ(decision.slots_size(), 6);
  const ServingContext context = shop.context("u1");
  const features::StatsFading faded = features::stats_fading(context.stats, context.now, shop.rows);
  const auto popularity = [&](ItemKey key) {
    const features::MergedItem* merged = context.stats->items.find(key);
    return merged ? merged->sums.popularity * faded.slow : 0;
  };
  double most = 0;
  for (int i = 0; i < 60; ++i) most = std::max(most, popularity(item_key("i" + std::to_string(i))));
  for (int i = 0; i < 6; ++i) {
    const auto kernel = [&](int slot) -> const features::KernelVector& {
      return context.catalogue->items.find(ItemKey(decision.slots(slot).item_key()))->kernel;
    };
    float nearest = 0;
    for (int j = 0; j < i; ++j) nearest = std::max(nearest, features::kernel_similarity(kernel(i), kernel(j)));
    const double novelty = 1 - std::log1p(popularity(ItemKey(decision.slots(i).item_key()))) / std::log1p(most);
    EXPECT_NEAR(decision.slots(i).bonus(), .5 * (1 - nearest) + .25 * novelty, 1e-6) << i;
  }
  EXPECT_GT(decision.slots(0).bonus(), .5 - 1e-6);
}

TEST_F(Recommend, WhereNothingIsKnownOfAShopsItemsAllAreNovel) {
  for (int i = 0; i < 3; ++i) shop.stock({.id = "i" + std::to_string(i)});
  shop.rows.reward.novelty = 2;
  const pb::Decision decision = recommend(request_of("u1", 3));
  ASSERT_GT(decision.slots_size(), 0);
  for (const pb::Slot& slot : decision.slots()) EXPECT_EQ(slot.bonus(), 2);
}

TEST_F(Recommend, WithoutSuchTermsNoSlotHasABonus) {
  busy_shop();
  const pb::Decision decision = recommend(request_of("u1", 6));
  for (const pb::Slot& slot : decision.slots()) EXPECT_EQ(slot.bonus(), 0);
}

}  // namespace
}  // namespace riffle::serving
