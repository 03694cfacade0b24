#include "simulation/ctr.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::simulation {
namespace {

const PolicyId kArm("linear");

TEST(ClickRates, TheIntervalEqualsTheOneComputedByHand) {
  ClickRates rates(1);
  rates.add(kArm, UserId("a"), 0, 10, 1);
  rates.add(kArm, UserId("b"), 0, 20, 4);
  rates.add(kArm, UserId("c"), 0, 10, 3);
  const Estimate ctr = rates.ctr(kArm);
  EXPECT_DOUBLE_EQ(ctr.mean, 0.2);
  // residuals -1, 0, 1: 3/2 · 2 = 3; √3 / 40
  EXPECT_NEAR(ctr.high - ctr.mean, 1.96 * std::sqrt(3.0) / 40, 1e-12);
  EXPECT_NEAR(ctr.mean - ctr.low, 1.96 * std::sqrt(3.0) / 40, 1e-12);
  EXPECT_EQ(ctr.users, 3u);
  EXPECT_EQ(ctr.slots, 40u);
  EXPECT_EQ(ctr.clicks, 8u);
}

TEST(ClickRates, SlicesAreCountedApartAndAddUp) {
  ClickRates rates(4);
  rates.add(kArm, UserId("a"), 0.1, 10, 1);
  rates.add(kArm, UserId("a"), 0.25, 10, 2);
  rates.add(kArm, UserId("b"), 0.49, 10, 3);
  rates.add(kArm, UserId("b"), 1.0, 10, 10);
  EXPECT_DOUBLE_EQ(rates.ctr(kArm, 0, 1).mean, 0.1);
  EXPECT_DOUBLE_EQ(rates.ctr(kArm, 1, 2).mean, 0.25);
  EXPECT_DOUBLE_EQ(rates.ctr(kArm, 3, 4).mean, 1.0);
  EXPECT_DOUBLE_EQ(rates.ctr(kArm).mean, 0.4);
  EXPECT_EQ(rates.ctr(kArm, 2, 3).slots, 0u);
  EXPECT_EQ(rates.ctr(PolicyId("unheard")).users, 0u);
}

TEST(ClickRates, CoverageCountsDistinctItems) {
  ClickRates rates;
  rates.add_shown(kArm, ItemId("i1"));
  rates.add_shown(kArm, ItemId("i1"));
  rates.add_shown(kArm, ItemId("i2"));
  EXPECT_EQ(rates.coverage(kArm), 2u);
  EXPECT_EQ(rates.coverage(PolicyId("unheard")), 0u);
}

// Users differ in rate and in activity, so slots are dependent: the interval must hold the truth in 95 % of the worlds,
// where one that took slots for independent would be far too narrow.
TEST(ClickRates, TheIntervalHoldsTheTruthAsOftenAsItSays) {
  constexpr int kWorlds = 600;
  Rng rng(11);
  int held = 0, held_naive = 0;
  for (int world = 0; world < kWorlds; ++world) {
    ClickRates rates(1);
    for (int u = 0; u < 200; ++u) {
      // Rates uniform in [0, 0.4] and independent of the activity: the truth is 0.2.
      const double rate = 0.4 * rng.uniform();
      const std::size_t slots = 20 + rng.below(180);
      std::size_t clicks = 0;
      for (std::size_t s = 0; s < slots; ++s) clicks += rng.uniform() < rate;
      rates.add(kArm, UserId(std::to_string(u)), 0, slots, clicks);
    }
    const Estimate ctr = rates.ctr(kArm);
    held += ctr.low <= 0.2 && 0.2 <= ctr.high;
    const double naive = 1.96 * std::sqrt(ctr.mean * (1 - ctr.mean) / static_cast<double>(ctr.slots));
    held_naive += std::abs(ctr.mean - 0.2) <= naive;
  }
  EXPECT_GE(held, kWorlds * 0.92);
  EXPECT_LE(held, kWorlds * 0.98);
  EXPECT_LT(held_naive, kWorlds * 0.7);
}

}  // namespace
}  // namespace riffle::simulation
