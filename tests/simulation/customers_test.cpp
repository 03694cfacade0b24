#include "simulation/customers.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "simulation/closed_loop.h"

namespace riffle::simulation {
namespace {

const TimePoint kStart = from_ms(1'767'571'200'000);

WorldOptions options() {
  WorldOptions world;
  world.users = 40;
  world.items = 100;
  world.span = std::chrono::hours(24 * 10);
  return world;
}

TEST(Customers, EveryEventCanBeReadAndNamesItsList) {
  Customers customers(options(), kStart);
  records::JsonDecoder decoder{records::Limits{}};
  records::Event event;
  std::set<std::string> lists, ids;
  std::uint64_t clicks = 0, purchases = 0, impressions = 0, copies = 0;
  const auto read = [&](const EventRecord& record) {
    ASSERT_EQ(decoder.decode(record.payload, event), std::nullopt) << record.payload;
    EXPECT_EQ(event.user_id, record.user_id);
    EXPECT_EQ(*event.timestamp, record.at);
    EXPECT_TRUE(lists.contains(event.recommendation_id.str())) << record.payload;
    if (!ids.insert(event.event_id.str()).second) {
      ++copies;
      return;
    }
    impressions += event.kind == records::EventKind::kImpression;
    clicks += event.type == records::InteractionType::kClick;
    purchases += event.type == records::InteractionType::kPurchase;
  };
  Rng rng(1);
  std::set<std::string> known;
  for (const auto& item : customers.opening()) known.insert(item.item_id.str());
  while (const auto step = customers.next()) {
    for (const auto& item : step->items) EXPECT_TRUE(known.insert(item.item_id.str()).second);
    for (const auto& record : step->events) read(record);
    if (!step->request) continue;
    EXPECT_EQ(step->request->timestamp, step->at);
    const auto list = testing::list_of(*step->request, testing::random_items(customers.shop(), 10, rng));
    lists.insert(list.recommendation_id.str());
    for (const auto& record : customers.on_list(list).events) read(record);
  }
  EXPECT_EQ(known.size(), 100u);
  EXPECT_EQ(clicks, customers.counts().clicks);
  EXPECT_EQ(purchases, customers.counts().purchases);
  EXPECT_EQ(impressions, customers.counts().lists);
  EXPECT_EQ(copies, customers.counts().duplicates);
  EXPECT_GT(purchases, 0u);
  EXPECT_GT(copies, 0u);
}

TEST(Customers, AListThatNobodyAskedForIsIgnored) {
  Customers customers(options(), kStart);
  Rng rng(1);
  std::optional<Step> step;
  while ((step = customers.next()) && !step->request) {
  }
  const auto items = testing::random_items(customers.shop(), 10, rng);
  auto list = testing::list_of(*step->request, items);
  list.request_id = RequestId("another");
  EXPECT_EQ(customers.on_list(list).slots, 0u);
  list.request_id = step->request->request_id;
  list.user_id = UserId("u999999");
  EXPECT_EQ(customers.on_list(list).slots, 0u);
  list.user_id = step->request->user_id;
  EXPECT_EQ(customers.on_list(list).slots, 10u);
  EXPECT_EQ(customers.on_list(list).slots, 0u);  // met before
  EXPECT_EQ(customers.counts().ignored_lists, 3u);
}

TEST(Customers, AnEmptyListIsLookedAtAndNothingIsTaken) {
  Customers customers(options(), kStart);
  std::uint64_t asked = 0;
  while (const auto step = customers.next()) {
    if (!step->request) continue;
    ++asked;
    EXPECT_TRUE(customers.on_list(testing::list_of(*step->request, {})).events.empty());
  }
  EXPECT_GT(asked, 100u);
  EXPECT_EQ(customers.counts().clicks, 0u);
}

TEST(Customers, TheOracleNamesTheBestFirstWithTheirChances) {
  Customers customers(options(), kStart);
  const auto best = customers.oracle(UserId("u000003"), 5);
  ASSERT_EQ(best.size(), 5u);
  for (std::size_t i = 1; i < best.size(); ++i) EXPECT_GE(best[i - 1].second, best[i].second);
  EXPECT_GT(best[0].second, 0);
  EXPECT_LT(best[0].second, 1);
  EXPECT_TRUE(customers.oracle(UserId("nobody"), 5).empty());
}

}  // namespace
}  // namespace riffle::simulation
