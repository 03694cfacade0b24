// What an outcome says was done with its slots, besides what that earned.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "features/join_fixture.h"

namespace riffle::features {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

RowOptions dwell_worth(double reward) {
  RowOptions rows;
  rows.types = default_types();
  for (TypeOptions& type : rows.types)
    if (type.name == "dwell") type.reward = reward;
  rows.types.push_back({"share", 1, .5});
  return rows;
}

// As "1 click", with a dwell's seconds behind it.
std::vector<std::string> engagements(const pb::Outcome& outcome) {
  std::vector<std::string> all;
  for (const auto& one : outcome.engagements()) {
    std::string text = std::to_string(one.slot()) + " ";
    switch (static_cast<records::InteractionType>(one.type())) {
      case records::InteractionType::kClick: text += "click"; break;
      case records::InteractionType::kPurchase: text += "purchase"; break;
      case records::InteractionType::kDislike: text += "dislike"; break;
      case records::InteractionType::kDwell: text += "dwell " + std::to_string(static_cast<int>(one.dwell_seconds())); break;
      default: text += std::to_string(one.type());
    }
    all.push_back(text);
  }
  return all;
}

TEST(Engagement, EachRevisionSaysWhatWasDoneSoFarSlotBySlot) {
  Joins joins({}, dwell_worth(.1));
  joins.decide("r", "u", {"a", "b"});
  joins.act("click", "u", "b", "r");
  joins.act("purchase", "u", "b", "r");
  joins.restart();
  joins.act("dislike", "u", "a", "r");
  joins.act("share", "u", "a", "r");  // a type of the shop's own
  const auto made = joins.take();
  ASSERT_EQ(made.size(), 5U);
  EXPECT_THAT(engagements(made[0]), IsEmpty());
  EXPECT_THAT(engagements(made[1]), ElementsAre("1 click"));
  EXPECT_THAT(engagements(made[2]), ElementsAre("1 click", "1 purchase"));
  EXPECT_THAT(engagements(made[4]), ElementsAre("1 click", "1 purchase", "0 dislike", "0 0"));
  joins.tick(8 * 24 * 60 * kMinute);
  const auto closing = joins.take();
  ASSERT_EQ(closing.size(), 1U);
  EXPECT_TRUE(closing[0].closed());
  EXPECT_EQ(engagements(closing[0]), engagements(made[4]));
}

TEST(Engagement, ATypeIsNamedOnceAndADwellsSecondsAddUp) {
  Joins joins({}, dwell_worth(.1));
  joins.decide("r", "u", {"a"});
  joins.act("click", "u", "a", "r");
  joins.act("click", "u", "a", "r");
  joins.dwell("u", "a", "r", 20);
  joins.dwell("u", "a", "r", 25);
  joins.dwell("u", "a", "r", -5);  // no time at all
  const auto made = joins.take();
  ASSERT_EQ(made.size(), 6U);
  EXPECT_THAT(engagements(made[3]), ElementsAre("0 click", "0 dwell 20"));
  EXPECT_THAT(engagements(made[5]), ElementsAre("0 click", "0 dwell 45"));
}

// Under `first` a second dwell earns nothing, but it is told; what is worth nothing is not, but for a click.
TEST(Engagement, WhatIsWorthNothingIsNotNamedButForTheFirstClick) {
  RowOptions rows = dwell_worth(0);
  for (TypeOptions& type : rows.types)
    if (type.name == "click") type.reward = 0;
  Joins joins({}, rows);
  joins.decide("r", "u", {"a"});
  joins.dwell("u", "a", "r", 20);
  joins.act("view", "u", "a", "r");
  joins.act("click", "u", "a");  // to the last touch
  joins.act("click", "u", "a", "r");
  const auto made = joins.take();
  ASSERT_EQ(made.size(), 2U);
  EXPECT_THAT(engagements(made[1]), ElementsAre("0 click"));
  EXPECT_EQ(made[1].slots(0).reward(), 0);

  RowOptions first = dwell_worth(.1);
  first.reward.aggregate = RewardOptions::Aggregate::kFirst;
  Joins others({}, first);
  others.decide("r", "u", {"a"});
  others.dwell("u", "a", "r", 20);
  others.dwell("u", "a", "r", 25);
  const auto told = others.take();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_THAT(engagements(told[2]), ElementsAre("0 dwell 45"));
  EXPECT_EQ(told[2].slots(0).reward(), told[1].slots(0).reward());
}

TEST(Engagement, WhatWaitsForItsListKeepsItsTypeAndItsSecondsAcrossARestart) {
  Joins joins({}, dwell_worth(.1));
  joins.dwell("u", "a", "r", 30);
  joins.act("purchase", "u", "a", "r");
  joins.restart();
  joins.decide("r", "u", {"a"});
  EXPECT_THAT(engagements(joins.take().back()), ElementsAre("0 dwell 30", "0 purchase"));
}

TEST(Engagement, ComingBackIsToldApartFromWhatSlotsEarned) {
  RowOptions rows;
  rows.reward.comeback = 2;
  rows.reward.comeback_half_life = Milliseconds(24 * 60 * kMinute);
  Joins joins({}, rows);
  joins.decide("r1", "u", {"a"});
  joins.act("click", "u", "a", "r1");
  EXPECT_EQ(joins.take().back().comeback(), 0);
  joins.tick(24 * 60 * kMinute);
  joins.decide("r2", "u", {"a"});
  const auto made = joins.take();
  ASSERT_EQ(made.size(), 2U);
  EXPECT_DOUBLE_EQ(made[0].comeback(), 1);
  EXPECT_DOUBLE_EQ(made[0].slots(0).reward(), 2);
  EXPECT_EQ(made[1].comeback(), 0);
}

}  // namespace
}  // namespace riffle::features
