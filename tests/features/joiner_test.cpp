#include "features/joiner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "features/join_fixture.h"

namespace riffle::features {
namespace {

using namespace testing;
using ::testing::ElementsAre;

std::vector<double> rewards(const pb::Outcome& outcome) {
  std::vector<double> all;
  for (const auto& slot : outcome.slots()) all.push_back(slot.reward());
  return all;
}
std::vector<double> previous(const pb::Outcome& outcome) {
  std::vector<double> all;
  for (const auto& slot : outcome.slots()) all.push_back(slot.previous_reward());
  return all;
}
std::vector<bool> exposed(const pb::Outcome& outcome) {
  std::vector<bool> all;
  for (const auto& slot : outcome.slots()) all.push_back(slot.exposed());
  return all;
}
std::vector<bool> newly(const pb::Outcome& outcome) {
  std::vector<bool> all;
  for (const auto& slot : outcome.slots()) all.push_back(slot.newly_exposed());
  return all;
}

JoinOptions with_impressions() {
  JoinOptions options;
  options.impression_surfaces = {"home"};
  return options;
}

TEST(Joiner, AListEarnsItsRewardsInRevisionsUntilItsWindowCloses) {
  Joins joins;
  joins.decide("r1", "u", {"a", "b", "c"});
  auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 1U);
  EXPECT_EQ(revisions[0].revision(), 0U);
  EXPECT_THAT(exposed(revisions[0]), ElementsAre(true, true, true));
  EXPECT_THAT(newly(revisions[0]), ElementsAre(true, true, true));
  EXPECT_THAT(rewards(revisions[0]), ElementsAre(0, 0, 0));

  joins.now += kMinute;
  joins.act("click", "u", "b", "r1");
  joins.now += 24 * 60 * kMinute;
  joins.act("purchase", "u", "b", "r1", 1);
  revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_THAT(rewards(revisions[0]), ElementsAre(0, 1, 0));
  EXPECT_THAT(rewards(revisions[1]), ElementsAre(0, 2, 0));
  EXPECT_THAT(previous(revisions[1]), ElementsAre(0, 1, 0));
  EXPECT_THAT(newly(revisions[1]), ElementsAre(false, false, false));
  EXPECT_EQ(revisions[1].revision(), 2U);
  EXPECT_EQ(revisions[1].time_ms(), joins.now);
  EXPECT_EQ(joins.counted("by_id"), 2);

  joins.tick(6 * 24 * 60 * kMinute - 2 * kMinute);
  EXPECT_TRUE(joins.take().empty());
  EXPECT_EQ(joins.joiner->open_windows(), 1U);
  joins.tick(kMinute);
  revisions = joins.take();
  ASSERT_EQ(revisions.size(), 1U) << "seven days after the list";
  EXPECT_TRUE(revisions[0].closed());
  EXPECT_EQ(revisions[0].revision(), 3U);
  EXPECT_THAT(rewards(revisions[0]), ElementsAre(0, 2, 0));
  EXPECT_THAT(previous(revisions[0]), ElementsAre(0, 2, 0));
  EXPECT_EQ(joins.joiner->open_windows(), 0U);
  EXPECT_THAT(joins.joiner->take_closed(), ElementsAre(RecommendationId("r1")));
  EXPECT_TRUE(joins.joiner->take_closed().empty());

