// Likenesses by common users: what is kept between lists says what it would say if it were made anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/rng.h"
#include "evaluation/baselines/common_users.h"
#include "evaluation/baselines/user_cosine.h"
#include "evaluation/prequential/user_neighbours.h"

namespace riffle::evaluation {
namespace {

constexpr TimePoint kStart = from_ms(1'300'000'000'000);

TEST(CommonUsers, CountsTheSameWhetherARowIsATableOrAnArray) {
  // Item 0 is taken with all others, which makes its row an array; the others' rows stay tables.
  CommonUsers common;
  std::vector<double> expected(400, 0);
  for (ItemIndex other = 1; other < 400; ++other) {
    common.add(0, other);
    if (other % 3 == 0) common.add(other, 0);
    expected[other] = other % 3 == 0 ? 2 : 1;
  }
  std::vector<double> of_first(400, 0), of_last(400, 0);
  common.add_to(of_first, 0, 1);
  common.add_to(of_last, 399, .5);
  EXPECT_EQ(of_first, expected);
  EXPECT_EQ(of_last[0], 1);
  EXPECT_EQ(of_last[1], 0);
}

// The formula of user_cosine.h, from nothing but who took what.
class ByHand {
 public:
  void take(UserIndex user, ItemIndex item) {
    taken_[user].insert(item);
    users_[item].insert(user);
    ++count_[item];
  }
  double score(UserIndex user, ItemIndex item) {
    double sum = 0;
    for (const ItemIndex other : taken_[user]) {
      if (other == item) continue;
      double both = 0;
      for (const UserIndex taker : users_[item]) both += users_[other].contains(taker) ? 1 : 0;
      sum += both / std::sqrt((static_cast<double>(users_[item].size()) + 5) *
                              (static_cast<double>(users_[other].size()) + 5));
    }
    return sum + 1e-6 * count_[item];
  }

 private:
  std::map<UserIndex, std::set<ItemIndex>> taken_;
  std::map<ItemIndex, std::set<UserIndex>> users_;
  std::map<ItemIndex, double> count_;
};

TEST(UserCosine, FollowsAUsersBasketsAndUsersWhoTakeTurns) {
  constexpr std::size_t kItems = 60, kUsers = 12;
  Ledger ledger;
  std::vector<UserIndex> users;
  for (std::size_t u = 0; u < kUsers; ++u) users.push_back(ledger.user(UserId("u" + std::to_string(u))));
  for (std::size_t i = 0; i < kItems; ++i) ledger.meet(ItemId("i" + std::to_string(i)));
  UserCosinePolicy policy;
  ByHand by_hand;
  Rng rng(7);
  std::vector<ItemIndex> list;
  std::size_t user = 0;
  for (int event = 0; event < 1500; ++event) {
    if (event < 1000 ? event % 20 == 0 : true) user = rng.below(kUsers);
    const auto item = static_cast<ItemIndex>(std::min(rng.below(kItems), rng.below(kItems)));
    policy.recommend({.user = users[user], .time = kStart, .n = 5, .ledger = &ledger}, list);
    double before = 1e9;
    for (const ItemIndex listed : list) {
      const double score = by_hand.score(users[user], listed);
      ASSERT_LE(score, before + 1e-9) << "event " << event;
      before = score;
    }
    for (ItemIndex other = 0; list.size() == 5 && other < kItems; ++other) {
      if (std::find(list.begin(), list.end(), other) != list.end()) continue;
      ASSERT_LE(by_hand.score(users[user], other), before + 1e-9) << "event " << event << " item " << other;
    }
    policy.learn({.user = users[user], .item = item, .time = kStart});
    by_hand.take(users[user], item);
  }
}

TEST(UserNeighbours, ScoreWhatLikeMindedUsersTakeByTheFormula) {
  UserNeighbours neighbours;
  // User 1 shares items 0 and 1 with user 0, and had 2 in one of his two baskets; user 2 shares item 1, and had 3 in his
  // only one.
  neighbours.take(1, 0, 10);
  neighbours.take(1, 1, 10);
  neighbours.take(1, 1, 11);
  neighbours.take(1, 2, 11);
  neighbours.take(2, 1, 12);
  neighbours.take(2, 3, 12);
  neighbours.take(3, 4, 13);
  neighbours.take(0, 0, 14);
  neighbours.take(0, 1, 14);
  neighbours.ask(0, 15);
  const double of_1 = (1. / 7 + 1. / 8) / std::sqrt(13.), of_2 = (1. / 8) / std::sqrt(12.);
  EXPECT_NEAR(neighbours.score(2), .5 * of_1 / (of_1 + of_2), 1e-6);
  EXPECT_NEAR(neighbours.score(3), of_2 / (of_1 + of_2), 1e-6);
  EXPECT_NEAR(neighbours.score(1), 1, 1e-6) << "in both baskets of the one, and in the only one of the other";
  EXPECT_EQ(neighbours.score(4), 0) << "of a user who has nothing in common";

  neighbours.take(2, 2, 16);
  neighbours.ask(0, 15);
  EXPECT_NEAR(neighbours.score(2), .5 * of_1 / (of_1 + of_2), 1e-6) << "within a basket it stays";
  neighbours.ask(0, 17);
  EXPECT_NEAR(neighbours.score(2), .5, 1e-6) << "both have it in one of two baskets";
  neighbours.ask(7, 18);
  EXPECT_EQ(neighbours.score(2), 0) << "nothing is known of the user";
}

}  // namespace
}  // namespace riffle::evaluation
