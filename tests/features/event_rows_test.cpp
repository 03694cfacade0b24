#include "features/event_rows.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <span>

#include "base/rng.h"
#include "features/decay.h"
#include "features/neighbours.h"
#include "features/rows_fixture.h"

namespace riffle::features {
namespace {

using namespace testing;
using records::Event;
using Result = EventRows::Result;

float weight_in(const std::vector<records::Neighbour>& list, std::string_view item) {
  for (const auto& neighbour : list)
    if (neighbour.item == item_key(item)) return neighbour.weight;
  return 0;
}

TEST(EventRows, AClickIsWrittenIntoTheUsersAndTheItemsRow) {
  Rows rows;
  Event click = interaction("u", "click", "a", kStartMs, "e1");
  click.session_id = SessionId("s1");
  click.surface = "home";
  ASSERT_EQ(rows.apply(click), Result::kApplied);
  ASSERT_EQ(rows.apply(interaction("u", "purchase", "a", kStartMs + 5)), Result::kApplied);

  const records::UserRow& user = rows.user("u");
  ASSERT_EQ(user.history.size(), 2U);
  EXPECT_EQ(user.history[0].item, item_key("a"));
  EXPECT_EQ(user.history[0].weight, 1);
  EXPECT_EQ(user.history[1].type, records::InteractionType::kPurchase);
  EXPECT_EQ(user.first_ms, kStartMs);
  EXPECT_EQ(user.last_ms, kStartMs + 5);
  EXPECT_EQ(user.session_id, SessionId("s1"));
  const records::ItemRow& item = rows.item("a");
  EXPECT_EQ(item.item_id, ItemId("a"));
  EXPECT_EQ(item.counts[static_cast<std::size_t>(records::InteractionType::kClick)], 1U);
  EXPECT_NEAR(item.popularity.value, 6, 1e-6);
  EXPECT_NEAR(item.recent_clicks.value, 1, 1e-6)
      << "the click said its surface; the purchase is not a click";
  EXPECT_TRUE(item.together.empty());
  EXPECT_EQ(rows.event_rows.take_touched(), std::vector<ItemKey>{item_key("a")});
  EXPECT_TRUE(rows.event_rows.take_touched().empty());
}

TEST(EventRows, ASearchChangesNoItem) {
  Rows rows;
  EXPECT_EQ(rows.apply(interaction("u", "search", "", kStartMs)), Result::kApplied);
  EXPECT_TRUE(rows.user("u").history.empty());
  EXPECT_EQ(rows.user("u").counts[static_cast<std::size_t>(records::InteractionType::kSearch)], 1U);
  EXPECT_EQ(rows.items.dirty(), 0U);
}

TEST(EventRows, HistoryIsBoundedAndInTheOrderOfTime) {
  RowOptions options;
  options.history_length = 3;
  Rows rows(options);
  for (int i = 0; i < 5; ++i)
    rows.apply(
        interaction("u", "click", std::string(1, static_cast<char>('a' + i)), kStartMs + 10 * i));
  rows.apply(interaction("u", "click", "late", kStartMs + 35));
  rows.apply(interaction("u", "click", "too_late", kStartMs + 1));
  const auto& history = rows.user("u").history;
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].item, item_key("d"));
  EXPECT_EQ(history[1].item, item_key("late"));
  EXPECT_EQ(history[2].item, item_key("e"));
}

TEST(EventRows, ImpressionsCountForItemsOnlyWhereTheyAreNamed) {
  RowOptions options;
  options.impressions_length = 3;
  Rows rows(options);
  EXPECT_EQ(rows.apply(impression("u", {"a", "b"}, kStartMs)), Result::kApplied);
  EXPECT_EQ(rows.apply(impression("u", {"a", "c"}, kStartMs + 1)), Result::kApplied);
  EXPECT_EQ(rows.apply(impression("u", {}, kStartMs + 2)), Result::kApplied);
  EXPECT_EQ(rows.user("u").impression_count, 4U);
  ASSERT_EQ(rows.user("u").impressions.size(), 3U);
  EXPECT_EQ(rows.user("u").impressions.front().item, item_key("b"));
  EXPECT_EQ(rows.item("a").impressions, 2U);
  EXPECT_NEAR(rows.item("a").recent_impressions.value, 2, 1e-6);
  EXPECT_EQ(rows.user("u").last_ms, kStartMs + 2);
}

