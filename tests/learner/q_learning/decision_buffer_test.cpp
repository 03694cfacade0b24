#include "learner/q_learning/decision_buffer.h"

#include <limits>

#include <gmock/gmock.h>

#include "learner/q_learning/network.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT
using Taken = DecisionBuffer::Taken;

pb::Outcome decision(const std::string& user, std::uint64_t ordinal, double reward = 0) {
  auto made = outcome(user, ordinal);
  add_slot(made, 1, reward, {1});
  return made;
}

TEST(DecisionBuffer, AUsersDecisionsArePairedWhicheverCameFirst) {
  DecisionBuffer buffer(8, 10);
  const auto third = buffer.take(decision("u", 3), {}).place;
  const auto first = buffer.take(decision("u", 1), {}).place;
  buffer.take(decision("v", 2), {});
  EXPECT_EQ(buffer.next_of(first), third);
  const auto second = buffer.take(decision("u", 2), {}).place;
  EXPECT_EQ(buffer.next_of(first), second);
  EXPECT_EQ(buffer.next_of(second), third);
  EXPECT_EQ(buffer.previous_of(third), second);
  EXPECT_FALSE(buffer.next_of(third));
  EXPECT_FALSE(buffer.previous_of(first));
}

TEST(DecisionBuffer, ARevisionTakesThePlaceOfWhatWasHeldAndRepeatsChangeNothing) {
  DecisionBuffer buffer(8, 10);
  const auto before = decision("u", 0);
  const auto place = buffer.take(before, {}).place;
  auto later = next_revision(before);
  later.mutable_slots(0)->set_reward(2);
  EXPECT_EQ(buffer.take(later, {}).taken, Taken::kRevised);
  EXPECT_EQ(buffer.at(place).rewards, std::vector<float>{2});
  EXPECT_EQ(buffer.take(later, {}).taken, Taken::kStale);
  EXPECT_EQ(buffer.take(before, {}).taken, Taken::kStale);
  EXPECT_EQ(buffer.at(place).rewards, std::vector<float>{2});
}

TEST(DecisionBuffer, ARevisionOlderThanTheBufferIsSaid) {
  DecisionBuffer buffer(2, 10);
  const auto first = decision("u", 0);
  buffer.take(first, {});
  buffer.take(decision("u", 1), {});
  buffer.take(decision("u", 2), {});
  EXPECT_EQ(buffer.take(next_revision(first), {}).taken, Taken::kTooOld);
  EXPECT_EQ(buffer.inserted(), 3U);
  EXPECT_FALSE(buffer.previous_of(buffer.place_of(1)));
}

TEST(DecisionBuffer, RewardsFarOutsideAreCutAndBadCandidatesLeftOut) {
  DecisionBuffer buffer(4, 10);
  auto odd = decision("u", 0, 1e5);
  add_candidate(odd, {1});
  add_candidate(odd, {std::numeric_limits<float>::quiet_NaN()});
  add_candidate(odd, {1e30F});
  odd.add_candidates();
  const auto result = buffer.take(odd, {});
  EXPECT_EQ(buffer.at(result.place).rewards, std::vector<float>{10});
  EXPECT_EQ(buffer.at(result.place).candidate_count(), 1U);
  EXPECT_EQ(result.cut_rewards, 1U);
  EXPECT_EQ(result.bad_candidates, 3U);
}

TEST(DecisionBuffer, MemoryIsBoundedWhateverTheListsAre) {
  DecisionBuffer buffer(4, 10);
  auto large = outcome("u", 0);
  for (int i = 0; i < 1000; ++i) add_slot(large, 1, 0, {1});
  for (int i = 0; i < 500; ++i) add_candidate(large, {static_cast<float>(i)});
  const auto& held = buffer.at(buffer.take(large, {}).place);
  EXPECT_EQ(held.slots(), DecisionBuffer::kMostSlots);
  EXPECT_EQ(held.candidate_count(), DecisionBuffer::kMostCandidates);
  EXPECT_EQ(held.candidates[features::kFeatureCount], 31);  // from all over, not the first of them
}

TEST(DecisionBuffer, WhatIsRestoredIsFilledFromTheLogAgain) {
  const auto log = random_log(4, 60);
  DecisionBuffer straight(32, 10), again(32, 10);
  std::vector<std::uint64_t> held;
  for (std::size_t i = 0; i < log.size(); ++i) straight.take(log[i], {0, static_cast<std::int64_t>(i)});
  for (auto number = straight.oldest(); number < straight.inserted(); ++number)
    held.push_back(straight.at(straight.place_of(number)).recommendation);
  ASSERT_TRUE(again.restore(held, straight.inserted(), straight.held_from()));
  ASSERT_EQ(again.held_from().size(), 1U);
  const auto from = static_cast<std::size_t>(again.held_from()[0].offset);
  EXPECT_EQ(from, static_cast<std::size_t>(straight.held_from()[0].offset));
  for (std::size_t i = from; i < log.size(); ++i) again.refill(log[i], {0, static_cast<std::int64_t>(i)});
  for (DecisionBuffer::Place place = 0; place < straight.capacity(); ++place) {
    ASSERT_TRUE(again.at(place).filled);
    EXPECT_EQ(again.at(place).recommendation, straight.at(place).recommendation);
    EXPECT_EQ(again.at(place).features, straight.at(place).features);
    EXPECT_EQ(again.at(place).rewards, straight.at(place).rewards);
    EXPECT_EQ(again.at(place).candidates, straight.at(place).candidates);
    EXPECT_EQ(again.at(place).closed, straight.at(place).closed);
    EXPECT_EQ(again.next_of(place), straight.next_of(place));
  }
  EXPECT_FALSE(again.refill(log.back(), {0, 0}));  // again: nothing new
}

TEST(DecisionBuffer, AListOfWhatIsHeldThatCannotBeIsRefused) {
  DecisionBuffer buffer(4, 10);
  const std::vector<std::uint64_t> twice{1, 2, 1}, three{1, 2, 3};
  EXPECT_FALSE(buffer.restore(twice, 9, {}));
  EXPECT_FALSE(buffer.restore(three, 2, {}));
  EXPECT_TRUE(buffer.restore(three, 3, {}));
}

}  // namespace
}  // namespace riffle::learner
