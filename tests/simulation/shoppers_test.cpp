#include "simulation/shoppers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "simulation/closed_loop.h"

namespace riffle::simulation {
namespace {

using testing::list_of;
using testing::random_items;

ShoppersOptions small_world() {
  ShoppersOptions options;
  options.users = 100;
  options.requests = 4000;
  options.end = from_ms(1'760'000'000'000);
  return options;
}

struct Trace {
  std::vector<std::string> requests, payloads;
  std::vector<TimePoint> times;
};

Trace run_random(const Shop& shop, Shoppers& shoppers) {
  Trace trace;
  Rng rng(3);
  while (auto step = shoppers.next()) {
    trace.times.push_back(step->at);
    for (const auto& event : step->events) trace.payloads.push_back(event.payload);
    if (!step->request) continue;
    trace.requests.push_back(step->request->request_id.str());
    for (const auto& event : shoppers.on_list(list_of(*step->request, random_items(shop, 10, rng))).events)
      trace.payloads.push_back(event.payload);
  }
  return trace;
}

TEST(Shoppers, ASeedDecidesEverythingThatHappens) {
  const Shop shop{ShopOptions{}};
  Shoppers a(shop, small_world()), b(shop, small_world());
  ShoppersOptions other = small_world();
  other.seed = 2;
  Shoppers c(shop, other);
  const Trace first = run_random(shop, a), again = run_random(shop, b), differs = run_random(shop, c);
  EXPECT_EQ(first.requests, again.requests);
  EXPECT_EQ(first.payloads, again.payloads);
  EXPECT_NE(first.payloads, differs.payloads);
}

TEST(Shoppers, TimeNeverRunsBackAndStaysInTheSpan) {
  const Shop shop{ShopOptions{}};
  Shoppers shoppers(shop, small_world());
  const Trace trace = run_random(shop, shoppers);
  EXPECT_TRUE(std::is_sorted(trace.times.begin(), trace.times.end()));
  EXPECT_GE(trace.times.front(), small_world().end - small_world().span);
  EXPECT_LT(trace.times.back(), small_world().end);
  EXPECT_GT(shoppers.fraction(), 0.98);
}

TEST(Shoppers, AskAboutAsOftenAsExpectedAndComeBackInSessions) {
  const Shop shop{ShopOptions{}};
  ShoppersOptions options = small_world();
  options.users = 400;
  options.requests = 20000;
  Shoppers shoppers(shop, options);
  Rng rng(5);
  std::map<std::string, std::set<std::string>> sessions;
  std::size_t requests = 0;
  while (auto step = shoppers.next()) {
    if (!step->request) continue;
    ++requests;
    EXPECT_EQ(*step->request->n, 10);
    EXPECT_EQ(step->request->surface, "home");
    sessions[step->request->user_id.str()].insert(step->request->session_id.str());
    shoppers.on_list(list_of(*step->request, random_items(shop, 10, rng)));
  }
  EXPECT_NEAR(static_cast<double>(requests), 20000, 3000);
  std::size_t total = 0;
  for (const auto& [user, ids] : sessions) total += ids.size();
  EXPECT_NEAR(static_cast<double>(requests) / static_cast<double>(total), 4, 0.6);
  EXPECT_GT(sessions.size(), 380u);
}

TEST(Shoppers, ColdUsersArriveWithinTheSpan) {
  const Shop shop{ShopOptions{}};
  const auto first_half_arrivals = [&](double cold) {
    ShoppersOptions options = small_world();
    options.users = 300;
    options.requests = 30000;
    options.cold_users = cold;
    Shoppers shoppers(shop, options);
    std::set<std::string> early;
    Rng rng(5);
    while (auto step = shoppers.next()) {
      if (!step->request) continue;
      if (shoppers.fraction() < 0.25) early.insert(step->request->user_id.str());
      shoppers.on_list(list_of(*step->request, random_items(shop, 10, rng)));
    }
    return early.size();
  };
  EXPECT_GT(first_half_arrivals(0), 285u);
  EXPECT_LT(first_half_arrivals(1), 110u);
}

// Every examined slot is a coin with the probability that click_probability() says: over many slots, in bins of that
// probability and for each position, clicks must be as many as expected.
TEST(Shoppers, ClicksAreAsFrequentAsTheTruthSays) {
  const Shop shop{ShopOptions{}};
  ShoppersOptions options = small_world();
  options.requests = 30000;
  options.malformed = options.duplicates = 0;
  Shoppers shoppers(shop, options);
  struct Bin {
    double expected = 0, variance = 0, clicks = 0;
  };
  std::map<int, Bin> by_probability, by_position;
  Rng rng(9);
  while (auto step = shoppers.next()) {
    if (!step->request) continue;
    const UserId& user = step->request->user_id;
    auto items = random_items(shop, 5, rng);
    for (const auto& [item, score] : shoppers.oracle(user, 5))
      if (std::find(items.begin(), items.end(), item) == items.end()) items.insert(items.begin() + rng.below(items.size()), item);
    std::vector<double> truth;
    for (std::size_t k = 0; k < items.size(); ++k) truth.push_back(shoppers.click_probability(user, items[k], k, step->at));
    const Visit visit = shoppers.on_list(list_of(*step->request, items));
    for (std::size_t k = 0; k < items.size(); ++k) {
      bool clicked = false;
      for (const auto& event : visit.events)
        clicked |= event.payload.find("\"type\":\"click\"") != std::string::npos &&
                   event.payload.find("\"item_id\":\"" + items[k].str() + "\"") != std::string::npos;
      for (Bin* bin : {&by_probability[static_cast<int>(truth[k] * 40)], &by_position[static_cast<int>(k)]}) {
        bin->expected += truth[k];
        bin->variance += truth[k] * (1 - truth[k]);
        bin->clicks += clicked;
      }
    }
  }
  for (const auto* bins : {&by_probability, &by_position}) {
    double chi_square = 0, degrees = 0;
    for (const auto& [name, bin] : *bins) {
      if (bin.expected < 20) continue;
      chi_square += (bin.clicks - bin.expected) * (bin.clicks - bin.expected) / bin.variance;
      ++degrees;
    }
    ASSERT_GE(degrees, 5);
    EXPECT_LT(chi_square, degrees + 4 * std::sqrt(2 * degrees));
  }
}

TEST(Shoppers, ShowingTheSameListAgainAndAgainEarnsLessAndLess) {
  const Shop shop{ShopOptions{}};
  ShoppersOptions options = small_world();
  options.users = 500;
  options.requests = 20000;
  options.session_length = 8;
  options.item_fatigue = 0.3;
  Shoppers shoppers(shop, options);
  std::map<std::string, std::size_t> seen;
  std::array<double, 2> clicks{}, slots{};  // the first list of a session, and those after three
  Rng rng(2);
  const auto always = random_items(shop, 10, rng);
  while (auto step = shoppers.next()) {
    if (!step->request) continue;
    const std::size_t nth = seen[step->request->session_id.str()]++;
    const Visit visit = shoppers.on_list(list_of(*step->request, always));
    if (nth != 0 && nth < 3) continue;
    clicks[nth != 0] += static_cast<double>(visit.clicks);
    slots[nth != 0] += static_cast<double>(visit.slots);
  }
  EXPECT_LT(clicks[1] / slots[1], 0.8 * clicks[0] / slots[0]);
}

TEST(Shoppers, AListIsLookedAtOnceAndOnlyByTheUserWhoAskedForIt) {
  const Shop shop{ShopOptions{}};
  Shoppers shoppers(shop, small_world());
  Rng rng(1);
  auto step = shoppers.next();
  ASSERT_TRUE(step && step->request);
  auto list = list_of(*step->request, random_items(shop, 10, rng));
  auto strange = list;
  strange.user_id = UserId("nobody");
  EXPECT_EQ(shoppers.on_list(strange).slots, 0u);
  const Visit visit = shoppers.on_list(list);
  EXPECT_EQ(visit.slots, 10u);
  EXPECT_GE(visit.events.size(), 1u);
  EXPECT_EQ(shoppers.on_list(list).slots, 0u);
  EXPECT_EQ(shoppers.counts().lists, 1u);
  EXPECT_EQ(shoppers.counts().ignored_lists, 2u);
}

TEST(Shoppers, ItemsThatTheShopDoesNotKnowAreSlotsWithoutClicks) {
  const Shop shop{ShopOptions{}};
  Shoppers shoppers(shop, small_world());
  auto step = shoppers.next();
  ASSERT_TRUE(step && step->request);
  const Visit visit = shoppers.on_list(list_of(*step->request, {ItemId("x"), ItemId("y")}));
  EXPECT_EQ(visit.slots, 2u);
  EXPECT_EQ(visit.clicks, 0u);
  EXPECT_EQ(shoppers.click_probability(step->request->user_id, ItemId("x"), 0, step->at), 0);
  EXPECT_TRUE(shoppers.oracle(UserId("nobody"), 3).empty());
}

TEST(Shoppers, EventsAreWhatRiffleReads) {
  const Shop shop{ShopOptions{}};
  ShoppersOptions options = small_world();
  options.malformed = 0;
  options.duplicates = 0;
  options.click_scale = 1;
  Shoppers shoppers(shop, options);
  records::JsonDecoder decoder{records::Limits{}};
  std::map<records::InteractionType, std::size_t> types;
  std::size_t impressions = 0;
  std::set<std::string> ids;
  const auto check = [&](const EventRecord& record) {
    records::Event event;
    const auto reason = decoder.decode(record.payload, event);
    ASSERT_FALSE(reason) << reason->message;
    EXPECT_EQ(event.user_id, record.user_id);
    EXPECT_EQ(event.timestamp, record.at);
    EXPECT_FALSE(event.recommendation_id.empty());
    EXPECT_TRUE(ids.insert(event.event_id.str()).second);
    if (event.kind == records::EventKind::kImpression) {
      ++impressions;
      EXPECT_EQ(event.items.size(), 10u);
      EXPECT_EQ(event.items[3].position, 3);
    } else {
      ++types[event.type];
      EXPECT_TRUE(shop.find(event.item_id));
      EXPECT_GE(event.position, 0);
    }
  };
  while (auto step = shoppers.next()) {
    for (const auto& event : step->events) check(event);
    if (!step->request) continue;
    std::vector<ItemId> items;
    for (const auto& [item, score] : shoppers.oracle(step->request->user_id, 10)) items.push_back(item);
    for (const auto& event : shoppers.on_list(list_of(*step->request, items)).events) check(event);
  }
  using records::InteractionType;
  EXPECT_EQ(impressions, shoppers.counts().lists);
  EXPECT_EQ(types[InteractionType::kClick], shoppers.counts().clicks);
  EXPECT_EQ(types[InteractionType::kPurchase], shoppers.counts().purchases);
  const auto clicks = static_cast<double>(types[InteractionType::kClick]);
  EXPECT_NEAR(static_cast<double>(types[InteractionType::kView]) / clicks, 0.6, 0.05);
  EXPECT_NEAR(static_cast<double>(types[InteractionType::kAddToCart]) / clicks, 0.2, 0.04);
  EXPECT_NEAR(static_cast<double>(types[InteractionType::kPurchase]) / clicks, 0.1, 0.03);
}

TEST(Shoppers, DuplicatesAndMalformedRecordsComeInTheirShares) {
  const Shop shop{ShopOptions{}};
  ShoppersOptions options = small_world();
  options.requests = 20000;
  options.duplicates = 0.05;
  options.malformed = 0.02;
  Shoppers shoppers(shop, options);
  const Trace trace = run_random(shop, shoppers);
  std::map<std::string, std::size_t> copies;
  std::size_t broken = 0, twice = 0;
  for (const auto& payload : trace.payloads) {
    broken += payload.back() != '}' || payload.find("\"user_id\"") == std::string::npos;
    ++copies[payload];
  }
  for (const auto& [payload, count] : copies) twice += count == 2 && payload.back() == '}';
  const Counts& counts = shoppers.counts();
  EXPECT_EQ(counts.events, trace.payloads.size());
  EXPECT_EQ(counts.duplicates, twice);
  EXPECT_NEAR(static_cast<double>(broken), static_cast<double>(counts.malformed), 0.03 * static_cast<double>(counts.malformed));
  EXPECT_NEAR(static_cast<double>(counts.duplicates) / static_cast<double>(counts.events), 0.05, 0.006);
  EXPECT_NEAR(static_cast<double>(counts.malformed) / static_cast<double>(counts.events), 0.02, 0.004);
}

TEST(Shoppers, TheOracleNamesTheBestItemsInOrder) {
  const Shop shop{ShopOptions{}};
  Shoppers shoppers(shop, small_world());
  const UserId user = shoppers.users()[17];
  const auto best = shoppers.oracle(user, 12);
  ASSERT_EQ(best.size(), 12u);
  std::vector<double> all;
  for (const auto& item : shop.items()) all.push_back(shoppers.click_probability(user, item.item_id, 0, shoppers.now()));
  std::sort(all.rbegin(), all.rend());
  for (std::size_t i = 0; i < best.size(); ++i) {
    EXPECT_NEAR(best[i].second, all[i], 1e-6);
    EXPECT_NEAR(best[i].second, shoppers.click_probability(user, best[i].first, 0, shoppers.now()), 1e-6);
  }
  EXPECT_EQ(shoppers.oracle(user, 5000).size(), shop.size());
}

}  // namespace
}  // namespace riffle::simulation