TEST(EventRows, ASessionEndsWithItsNameOrAfterAGap) {
  Rows rows;
  rows.apply(interaction("u", "click", "a", kStartMs));
  rows.apply(interaction("u", "click", "a", kStartMs + 10 * 60'000));
  EXPECT_EQ(rows.user("u").session_start_ms, kStartMs);
  rows.apply(interaction("u", "click", "a", kStartMs + 60 * 60'000));
  EXPECT_EQ(rows.user("u").session_start_ms, kStartMs + 60 * 60'000);
  Event named = interaction("u", "click", "a", kStartMs + 61 * 60'000);
  named.session_id = SessionId("s");
  rows.apply(named);
  EXPECT_EQ(rows.user("u").session_start_ms, kStartMs + 61 * 60'000);
  Event late = interaction("u", "click", "a", kStartMs + 5);
  late.session_id = SessionId("older");
  rows.apply(late);
  EXPECT_EQ(rows.user("u").session_id, SessionId("s"));
}

TEST(EventRows, AnErasedUserLeavesATombstoneAndHisSharesOfAnonymousSums) {
  Rows rows;
  rows.apply(interaction("u", "click", "a", kStartMs, "e1"));
  rows.apply(interaction("u", "click", "b", kStartMs + 1, "e2"));
  const double popularity = rows.item("a").popularity.value;
  EXPECT_EQ(rows.apply(erase("u", kStartMs + 10)), Result::kApplied);
  records::UserRow tombstone;
  tombstone.erased_before_ms = kStartMs + 10;
  EXPECT_EQ(rows.user("u"), tombstone);
  EXPECT_EQ(rows.item("a").popularity.value, popularity);
  EXPECT_EQ(rows.apply(interaction("u", "click", "a", kStartMs + 9, "e1")), Result::kErased);
  EXPECT_EQ(rows.user("u"), tombstone);
  EXPECT_EQ(rows.apply(interaction("u", "click", "a", kStartMs + 10, "e3")), Result::kApplied);
  EXPECT_EQ(rows.apply(erase("u", kStartMs + 10)), Result::kDuplicate)
      << "met again, it takes nothing of what came after";
  EXPECT_EQ(rows.user("u").history.size(), 1U);
}

TEST(EventRows, AnItemWhoseKeyBelongsToAnotherChangesNothing) {
  Rows rows;
  rows.items.edit(item_row_key(item_key("a")))->item_id = ItemId("the other");
  const records::ItemRow before = rows.item("a");
  EXPECT_EQ(rows.apply(interaction("u", "click", "a", kStartMs, "e1")), Result::kCollision);
  EXPECT_EQ(rows.item("a"), before);
  EXPECT_EQ(rows.users.find("u"), nullptr);
  EXPECT_EQ(rows.apply(impression("u", {"b", "a"}, kStartMs)), Result::kCollision);
  EXPECT_EQ(rows.items.find(item_row_key(item_key("b"))), nullptr);
  EXPECT_EQ(rows.users.find("u"), nullptr);
}

TEST(EventRows, AStoreThatCannotBeReadSaysSo) {
  Rows rows;
  rows.store.fail_next_read(absl::UnavailableError("disk"));
  EXPECT_EQ(rows.apply(interaction("u", "click", "a", kStartMs)), Result::kStoreError);
  EXPECT_FALSE(rows.users.status().ok());
}

// Across restarts and rows that left the memory.
TEST(EventRows, DuplicatesAreFoundAsInAWindowOfTheLastIds) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    RowOptions options;
    options.dedup_length = 1 + rng.below(12);
    Rows rows(options);
    std::map<std::string, std::deque<std::string>> windows;
    int duplicates = 0;
    for (int i = 0; i < 2000; ++i) {
      if (rng.below(50) == 0) rows.commit();
      const std::string user = "u" + std::to_string(rng.below(3));
      const std::string id = rng.below(10) == 0 ? "" : "e" + std::to_string(rng.below(20));
      auto& window = windows[user];
      const bool duplicate =
          !id.empty() && std::find(window.begin(), window.end(), id) != window.end();
      duplicates += duplicate;
      Event event = rng.below(3) == 0 ? impression(user, {"a"}, kStartMs + i)
                                      : interaction(user, "click", "a", kStartMs + i);
      event.event_id = EventId(id);
      ASSERT_EQ(rows.apply(event), duplicate ? Result::kDuplicate : Result::kApplied)
          << "event " << i;
      if (duplicate || id.empty()) continue;
      window.push_back(id);
      if (window.size() > options.dedup_length) window.pop_front();
    }
    EXPECT_GT(duplicates, 20);
  }
}

// ---- neighbours
// -----------------------------------------------------------------------------------------------------

TEST(EventRows, NeighboursAreCountedByHand) {
  RowOptions options;
  options.neighbour_half_life = Milliseconds(0);
  options.together_window = 2;
  options.next_window = 3;
  Rows rows(options);
  for (const char* item : {"a", "b", "c", "d"})
    rows.apply(interaction("u", "click", item, kStartMs));
  // d came after c (distance 1), b (2) and a (3); together only with the last two.
  EXPECT_FLOAT_EQ(weight_in(rows.item("c").next, "d"), 1);
  EXPECT_FLOAT_EQ(weight_in(rows.item("b").next, "d"), 0.5);
  EXPECT_FLOAT_EQ(weight_in(rows.item("a").next, "d"), 1.0F / 3);
  EXPECT_TRUE(rows.item("d").next.empty());
  EXPECT_FLOAT_EQ(weight_in(rows.item("c").together, "d"), 1);
  EXPECT_FLOAT_EQ(weight_in(rows.item("d").together, "c"), 1);
  EXPECT_FLOAT_EQ(weight_in(rows.item("b").together, "d"), 1);
  EXPECT_FLOAT_EQ(weight_in(rows.item("a").together, "d"), 0);
  EXPECT_DOUBLE_EQ(rows.item("d").neighbour_total, 1);
  // A purchase counts once too, a view a fifth, and what was turned away from not at all.
  rows.apply(interaction("v", "purchase", "x", kStartMs));
  rows.apply(interaction("v", "dislike", "q", kStartMs));
  rows.apply(interaction("v", "purchase", "y", kStartMs));
  rows.apply(interaction("v", "view", "z", kStartMs));
  EXPECT_FLOAT_EQ(weight_in(rows.item("x").together, "y"), 1);
  EXPECT_FLOAT_EQ(weight_in(rows.item("x").together, "z"), 0.2F);
  EXPECT_TRUE(rows.item("q").together.empty());
  EXPECT_DOUBLE_EQ(rows.item("q").neighbour_total, 0);
}

TEST(EventRows, NeighboursFadeOnTheScaleOfTheirRow) {
  RowOptions options;
  options.neighbour_half_life = Milliseconds(kDayMs);
  Rows rows(options);
  rows.apply(interaction("u", "click", "a", kStartMs));
  rows.apply(interaction("u", "click", "b", kStartMs));
  rows.apply(interaction("v", "click", "a", kStartMs + kDayMs));
  rows.apply(interaction("v", "click", "b", kStartMs + kDayMs));
  const records::ItemRow& a = rows.item("a");
  EXPECT_FLOAT_EQ(weight_in(a.together, "b"), 3)
      << "1, and 1 that is worth twice as much a day later";
  EXPECT_DOUBLE_EQ(neighbour_worth(a, weight_in(a.together, "b"), from_ms(kStartMs + kDayMs),
                                   options.neighbour_half_life),
                   1.5);
  EXPECT_DOUBLE_EQ(neighbour_worth(a, a.neighbour_total, from_ms(kStartMs + kDayMs),
                                   options.neighbour_half_life),
                   1.5);
}

TEST(EventRows, ARowThatIsBroughtForwardIsWorthTheSame) {
  RowOptions options;
  options.neighbour_half_life = Milliseconds(kDayMs);
  Rows rows(options);
  double expected = 0;
  std::int64_t last = kStartMs;
  for (int day = 0; day < 100; day += 3) {
    const std::int64_t ms = kStartMs + day * kDayMs + 12345 * day;
    rows.apply(interaction("u" + std::to_string(day), "click", "a", ms));
    rows.apply(interaction("u" + std::to_string(day), "click", "b", ms));
    expected = expected * std::exp2(-static_cast<double>(ms - last) / kDayMs) + 1;
    last = ms;
  }
  const records::ItemRow& a = rows.item("a");
  EXPECT_GT(a.neighbour_reference_ms, kStartMs);
  EXPECT_NEAR(
      neighbour_worth(a, weight_in(a.together, "b"), from_ms(last), options.neighbour_half_life),
      expected, 1e-5);
  EXPECT_NEAR(
      neighbour_worth(a, weight_in(a.next, "b"), from_ms(last), options.neighbour_half_life),
      expected, 1e-5);
}

TEST(EventRows, AFullListKeepsTheHeaviestNeighbours) {
  std::vector<records::Neighbour> list;
  for (std::uint64_t i = 1; i <= 6; ++i)
    add_neighbour(list, ItemKey(i << 60), static_cast<double>(i), 4);
  EXPECT_EQ(list.size(), 6U) << "it may outgrow its bound by half";
  add_neighbour(list, ItemKey(7ULL << 60), 5, 4);
  ASSERT_EQ(list.size(), 4U);  // of weights 1 to 6 and another 5: both fives stay, 4 is the last
  EXPECT_EQ(list[0], (records::Neighbour{ItemKey(4ULL << 60), 4}));
  EXPECT_EQ(list[3], (records::Neighbour{ItemKey(7ULL << 60), 5}));

  std::vector<records::Neighbour> equal;  // a tie goes to the lower key
  for (std::uint64_t i = 7; i >= 1; --i) add_neighbour(equal, ItemKey(i << 60), 1, 4);
  ASSERT_EQ(equal.size(), 4U);
  EXPECT_EQ(equal.back().item, ItemKey(4ULL << 60));
}

TEST(EventRows, NeighboursEqualABruteForceCountWhenNothingIsPruned) {
  RowOptions options;
  options.neighbours = 1000;
  options.neighbour_half_life = Milliseconds(0);
  options.history_length = 30;
  Rows rows(options);
  std::map<std::string, std::vector<std::pair<std::string, double>>> histories;
  std::map<std::pair<std::string, std::string>, double> together, next;
  std::map<std::string, double> totals;
  Rng rng(5);
  const std::map<std::string, double> strengths{
      {"view", 0.2}, {"click", 1}, {"purchase", 1}, {"dislike", 0}};
  for (int i = 0; i < 4000; ++i) {
    const std::string user = "u" + std::to_string(rng.below(20));
    const std::string item = "i" + std::to_string(rng.below(40));
    const auto type = std::next(strengths.begin(), static_cast<std::ptrdiff_t>(rng.below(4)));
    ASSERT_EQ(rows.apply(interaction(user, type->first, item, kStartMs + i)), Result::kApplied);
    auto& history = histories[user];
    if (type->second > 0) {
      totals[item] += type->second;
      std::vector<std::string> met;
      const std::size_t first = history.size() > 30 ? history.size() - 30 : 0;
      for (std::size_t j = history.size(); j > first && met.size() < 10; --j) {
        const auto& [other, strength] = history[j - 1];
        if (other == item || strength <= 0 || std::find(met.begin(), met.end(), other) != met.end())
          continue;
        met.push_back(other);
        const double amount = std::min(strength, type->second);
        if (met.size() <= 5) together[{item, other}] += amount, together[{other, item}] += amount;
        next[{other, item}] += amount / static_cast<double>(met.size());
      }
    }
    history.emplace_back(item, type->second);
  }
  std::size_t pairs = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string item = "i" + std::to_string(i);
    const records::ItemRow& row = rows.item(item);
    EXPECT_NEAR(row.neighbour_total, totals[item], 1e-6);
    EXPECT_TRUE(std::is_sorted(row.together.begin(), row.together.end(),
                               [](auto& a, auto& b) { return a.item < b.item; }));
    for (int j = 0; j < 40; ++j) {
      const std::string other = "i" + std::to_string(j);
      EXPECT_NEAR(weight_in(row.together, other), (together[{item, other}]), 1e-3);
      EXPECT_NEAR(weight_in(row.next, other), (next[{item, other}]), 1e-3);
      pairs += together[{item, other}] > 0;
    }
  }
  EXPECT_GT(pairs, 500U);
}

// ---- replay equals live
// ---------------------------------------------------------------------------------------------

std::vector<Event> random_events(std::uint64_t seed, int count) {
  Rng rng(seed);
  std::vector<Event> events;
  const std::vector<std::string> types{"view",    "click",  "click",  "purchase",
                                       "dislike", "search", "rating", "hover"};
  for (int i = 0; i < count; ++i) {
    const std::string user = "u" + std::to_string(rng.below(8));
    const std::int64_t ms = kStartMs + i * 60'000 -
                            static_cast<std::int64_t>(rng.below(5) == 0 ? rng.below(kDayMs) : 0);
    const std::string item = "i" + std::to_string(rng.below(60));
    Event event = interaction(user, types[rng.below(types.size())], item, ms,
                              "e" + std::to_string(rng.below(4 * count)));
    if (rng.below(8) == 0) event = impression(user, {item, "i1", "i2"}, ms);
    if (rng.below(60) == 0) event = erase(user, ms);
    if (rng.below(4) == 0) event.surface = "home";
    if (event.type == records::InteractionType::kSearch) event.item_id = ItemId();
    events.push_back(event);
  }
  return events;
}

std::map<std::string, std::string> stored(Rows& rows) {
  rows.commit();
  std::map<std::string, std::string> all;
  for (const auto column : {state::Column::kUsers, state::Column::kItems}) {
    const absl::Status scanned =
        rows.store.scan(column, "", "", [&](std::string_view key, std::string_view value) {
          all[std::string(state::name_of(column)) + "/" + std::string(key)] = value;
          return true;
        });
    EXPECT_TRUE(scanned.ok());
  }
  return all;
}

TEST(EventRows, RowsThatWereStoredAndReadAgainAtAnyPointAreTheSameBytes) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    const auto events = random_events(seed, 1500);
    RowOptions options;
    options.neighbours = 12;                                  // so that lists are pruned too
    options.neighbour_half_life = Milliseconds(2 * kHourMs);  // and brought forward
    Rows straight(options);
    Rows restarted(options);
    Rng rng(seed + 100);
    std::span<const Event> rest(events);
    for (const Event& event : events) straight.apply(event);
    while (!rest.empty()) {
      const auto batch = rest.first(std::min<std::size_t>(rest.size(), 1 + rng.below(40)));
      rest = rest.subspan(batch.size());
      if (rng.below(2) == 0) {
        std::vector<std::string_view> users;
        for (const Event& event : batch) users.push_back(event.user_id.str());
        restarted.event_rows.prefetch(std::move(users));
      }
      for (const Event& event : batch) restarted.apply(event);
      if (rng.below(3) == 0) restarted.commit();
    }
    EXPECT_EQ(stored(straight), stored(restarted));
    EXPECT_GT(stored(straight).size(), 60U);
  }
}

TEST(EventRows, TouchedItemsAreAllThatChanged) {
  Rows rows;
  std::set<ItemKey> touched;
  const auto events = random_events(9, 400);
  std::map<ItemKey, records::ItemRow> before;
  for (const Event& event : events) {
    rows.apply(event);
    const auto keys = rows.event_rows.take_touched();
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
    for (int i = 0; i < 60; ++i) {
      const ItemKey key = item_key("i" + std::to_string(i));
      const records::ItemRow* row = rows.items.find(item_row_key(key));
      if (!row || (before.contains(key) && before[key] == *row)) continue;
      EXPECT_TRUE(std::binary_search(keys.begin(), keys.end(), key));
      before[key] = *row;
    }
  }
}

}  // namespace
}  // namespace riffle::features
