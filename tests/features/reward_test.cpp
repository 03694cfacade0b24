// What a slot earns by features/options.h RewardOptions: several rewards, being seen, and coming back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "features/join_fixture.h"

namespace riffle::features {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using Aggregate = RewardOptions::Aggregate;

constexpr std::int64_t kHour = 60 * kMinute;

RowOptions with(const RewardOptions& reward) {
  RowOptions rows;
  rows.reward = reward;
  rows.types = default_types();
  for (TypeOptions& type : rows.types)
    if (type.name == "purchase") type.reward = 5;
  return rows;
}

std::vector<double> rewards(const pb::Outcome& outcome) {
  std::vector<double> all;
  for (const auto& slot : outcome.slots()) all.push_back(slot.reward());
  return all;
}

// Each slot's rewards as a learner adds them up over all revisions.
std::vector<double> learned(const std::vector<pb::Outcome>& revisions) {
  std::vector<double> sums(static_cast<std::size_t>(revisions.front().slots_size()), 0);
  for (const pb::Outcome& revision : revisions)
    for (int i = 0; i < revision.slots_size(); ++i)
      sums[static_cast<std::size_t>(i)] += revision.slots(i).reward() - revision.slots(i).previous_reward();
  return sums;
}

TEST(Reward, OfSeveralASlotHasTheirSumTheFirstTheLastOrTheLargest) {
  for (const auto& [how, expected] : {std::pair{Aggregate::kSum, 5.0}, std::pair{Aggregate::kFirst, -1.0},
                                      std::pair{Aggregate::kLast, 1.0}, std::pair{Aggregate::kMax, 5.0}}) {
    Joins joins({}, with({.aggregate = how}));
    joins.decide("r", "u", {"a", "b"});
    joins.act("dislike", "u", "a", "r");
    joins.act("purchase", "u", "a", "r");
    joins.act("view", "u", "a", "r");  // worth nothing: no reward
    joins.restart();
    joins.act("click", "u", "a", "r");
    const auto made = joins.take();
    EXPECT_EQ(made.size(), 4U);  // of the list and of each thing that was done, whether or not the reward is another then
    EXPECT_THAT(rewards(made.back()), ElementsAre(expected, 0));
    EXPECT_THAT(learned(made), ElementsAre(expected, 0));
  }
}

TEST(Reward, RelevanceScalesWhatUsersDidAndAlsoWhatWaited) {
  Joins joins({}, with({.relevance = .5}));
  joins.act("click", "u", "a", "r");
  joins.restart();
  joins.decide("r", "u", {"a", "b"});
  joins.act("purchase", "u", "b", "r");
  EXPECT_THAT(rewards(joins.take().back()), ElementsAre(.5, 2.5));
}

TEST(Reward, ASlotHasItsBonusOnceItIsSeen) {
  JoinOptions options;
  options.impression_surfaces = {"home"};
  Joins joins(options, with({}));
  pb::Decision decision = joins.decide("other", "u", {"a", "b", "c"});
  decision.set_recommendation_id("r");
  for (int i = 0; i < 3; ++i) decision.mutable_slots(i)->set_bonus(.1 * (i + 1));
  *joins.decisions->edit("r") = decision;
  joins.open(decision);
  EXPECT_TRUE(joins.take().empty());
  joins.show("u", {"b"}, "r");
  joins.act("click", "u", "c", "r");
  joins.show("u", {"b", "c"}, "r");
  const auto made = joins.take();
  ASSERT_EQ(made.size(), 2U);
  EXPECT_THAT(rewards(made[0]), ElementsAre(0, .2, 0));
  EXPECT_THAT(rewards(made[1]), ElementsAre(0, .2, .1 * 3 + 1));
  EXPECT_THAT(learned(made), ElementsAre(0, .2, .1 * 3 + 1));
  EXPECT_DOUBLE_EQ(made[1].slots(2).bonus(), .1 * 3);
}

TEST(Reward, ComingBackEarnsTheLastListWhatIsLeftOfIt) {
  const RewardOptions reward{.comeback = 2, .comeback_after = Milliseconds(8 * kHour), .comeback_half_life = Milliseconds(24 * kHour)};
  Joins joins({}, with(reward));
  joins.decide("r1", "u", {"a", "b"});
  joins.now += 7 * kHour;
  joins.decide("r2", "u", {"a", "b"});
  joins.restart();
  joins.take();
  joins.now += 12 * kHour;
  joins.decide("r3", "u", {"c"});
  joins.decide("r4", "other", {"c"});
  const auto made = joins.take();
  ASSERT_EQ(made.size(), 3U);  // of r2 before that of r3, and of r4; none of r1
  EXPECT_EQ(made[0].recommendation_id(), "r2");
  EXPECT_EQ(made[0].revision(), 1U);
  const double worth = 2 * std::exp2(-.5);
  EXPECT_THAT(rewards(made[0]), ElementsAre(worth, worth));
  EXPECT_THAT(rewards(made[1]), ElementsAre(0));

  joins.act("purchase", "u", "b", "r2");  // on top of it
  EXPECT_THAT(rewards(joins.take().back()), ElementsAre(worth, worth + 5));
}

TEST(Reward, AListStaysOpenForThoseWhoMayComeBack) {
  RowOptions rows = with({.comeback = 2, .comeback_within = Milliseconds(10 * 24 * kHour)});
  Joins joins({}, rows);
  joins.decide("r1", "u", {"a"});
  joins.take();
  joins.tick(9 * 24 * kHour);
  EXPECT_TRUE(joins.take().empty());
  joins.decide("r2", "u", {"a"});
  EXPECT_EQ(joins.take().size(), 2U);
  joins.tick(2 * 24 * kHour);
  EXPECT_EQ(joins.take().size(), 1U);  // closes r1
}

TEST(Reward, NobodyComesBackToAListThatHasClosed) {
  Joins joins({}, with({.comeback = 2}));
  joins.decide("r1", "u", {"a"});
  joins.tick(8 * 24 * kHour);
  joins.take();
  joins.decide("r2", "u", {"a"});
  const auto made = joins.take();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].recommendation_id(), "r2");
}

}  // namespace
}  // namespace riffle::features
