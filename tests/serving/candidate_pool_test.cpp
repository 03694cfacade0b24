#include "serving/candidate_pool.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/serving/shop.h"

namespace riffle::serving {
namespace {

class Pool : public testing::Test {
 protected:
  // Of one world: no snapshot comes between the requests.
  Pool() {
    shop.stock({.id = "a"});
    context = shop.context("nobody");
    context.fresh = &fresh;
  }
  // A request of its own.
  double clicks() {
    const records::Request request = request_of("nobody", 1);
    rules.reset(request, nullptr, options);
    pool.reset(context, shop.rows, rules);
    return static_cast<double>(pool.signals(pool.resolve(item_key("a"))).sums->clicks);
  }

  Shop shop;
  features::FreshItems fresh = shop.fresh_items();
  ServingContext context;
  ServingOptions options;
  Rules rules;
  CandidatePool pool;
};

TEST_F(Pool, SeesARowsEditsFromRequestToRequestAcrossEpochs) {
  EXPECT_EQ(clicks(), 0);
  shop.click("u", "a");
  EXPECT_EQ(clicks(), 1);
  const std::uint32_t world = pool.world();
  shop.click("u", "a");
  EXPECT_EQ(clicks(), 2);
  shop.commit_items();
  shop.click("u", "a");  // the row that is frozen stays as it is, and another copy is edited
  EXPECT_EQ(clicks(), 3);
  shop.items_committed();
  shop.click("u", "a");
  EXPECT_EQ(clicks(), 4);
  EXPECT_EQ(pool.world(), world);
}

// Against the rows themselves, added up each time: sums are kept until a row changes, requests may be late, and a snapshot may
// have nothing in it.
class LiveSums : public Pool, public testing::WithParamInterface<bool> {};

TEST_P(LiveSums, AreThoseOfTheRows) {
  Rng rng(17);
  const std::vector<std::string> items = {"a", "b", "c"};
  for (const std::string& item : items) shop.stock({.id = item});
  const auto happens = [&] {
    const std::string user = "u" + std::to_string(rng.below(3)), item = items[rng.below(items.size())];
    rng.below(2) ? shop.click(user, item) : shop.buy(user, item);
  };
  for (int i = 0; i < 30; ++i) happens();
  const bool published = GetParam();
  for (const std::string& item : items)
    if (published) shop.publish(item_key(item), Partition(1), *shop.row(item));
  context = shop.context("nobody");
  context.fresh = &fresh;
  int late = 0;
  for (int round = 0; round < 400; ++round) {
    if (rng.below(2)) happens();
    context.now = shop.now();
    if (rng.below(4) == 0) context.now -= Milliseconds(rng.below(3 * 86'400'000));
    late += context.now < from_ms(context.stats->time_ms);
    const records::Request request = request_of("nobody", 1);
    rules.reset(request, nullptr, options);
    pool.reset(context, shop.rows, rules);
    for (const std::string& item : items) {
      const ItemKey key = item_key(item);
      const features::ItemSignals signals = pool.signals(pool.resolve(key));
      const features::ItemSums exact = features::sums_now(shop.row(item), context.stats->items.find(key), Partition(0),
                                                          context.now, {}, shop.rows);
      ASSERT_EQ(signals.sums->clicks, exact.clicks) << round;
      ASSERT_EQ(signals.sums->interactions, exact.interactions) << round;
      ASSERT_NEAR(signals.popularity() / exact.popularity, 1, 1e-9) << round;
      ASSERT_NEAR(signals.trend() / exact.trend, 1, 1e-9) << round;
      ASSERT_NEAR(signals.neighbour_total() / exact.neighbour_total, 1, 1e-9) << round;
    }
  }
  if (published) {
    EXPECT_GT(late, 20);
  }
}
INSTANTIATE_TEST_SUITE_P(Snapshots, LiveSums, testing::Values(true, false),
                         [](const auto& tested) { return tested.param ? "OfAnotherShard" : "OfNothing"; });

}  // namespace
}  // namespace riffle::serving
