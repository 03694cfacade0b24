#include "learner/multi_task/heads.h"

#include <gmock/gmock.h>

#include <limits>

#include "learner/multi_task/tasks.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT
using records::InteractionType;
using ::testing::ElementsAre;

MultiTaskOptions all_heads() {
  MultiTaskOptions options;
  options.rewards = {1, 5, .5, 2, 1};
  return options;
}

const HeldDecision& held(DecisionBuffer& buffer, const pb::Outcome& outcome) { return buffer.at(buffer.take(outcome, {}).place); }

TEST(Heads, AreThoseThatTheLogCanTellOf) {
  EXPECT_EQ(names_of(heads_of({})), "click, purchase, other");
  EXPECT_EQ(names_of(heads_of(all_heads())), "click, purchase, dwell, comeback, other");
  MultiTaskOptions none;
  none.rewards = {};
  EXPECT_EQ(heads_of(none), network::kAlways);
}

TEST(Heads, SayWhatWasDoneWithASlotAndTheRestIsOther) {
  auto list = outcome("u", 0);
  add_slot(list, 1, 1 + 5 + .5 + .25);     // clicked, bought, looked at for half a minute; 0.25 are of a term
  add_slot(list, 1, 0).set_exposed(false);  // not seen: not held
  add_slot(list, 1, -1);                   // disliked
  add_slot(list, 1, 5);                    // bought, and nobody told of a click
  engage(list, 0, InteractionType::kClick);
  engage(list, 0, InteractionType::kPurchase);
  engage(list, 0, InteractionType::kDwell, 30);
  engage(list, 2, InteractionType::kDislike);
  engage(list, 3, InteractionType::kPurchase);
  engage(list, 1, InteractionType::kClick);   // of the slot that is not held
  engage(list, 99, InteractionType::kClick);  // of none
  DecisionBuffer buffer(8, 10);
  const HeldDecision& decision = held(buffer, list);
  EXPECT_THAT(labels_of(decision, 0, all_heads()), ElementsAre(1, 1, .5, 0, .5));
  EXPECT_THAT(labels_of(decision, 1, all_heads()), ElementsAre(0, 0, 0, 0, -1));
  EXPECT_THAT(labels_of(decision, 2, all_heads()), ElementsAre(1, 1, 0, 0, -1));
  // Heads that there are not have no label, and what they would have said is other's.
  EXPECT_THAT(labels_of(decision, 0, {}), ElementsAre(1, 1, 0, 0, 4.75));
}

TEST(Heads, ComingBackIsOfAllSeenSlotsAndALongDwellIsAFullOne) {
  auto list = outcome("u", 0);
  add_slot(list, 1, .5);
  add_slot(list, 1, .5 + .5);
  list.set_comeback(.5);
  engage(list, 1, InteractionType::kDwell, 5000);
  DecisionBuffer buffer(8, 10);
  const HeldDecision& decision = held(buffer, list);
  EXPECT_THAT(labels_of(decision, 0, all_heads()), ElementsAre(0, 0, 0, .25, 0));
  EXPECT_THAT(labels_of(decision, 1, all_heads()), ElementsAre(0, 0, 1, .25, 0));
}

TEST(Heads, ByTheRewardsInForceTheirSumIsWhatTheSlotEarned) {
  Rng rng(3);
  const MultiTaskOptions options = all_heads();
  const HeadValues factors = factors_of(options);
  for (int i = 0; i < 200; ++i) {
    auto list = outcome("u", 0);
    add_slot(list, 1, 2 * rng.uniform() - 1);
    for (const auto type : {InteractionType::kClick, InteractionType::kPurchase, InteractionType::kDwell})
      if (rng.below(2) == 0) engage(list, 0, type, 100 * rng.uniform());
    list.set_comeback(2 * rng.uniform());
    DecisionBuffer buffer(8, 10);
    const HeldDecision& decision = held(buffer, list);
    const HeadValues labels = labels_of(decision, 0, options);
    double sum = 0;
    for (std::size_t k = 0; k < labels.size(); ++k) sum += factors[k] * labels[k];
    EXPECT_NEAR(sum, decision.rewards[0], 1e-5);
  }
}

TEST(Heads, ALaterRevisionTakesThePlaceOfTheOneBeforeAndOddNumbersSayNothing) {
  auto list = outcome("u", 0);
  add_slot(list, 1, 0);
  DecisionBuffer buffer(8, 10);
  EXPECT_THAT(labels_of(held(buffer, list), 0, all_heads()), ElementsAre(0, 0, 0, 0, 0));
  auto later = next_revision(list);
  engage(later, 0, InteractionType::kClick);
  engage(later, 0, InteractionType::kDwell, std::numeric_limits<double>::quiet_NaN());
  later.mutable_slots(0)->set_reward(1);
  later.set_comeback(std::numeric_limits<double>::infinity());
  EXPECT_THAT(labels_of(held(buffer, later), 0, all_heads()), ElementsAre(1, 0, 0, 0, 0));
}

TEST(Heads, TheirWeightsAreTimesTheRewardsAndMayBeNegative) {
  MultiTaskOptions options = all_heads();
  options.weights = {0, 2, 1, -1, 1};
  EXPECT_THAT(factors_of(options), ElementsAre(0, 10, .5, -2, 1));
}

}  // namespace
}  // namespace riffle::learner
