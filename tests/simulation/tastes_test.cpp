#include "simulation/tastes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "simulation/shop.h"

namespace riffle::simulation {
namespace {

using std::chrono::hours;

ShoppersOptions options() {
  ShoppersOptions shoppers;
  shoppers.users = 200;
  shoppers.item_fatigue = 0.3;
  shoppers.category_fatigue = 0.02;
  shoppers.fatigue_half_life = hours(6);
  shoppers.end = from_ms(1'760'000'000'000);
  return shoppers;
}
TimePoint start() { return options().end - options().span; }

class TastesTest : public ::testing::Test {
 protected:
  Shop shop_{ShopOptions{}};
  Tastes tastes_{shop_, options()};
};

TEST_F(TastesTest, ExaminationFallsWithThePosition) {
  EXPECT_DOUBLE_EQ(tastes_.examination(0), 1);
  EXPECT_DOUBLE_EQ(tastes_.examination(1), 0.9);
  EXPECT_NEAR(tastes_.examination(9), std::pow(0.9, 9), 1e-12);
  EXPECT_EQ(tastes_.examination(100000), 0);
}

TEST_F(TastesTest, AttractionIsTasteTimesQualityTimesAWhim) {
  for (std::size_t item = 0; item < 100; ++item) {
    const double explained =
        options().click_scale * tastes_.taste(3, shop_.category(item), start()) * shop_.quality(item);
    const double ratio = tastes_.attraction(3, item, start()) / explained;
    EXPECT_GE(ratio, 0.7 * 0.97 - 1e-6);  // the user's warmth and the pair's idiosyncrasy
    EXPECT_LE(ratio, 1.3 * 1.03 + 1e-6);
  }
}

TEST_F(TastesTest, FatigueFollowsTheFormulaAndRecoversWithTime) {
  const double fresh = tastes_.attraction(5, 40, start());
  const double sibling = tastes_.attraction(5, 56, start());  // same category
  const double other = tastes_.attraction(5, 41, start());
  for (int i = 0; i < 4; ++i) tastes_.on_ignored(5, 40, start());
  EXPECT_NEAR(tastes_.attraction(5, 40, start()), fresh / (1 + 4 * 0.3 + 4 * 0.02), 1e-6);
  EXPECT_NEAR(tastes_.attraction(5, 56, start()), sibling / (1 + 4 * 0.02), 1e-6);
  EXPECT_EQ(tastes_.attraction(5, 41, start()), other);
  EXPECT_NEAR(tastes_.attraction(5, 40, start() + hours(6)), fresh / (1 + 2 * 0.3 + 2 * 0.02), 1e-6);
  EXPECT_NEAR(tastes_.attraction(5, 40, start() + hours(60)), fresh, fresh * 0.01);
  EXPECT_EQ(tastes_.attraction(6, 40, start()), Tastes(shop_, options()).attraction(6, 40, start()));
}

TEST_F(TastesTest, AllAtOnceEqualsOneByOne) {
  tastes_.on_ignored(7, 3, start() + hours(1));
  tastes_.on_bought(7, 4);
  std::vector<float> scores;
  for (const TimePoint at : {start() + hours(2), start() + hours(24 * 13)}) {
    tastes_.attractions(7, at, scores);
    ASSERT_EQ(scores.size(), shop_.size());
    for (std::size_t i = 0; i < shop_.size(); ++i) EXPECT_NEAR(scores[i], tastes_.attraction(7, i, at), 1e-6);
  }
}

TEST_F(TastesTest, WhatWasBoughtIsHardlyWantedAgain) {
  const double before = tastes_.attraction(8, 9, start());
  tastes_.on_bought(8, 9);
  EXPECT_NEAR(tastes_.attraction(8, 9, start() + hours(100)), before * 0.1, 1e-6);
}

TEST_F(TastesTest, DriftMovesAtLeastItsShareOfEveryFavouritesMassAndKeepsTheRest) {
  const TimePoint before = tastes_.drift_time() - Milliseconds(1), after = tastes_.drift_time();
  EXPECT_EQ(tastes_.drift_time(), start() + options().span / 2);
  for (std::size_t u = 0; u < options().users; ++u) {
    double mass = 0, moved = 0, mass_after = 0;
    for (std::size_t c = 0; c < shop_.categories(); ++c) {
      const double was = tastes_.taste(u, c, before), is = tastes_.taste(u, c, after);
      if (is > 0.3) mass_after += is;
      if (was <= 0.3) continue;
      mass += was;
      if (is <= 0.3) moved += was;
    }
    EXPECT_GE(moved, 0.5 * mass - 1e-5) << "user " << u;
    EXPECT_NEAR(mass_after, mass, 1e-5) << "user " << u;
  }
}

TEST_F(TastesTest, WithoutDriftTastesStay) {
  ShoppersOptions still = options();
  still.drift_at = 1;
  const Tastes tastes(shop_, still);
  const TimePoint last = still.end - Milliseconds(1);
  for (std::size_t c = 0; c < shop_.categories(); ++c) EXPECT_EQ(tastes.taste(1, c, start()), tastes.taste(1, c, last));
}

}  // namespace
}  // namespace riffle::simulation
