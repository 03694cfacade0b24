#include "serving/candidate_pool.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace riffle::serving
