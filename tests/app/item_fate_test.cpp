#include "app/explain/item_fate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"

namespace riffle::app {
namespace {

using Stage = ItemFate::Stage;
using ::testing::HasSubstr;

// A list of a (score .5) and b (score .2) from the candidates a, b, c, d, e; the last three scored .3, .1, .05.
pb::Decision decision(bool fully_logged) {
  pb::Decision made;
  for (const auto& [id, score] : {std::pair("a", .5F), {"b", .2F}}) {
    pb::Slot& slot = *made.add_slots();
    slot.set_item_id(id);
    slot.set_item_key(item_key(id).value());
    slot.set_score(score);
    slot.set_propensity(.9);
    slot.set_allowed(static_cast<std::uint32_t>(5 - (made.slots_size() - 1)));
  }
  for (const char* id : {"a", "b", "c", "d", "e"}) made.add_candidate_keys(item_key(id).value());
  made.set_fully_logged(fully_logged);
  for (const auto& [id, score] : {std::pair("a", .5F), {"b", .2F}, {"c", .3F}, {"d", .1F}, {"e", .05F}}) {
    if (!fully_logged && std::string(id) == "e") continue;  // not sampled
    pb::CandidateLog& candidate = *made.add_candidates();
    candidate.set_item_key(item_key(id).value());
    candidate.set_score(score);
  }
  return made;
}

std::string words(const pb::Decision& of, const std::string& item, const records::Request* request = nullptr) {
  return words_of(fate_of(of, item_key(item), request), of, item);
}

TEST(ItemFate, AListedItemHasItsPositionAndProbability) {
  const pb::Decision made = decision(true);
  const ItemFate fate = fate_of(made, item_key("b"), nullptr);
  EXPECT_EQ(fate.stage, Stage::kListed);
  EXPECT_EQ(fate.slot, 1);
  EXPECT_THAT(words(made, "b"), HasSubstr("at position 1, where it was put with probability 0.9"));
}

TEST(ItemFate, ACandidateThatNoSlotDrewHasItsRankWhereAllWereLogged) {
  const pb::Decision made = decision(true);
  const ItemFate c = fate_of(made, item_key("c"), nullptr);
  EXPECT_EQ(c.stage, Stage::kNotDrawn);
  EXPECT_EQ(c.rank, 2U);
  EXPECT_EQ(c.slots_scored_below, 1U);
  EXPECT_THAT(words(made, "c"), HasSubstr("1 of the list's 2 items scored lower"));
  EXPECT_THAT(words(made, "e"), HasSubstr("rank 5 of all candidates: it scored below every item of the list"));
}

TEST(ItemFate, ASampledCandidateHasItsScoreAndNoRankAndAnotherOneNothing) {
  const pb::Decision made = decision(false);
  EXPECT_EQ(fate_of(made, item_key("c"), nullptr).rank, 0U);
  EXPECT_THAT(words(made, "c"), HasSubstr("Its score was 0.3:"));
  EXPECT_EQ(fate_of(made, item_key("e"), nullptr).logged, nullptr);
  EXPECT_THAT(words(made, "e"), HasSubstr("Its score is not logged: 4 of the candidates were sampled"));
}

TEST(ItemFate, WhatCapsClosedIsCountedAndThatItCannotBeToldIsSaid) {
  pb::Decision made = decision(true);
  made.mutable_slots(1)->set_allowed(2);  // of four that were left
  EXPECT_EQ(fate_of(made, item_key("c"), nullptr).slots_with_closed, 1U);
  EXPECT_THAT(words(made, "c"), HasSubstr("At 1 slots category caps had closed candidates; the log does not tell"));
}

TEST(ItemFate, OfAnItemThatWasNoCandidateTheRequestMayTellMore) {
  const pb::Decision made = decision(true);
  EXPECT_EQ(fate_of(made, item_key("z"), nullptr).stage, Stage::kNotCandidate);
  EXPECT_THAT(words(made, "z"), HasSubstr("the log does not tell which of the two"));
  records::Request request;
  EXPECT_EQ(fate_of(made, item_key("z"), &request).stage, Stage::kNotCandidate);
  request.candidates = {{ItemId("a"), {}}, {ItemId("y"), {}}};
  EXPECT_EQ(fate_of(made, item_key("z"), &request).stage, Stage::kNotAsked);
  EXPECT_EQ(fate_of(made, item_key("y"), &request).stage, Stage::kNotCandidate);
  request.exclude_items = {ItemId("z")};
  EXPECT_EQ(fate_of(made, item_key("z"), &request).stage, Stage::kExcluded);
}

TEST(ItemFate, WithoutCandidatesInTheLogNothingIsClaimed) {
  pb::Decision made = decision(true);
  made.clear_candidate_keys();
  made.clear_candidates();
  EXPECT_EQ(fate_of(made, item_key("z"), nullptr).stage, Stage::kUnknown);
  EXPECT_THAT(words(made, "z"), HasSubstr("cannot be told"));
}

}  // namespace
}  // namespace riffle::app