  joins.act("purchase", "u", "b", "r1");
  EXPECT_TRUE(joins.take().empty());
  EXPECT_EQ(joins.counted("late"), 1);
}

TEST(Joiner, EveryRevisionStandsByItself) {
  Joins joins;
  const pb::Decision decision = joins.decide("r1", "u", {"a", "b"});
  joins.act("click", "u", "a", "r1");
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  for (const pb::Outcome& outcome : revisions) {
    EXPECT_EQ(outcome.recommendation_id(), "r1");
    EXPECT_EQ(outcome.user_id(), "u");
    EXPECT_EQ(outcome.surface(), "home");
    EXPECT_EQ(outcome.decision_ms(), decision.time_ms());
    EXPECT_EQ(outcome.shard(), 3);
    ASSERT_EQ(outcome.slots_size(), 2);
    EXPECT_EQ(outcome.slots(1).features(0), 2);
    EXPECT_EQ(outcome.slots(1).propensity(), 0.5);
    ASSERT_EQ(outcome.candidates_size(), 1);
  }
}

TEST(Joiner, OnASurfaceThatSendsImpressionsOnlyWhatWasSeenCounts) {
  Joins joins(with_impressions());
  joins.decide("r1", "u", {"a", "b", "c", "d", "e"});
  EXPECT_TRUE(joins.take().empty()) << "nobody has seen it yet";
  joins.show("u", {"a", "b"}, "r1");
  joins.show("u", {"b", "a"}, "r1");
  joins.show("u", {"b", "c"}, "r1");
  joins.act("click", "u", "d", "r1");
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 3U) << "the second impression showed nothing new";
  EXPECT_EQ(revisions[0].revision(), 0U);
  EXPECT_THAT(exposed(revisions[0]), ElementsAre(true, true, false, false, false));
  EXPECT_THAT(newly(revisions[1]), ElementsAre(false, false, true, false, false));
  EXPECT_THAT(newly(revisions[2]), ElementsAre(false, false, false, true, false))
      << "what was clicked was seen";
  EXPECT_THAT(exposed(revisions[2]), ElementsAre(true, true, true, true, false));
  EXPECT_THAT(rewards(revisions[2]), ElementsAre(0, 0, 0, 1, 0));
}

TEST(Joiner, AnImpressionWithoutItemsShowsEverySlotAndOneWithoutAnIdTheLastList) {
  Joins joins(with_impressions());
  joins.decide("r1", "u", {"a", "b"});
  joins.decide("r2", "u", {"b", "c"});
  joins.show("u", {"b", "a"});
  auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].recommendation_id(), "r1");
  EXPECT_THAT(exposed(revisions[0]), ElementsAre(true, false));
  EXPECT_THAT(exposed(revisions[1]), ElementsAre(true, false)) << "b of r2";
  joins.show("u", {}, "r2");
  revisions = joins.take();
  ASSERT_EQ(revisions.size(), 1U);
  EXPECT_THAT(newly(revisions[0]), ElementsAre(false, true));
  joins.show("stranger", {}, "r1");
  EXPECT_TRUE(joins.take().empty());
}

TEST(Joiner, AListThatNobodySawClosesUnexposed) {
  Joins joins(with_impressions());
  joins.decide("r1", "u", {"a"});
  joins.tick(7 * 24 * 60 * kMinute);
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 1U);
  EXPECT_EQ(revisions[0].revision(), 0U);
  EXPECT_TRUE(revisions[0].closed());
  EXPECT_THAT(exposed(revisions[0]), ElementsAre(false));
}

TEST(Joiner, ARewardMetBeforeItsDecisionWaitsForItAcrossARestart) {
  Joins joins(with_impressions());
  joins.act("click", "u", "b", "r1");
  joins.now += kMinute;
  joins.act("purchase", "u", "b", "r1");
  EXPECT_TRUE(joins.take().empty());
  joins.restart();
  joins.decide("r1", "u", {"a", "b"});
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_THAT(rewards(revisions[0]), ElementsAre(0, 1));
  EXPECT_THAT(rewards(revisions[1]), ElementsAre(0, 2));
  EXPECT_THAT(exposed(revisions[1]), ElementsAre(false, true));
  EXPECT_EQ(joins.counted("waited"), 2);
  joins.restart();
  joins.tick(30 * 24 * 60 * kMinute);
  EXPECT_EQ(joins.take().size(), 1U) << "only the close: none of the two is given twice";
  EXPECT_EQ(joins.counted("unattributed"), 0);
}

