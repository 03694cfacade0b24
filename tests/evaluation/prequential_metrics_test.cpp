#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/prequential/metrics.h"
#include "evaluation/prequential/user_sums.h"

namespace riffle::evaluation {
namespace {

// Items 0 … 5 were taken 4, 3, 2, 1, 1, 1 times; the user had item 1 twice and 2 once. Titles and categories below.
class PrequentialMetrics : public ::testing::Test {
 protected:
  PrequentialMetrics() {
    describe("a", "red wooden bowl", {"home", "kitchen"});
    describe("b", "red wooden spoon", {"home", "kitchen"});
    describe("c", "lamp", {"home", "light"});
    describe("d", "lamp", {"garden"});
    describe("e", "", {});
    describe("f", "red lamp", {"garden"});
    for (const char* id : {"a", "b", "c", "d", "e", "f"}) ledger_.meet(ItemId(id));
    const UserIndex others = ledger_.user(UserId("others"));
    user_ = ledger_.user(UserId("user"));
    for (const ItemIndex item : {0, 0, 0, 0, 1, 2, 3, 4, 5}) ledger_.take(others, static_cast<ItemIndex>(item));
    for (const ItemIndex item : {1, 1, 2}) ledger_.take(user_, static_cast<ItemIndex>(item));
  }

  void describe(const char* id, const char* title, std::vector<std::string> category) {
    records::Item item;
    item.item_id = ItemId(id);
    item.title = title;
    item.category = std::move(category);
    ledger_.describe(item);
  }

  Sums judge(const std::vector<ItemIndex>& list, const std::vector<std::optional<ItemIndex>>& taken, std::size_t k) {
    const std::vector<ItemIndex> popular = {0, 1, 2};
    JudgedList judged;
    judged.judge(ledger_, user_, list, taken, popular);
    Sums sums{};
    judged.add_to(sums, k);
    return sums;
  }
  static double value(const char* name, const Sums& sums) { return value_of(metric_named(name), sums).value_or(-1); }

