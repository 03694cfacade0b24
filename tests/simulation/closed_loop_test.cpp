// The world as the demonstration needs it: policies separate, a learner that only counts comes near the oracle, and comes
// back there after the drift.
#include "simulation/closed_loop.h"

#include <chrono>
#include <iostream>

#include <gtest/gtest.h>

namespace riffle::simulation {
namespace {

class ClosedLoop : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ClosedLoop, ALearnerThatOnlyCountsComesNearTheOracleAndBackAfterTheDrift) {
  ShopOptions shop_options;
  shop_options.seed = GetParam();
  const Shop shop(shop_options);
  ShoppersOptions options;
  options.seed = GetParam();
  options.end = from_ms(1'760'000'000'000);
  options.malformed = options.duplicates = 0;
  Shoppers shoppers(shop, options);
  const ClickRates rates = testing::run_four_arms(shop, shoppers, 10, GetParam());
  const auto ctr = [&](const char* arm, std::size_t slice) { return rates.ctr(PolicyId(arm), slice, slice + 1); };
  std::array<double, 4> share{};
  for (const std::size_t slice : {0, 1, 2, 3}) {
    const Estimate oracle = ctr("oracle", slice), learner = ctr("learner", slice);
    const Estimate popularity = ctr("popularity", slice), random = ctr("random", slice);
    share[slice] = learner.mean / oracle.mean;
    std::cout << "slice " << slice << ": oracle " << oracle.mean << " learner " << learner.mean << " popularity "
              << popularity.mean << " random " << random.mean << " share " << share[slice] << '\n';
    if (slice % 2 == 0) continue;  // learning the tastes, learning the new ones
    EXPECT_GT(random.mean, 0.015);
    EXPECT_LT(random.mean, 0.03);
    EXPECT_GT(oracle.mean, 0.12);
    EXPECT_LT(oracle.mean, 0.18);
    EXPECT_GT(popularity.low, 1.3 * random.high);
    EXPECT_GT(learner.low, 1.5 * popularity.high);
    EXPECT_GT(share[slice], 0.75);
  }
  EXPECT_GT(share[3] / share[1], 0.9);
  EXPECT_LT(share[2], share[1]) << "the drift cannot be felt";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClosedLoop, ::testing::Values(1, 2, 3));

TEST(ClosedLoopSpeed, ManySlotsASecondAndTheOracleInMicroseconds) {
  const Shop shop{ShopOptions{}};
  ShoppersOptions options;
  options.end = from_ms(1'760'000'000'000);
  options.requests = 20000;
  Shoppers shoppers(shop, options);
  Rng rng(1);
  const auto items = testing::random_items(shop, 10, rng);
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  while (auto step = shoppers.next())
    if (step->request) shoppers.on_list(testing::list_of(*step->request, items));
  const double seconds = std::chrono::duration<double>(clock::now() - start).count();
  const UserId user = shoppers.users()[1];
  const auto oracle_start = clock::now();
  std::size_t named = 0;
  for (int i = 0; i < 2000; ++i) named += shoppers.oracle(user, 10).size();
  const double oracle_us = std::chrono::duration<double, std::micro>(clock::now() - oracle_start).count() / 2000;
  EXPECT_EQ(named, 20000u);
  const double slots_per_second = static_cast<double>(shoppers.counts().slots) / seconds;
  std::cout << slots_per_second << " slots/s, oracle " << oracle_us << " us\n";
  // Sanitizers and busy machines are slower; the figures are printed, an order of magnitude below them is a fault.
  EXPECT_GT(slots_per_second, 20000);
  EXPECT_LT(oracle_us, 1000);
}

}  // namespace
}  // namespace riffle::simulation