TEST(Joiner, ARewardThatWaitedInVainGoesToTheLastTouchOrNowhere) {
  Joins joins;
  joins.decide("r1", "u", {"a", "b"});
  joins.act("click", "u", "a", "never made");
  joins.act("click", "u", "z", "never made");
  joins.take();
  joins.tick(29 * kMinute);
  EXPECT_TRUE(joins.take().empty());
  joins.tick(kMinute);
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 1U);
  EXPECT_EQ(revisions[0].recommendation_id(), "r1");
  EXPECT_THAT(rewards(revisions[0]), ElementsAre(1, 0));
  EXPECT_EQ(joins.counted("last_touch"), 1);
  EXPECT_EQ(joins.counted("unattributed"), 1);
}

TEST(Joiner, WithoutAnIdARewardGoesToTheUsersLastListThatHoldsTheItem) {
  Joins joins;
  joins.decide("old", "u", {"a", "x"});
  joins.now += 20 * kMinute;
  joins.decide("new", "u", {"a", "b"});
  joins.decide("newest", "u", {"c"});
  joins.decide("other's", "v", {"a", "x"});
  joins.take();
  joins.act("click", "u", "a");
  joins.act("click", "u", "x");
  joins.act("click", "u", "nowhere");
  joins.act("view", "u", "a");
  auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].recommendation_id(), "new");
  EXPECT_EQ(revisions[1].recommendation_id(), "old");
  EXPECT_EQ(joins.counted("last_touch"), 2);
  EXPECT_EQ(joins.counted("unattributed"), 1);
  joins.now += 11 * kMinute;
  joins.act("click", "u", "x");
  EXPECT_TRUE(joins.take().empty()) << "the last touch is 31 minutes old";
}

TEST(Joiner, ARewardCountsOnlyInItsOwnWindow) {
  Joins joins;
  joins.decide("r1", "u", {"a"});
  joins.take();
  joins.now += 30 * kMinute;
  joins.act("click", "u", "a", "r1");
  EXPECT_EQ(joins.take().size(), 1U);
  joins.now += 1;
  joins.act("click", "u", "a", "r1");
  EXPECT_TRUE(joins.take().empty());
  EXPECT_EQ(joins.counted("late"), 1);
  joins.act("purchase", "u", "a", "r1");
  EXPECT_EQ(joins.take().size(), 1U) << "purchases count for a week";
}

TEST(Joiner, ANamedListThatDoesNotHoldTheItemOrBelongsToAnotherGetsNothing) {
  Joins joins;
  joins.decide("r1", "u", {"a", "b"});
  joins.take();
  joins.act("click", "u", "z", "r1");
  joins.act("click", "stranger", "a", "r1");
  EXPECT_TRUE(joins.take().empty());
  EXPECT_EQ(joins.counted("unattributed"), 2);
  joins.act("click", "u", "b", "r1", 0);
  joins.act("click", "u", "", "r1", 0);
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_THAT(rewards(revisions[0]), ElementsAre(0, 1))
      << "the item counts more than a wrong position";
  EXPECT_THAT(rewards(revisions[1]), ElementsAre(1, 1)) << "a position alone will do";
}

TEST(Joiner, ADislikeTakesRewardAway) {
  Joins joins;
  joins.decide("r1", "u", {"a"});
  joins.act("dislike", "u", "a", "r1");
  EXPECT_THAT(rewards(joins.take().back()), ElementsAre(-1));
}

TEST(Joiner, TheSameDecisionTwiceIsOneDecision) {
  Joins joins;
  const pb::Decision decision = joins.decide("r1", "u", {"a"});
  joins.act("click", "u", "a", "r1");
  joins.restart();
  joins.take();
  joins.open(decision);
  EXPECT_TRUE(joins.take().empty());
  EXPECT_EQ(joins.joiner->open_windows(), 1U);
  EXPECT_EQ(joins.joiner->next_ordinal(UserId("u")), 1U);
}

TEST(Joiner, AnEmptyListHasAnOutcomeToo) {
  Joins joins;
  joins.decide("r1", "u", {});
  joins.tick(8 * 24 * 60 * kMinute);
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_TRUE(revisions[1].closed());
}