  Ledger ledger_;
  UserIndex user_ = 0;
};

TEST_F(PrequentialMetrics, OfAccuracyEqualThoseByHand) {
  // Hits at ranks 2 and 4 of three taken, one of which had never appeared.
  const Sums sums = judge({5, 0, 4, 3}, {ItemIndex{0}, ItemIndex{3}, std::nullopt}, 4);
  EXPECT_DOUBLE_EQ(value("precision", sums), .5);
  EXPECT_DOUBLE_EQ(value("recall", sums), 2. / 3);
  EXPECT_DOUBLE_EQ(value("f1", sums), 4. / 7);
  EXPECT_DOUBLE_EQ(value("hit_rate", sums), 1);
  EXPECT_DOUBLE_EQ(value("ndcg", sums),
                   (1 / std::log2(3) + 1 / std::log2(5)) / (1 + 1 / std::log2(3) + 1 / std::log2(4)));
  EXPECT_DOUBLE_EQ(value("mrr", sums), .5);
  EXPECT_DOUBLE_EQ(value("map", sums), (1. / 2 + 2. / 4) / 3);
}

TEST_F(PrequentialMetrics, AtASmallerKSeeOnlyTheListsBeginning) {
  const Sums sums = judge({5, 0, 4, 3}, {ItemIndex{0}, ItemIndex{3}}, 2);
  EXPECT_DOUBLE_EQ(value("precision", sums), .5);
  EXPECT_DOUBLE_EQ(value("recall", sums), .5);
  EXPECT_DOUBLE_EQ(value("ndcg", sums), (1 / std::log2(3)) / (1 + 1 / std::log2(3)));
  EXPECT_DOUBLE_EQ(value("map", sums), .5 / 2);
}

TEST_F(PrequentialMetrics, TakeAListThatIsTooShortAsIfItEndedInMisses) {
  const Sums sums = judge({0}, {ItemIndex{0}}, 10);
  EXPECT_DOUBLE_EQ(value("precision", sums), .1);
  EXPECT_DOUBLE_EQ(value("ndcg", sums), 1);
}

TEST_F(PrequentialMetrics, OfDiversityEqualThoseByHand) {
  // Categories of a, b, c: the same; half the path in common twice. Titles: a and b share two words of three, c none.
  const Sums sums = judge({0, 1, 2, 4}, {}, 4);
  EXPECT_NEAR(value("ild_category", sums), (0 + .5 + .5) / 3, 1e-12);
  EXPECT_NEAR(value("ilmd_category", sums), 0, 1e-12);
  EXPECT_NEAR(value("ild_text", sums), (1. / 3 + 1 + 1) / 3, 1e-12);
  EXPECT_NEAR(value("ilmd_text", sums), 1. / 3, 1e-12);
  EXPECT_EQ(value_of(metric_named("ild_text"), judge({0, 4}, {}, 2)), std::nullopt) << "only one title is known";
}

TEST_F(PrequentialMetrics, OfNoveltyAndSurpriseEqualThoseByHand) {
  const Sums sums = judge({0, 1, 3, 5}, {ItemIndex{0}, ItemIndex{5}}, 4);  // taken 4, 3, 1, 1 of 12 times
  EXPECT_NEAR(value("novelty", sums), -(std::log2(4. / 12) + std::log2(3. / 12) + 2 * std::log2(1. / 12)) / 4, 1e-12);
  EXPECT_DOUBLE_EQ(value("serendipity", sums), 1. / 4) << "item 0 is among the most popular, item 5 is not";
  EXPECT_DOUBLE_EQ(value("repeat_rate", sums), 1. / 4) << "item 1";
}

TEST_F(PrequentialMetrics, CallTheFifthThatIsTakenMostTheHead) {
  // Six items: the head is the one taken at least as often as the second, 3 times: items 0 and 1.
  EXPECT_DOUBLE_EQ(value("long_tail", judge({0, 1, 2, 3}, {}, 4)), .5);
}

TEST_F(PrequentialMetrics, CalibrationIsTheDivergenceOfTheListsCategoriesFromTheUsers) {
  // p: kitchen 2/3, light 1/3; q of the list: kitchen 1, light 0.
  const double expected =
      2. / 3 * std::log((2. / 3) / (.99 * 1 + .01 * 2 / 3)) + 1. / 3 * std::log((1. / 3) / (.01 / 3));
  EXPECT_NEAR(value("calibration", judge({0, 1}, {}, 2)), expected, 1e-12);
  EXPECT_NEAR(value("calibration", judge({0, 1, 2}, {}, 3)), 0, 1e-12);
}

TEST(Spread, CountsWhatIsListedHowOften) {
  Spread spread;
  const std::vector<ItemIndex> first = {0, 1, 2}, second = {0, 3, 1};
  spread.add(first, 2);
  spread.add(second, 2);  // times: 2, 1, 0, 1
  EXPECT_DOUBLE_EQ(spread.coverage(5), .6);
  EXPECT_DOUBLE_EQ(spread.entropy(), 1.5);
  // Ascending 0 0 1 1 2 of n = 5: ((2·3−6)·1 + (2·4−6)·1 + (2·5−6)·2) / (5·4)
  EXPECT_DOUBLE_EQ(spread.gini(5), 10. / 20);
}

TEST(PairedBootstrap, KnowsTwoPoliciesApartThatMoveTogether) {
  // Users differ widely, the policies by .1 for everyone.
  UserSums better(4096), worse(4096);
  for (int i = 0; i < 400; ++i) {
    const UserId user("u" + std::to_string(i));
    const double ndcg = i % 10 * .09;
    better.of(user)[kPoints] += 1;
    worse.of(user)[kPoints] += 1;
    better.of(user)[kNdcg] += ndcg + .1;
    worse.of(user)[kNdcg] += ndcg;
  }
  const std::vector<const UserSums*> policies = {&better, &worse};
  const PairedBootstrap bootstrap(policies, {});
  const MetricFacts& ndcg = metric_named("ndcg");
  const auto difference = bootstrap.difference(0, 1, ndcg);
  ASSERT_TRUE(difference);
  EXPECT_NEAR(difference->low, .1, 1e-9);
  EXPECT_NEAR(difference->high, .1, 1e-9);
  const auto alone = bootstrap.interval(0, ndcg), other = bootstrap.interval(1, ndcg);
  // The standard error of a mean over 400 of a spread of .2585.
  EXPECT_NEAR((alone->high - alone->low) / 2, 1.96 * .2585 / 20, .004);
  EXPECT_LT(other->low, .405);
  EXPECT_GT(other->high, .405);
  const auto by_formula = better.interval(ndcg, 1.96);
  EXPECT_NEAR(by_formula->high - by_formula->low, 2 * 1.96 * .2585 / 20, .002);
}

}  // namespace
}  // namespace riffle::evaluation