TEST(Joiner, OrdinalsCountAUsersDecisions) {
  Joins joins;
  EXPECT_EQ(joins.joiner->next_ordinal(UserId("u")), 0U);
  EXPECT_EQ(joins.decide("r1", "u", {"a"}).ordinal(), 0U);
  EXPECT_EQ(joins.decide("r2", "u", {"a"}).ordinal(), 1U);
  joins.restart();
  EXPECT_EQ(joins.decide("r3", "u", {"a"}).ordinal(), 2U);
  EXPECT_EQ(joins.decide("r4", "v", {"a"}).ordinal(), 0U);
  joins.joiner->on_erase(UserId("u"));
  EXPECT_EQ(joins.joiner->next_ordinal(UserId("u")), 3U);
}

TEST(Joiner, BeyondTheBoundAUsersOldestListClosesEarly) {
  JoinOptions options;
  options.open_decisions_per_user = 2;
  Joins joins(options);
  joins.decide("r1", "u", {"a"});
  joins.decide("r2", "u", {"a"});
  joins.decide("x", "v", {"a"});
  joins.take();
  joins.decide("r3", "u", {"a"});
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[1].recommendation_id(), "r1");
  EXPECT_TRUE(revisions[1].closed());
  EXPECT_EQ(joins.joiner->open_windows(), 3U);
  EXPECT_THAT(joins.joiner->take_closed(), ElementsAre(RecommendationId("r1")));
}

TEST(Joiner, BeyondTheBoundTheOldestWaitingRewardGivesUpAtOnce) {
  JoinOptions options;
  options.waiting_rewards = 2;
  Joins joins(options);
  joins.decide("r1", "u", {"a", "b", "c"});
  joins.take();
  joins.act("click", "u", "a", "x");
  joins.act("click", "u", "b", "y");
  EXPECT_TRUE(joins.take().empty());
  joins.act("click", "u", "c", "z");
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 1U);
  EXPECT_THAT(rewards(revisions[0]), ElementsAre(1, 0, 0));
}

TEST(Joiner, AnErasedUsersListsAndWaitingRewardsAreForgotten) {
  Joins joins;
  joins.decide("r1", "u", {"a"});
  joins.decide("r2", "v", {"a"});
  joins.act("click", "u", "a", "later");
  joins.take();
  joins.joiner->on_erase(UserId("u"));
  EXPECT_EQ(joins.joiner->open_windows(), 1U);
  EXPECT_THAT(joins.joiner->take_closed(), ElementsAre(RecommendationId("r1")));
  joins.act("click", "u", "a");
  joins.decide("later", "u", {"a"});
  const auto revisions = joins.take();
  ASSERT_EQ(revisions.size(), 1U) << "only the new list itself";
  EXPECT_EQ(revisions[0].slots(0).reward(), 0);
  joins.restart();
  EXPECT_EQ(joins.joiner->open_windows(), 2U);
}

TEST(Joiner, WindowsCloseInTheOrderOfTheirTimesAfterARestartToo) {
  Joins joins;
  joins.decide("z", "u", {"a"});
  joins.decide("b", "v", {"a"});
  joins.decide("a", "w", {"a"});
  joins.now += kMinute;
  joins.decide("0", "u", {"a"});
  joins.take();
  joins.restart();
  EXPECT_EQ(joins.joiner->open_windows(), 4U);
  joins.tick(8 * 24 * 60 * kMinute);
  std::vector<std::string> order;
  for (const auto& outcome : joins.take()) order.push_back(outcome.recommendation_id());
  EXPECT_THAT(order, ElementsAre("a", "b", "z", "0"));
}

TEST(Joiner, ABrokenRowIsAnErrorThatSaysWhere) {
  Joins joins;
  state::WriteBatch batch;
  batch.put(state::Column::kJoins, "r1", "\xFF\xFF");
  ASSERT_TRUE(joins.store.write(batch, true).ok());
  const absl::Status opened = joins.joiner->open();
  EXPECT_FALSE(opened.ok());
  EXPECT_THAT(std::string(opened.message()), ::testing::HasSubstr("open windows"));
}

}  // namespace
}  // namespace riffle::features
