#include "learner/weight_target.h"

#include <gtest/gtest.h>

#include "learner/weights_fixture.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of the fixtures

WeightOptions target_options(double target = .7) {
  return {.kind = "target", .target = target, .step = .5, .first = .1};
}

pb::Outcome list_at(std::uint64_t number, double weight, double distance, const std::string& segment = "s") {
  pb::Outcome made = list_of(number, segment, {weight}, {1}, 0, 0);
  made.mutable_learned_weight()->set_distance(distance);
  return made;
}

double weight_of(const WeightTrainer& trainer, const std::string& segment = "s") {
  std::vector<WeightArm> arms;
  trainer.weights()->arms(segment, 1, arms);
  EXPECT_EQ(arms.size(), 1U);
  EXPECT_EQ(arms.at(0).probability, 1);
  return arms.at(0).weight;
}

TEST(WeightTarget, MovesByTheStepTimesTheMeanDistanceMissed) {
  WeightTarget target(target_options());
  EXPECT_EQ(weight_of(target), .1);
  for (std::uint64_t i = 0; i + 1 < WeightTarget::kLists; ++i) target.learn(list_at(i, .1, i % 2 == 0 ? .4 : .6));
  EXPECT_EQ(weight_of(target), .1) << "a mean of fewer is not known well enough";
  target.learn(list_at(99, .1, .5));
  EXPECT_NEAR(weight_of(target), .1 + .5 * (.7 - .5), 1e-12);
}

// Distances answer to the weight; versions come late, and lists under way were made with older weights.
TEST(WeightTarget, ComesToTheTargetAndDoesNotSwingByItsOwnDelay) {
  for (const int delay : {1, 200}) {
    WeightTarget target(target_options());
    Rng rng(5);
    double served = weight_of(target), sum = 0, least = 1, most = 0;
    constexpr int kLists = 40000, kLast = 10000;
    for (int i = 0; i < kLists; ++i) {
      if (i % delay == 0) served = weight_of(target);
      const double distance = std::clamp(.5 + .8 * served + .1 * rng.normal(), 0.0, 1.0);
      target.learn(list_at(static_cast<std::uint64_t>(i), served, distance));
      if (i < kLists - kLast) continue;
      sum += distance / kLast;
      least = std::min(least, served), most = std::max(most, served);
    }
    EXPECT_NEAR(sum, .7, .005) << delay;
    EXPECT_GT(least, .2) << delay;
    EXPECT_LT(most, .3) << delay;
  }
}

TEST(WeightTarget, StaysWithinItsBoundsWhereTheTargetIsOutOfReach) {
  WeightTarget high(target_options(1)), low(target_options(0));
  for (std::uint64_t i = 0; i < 2000; ++i) {
    high.learn(list_at(i, weight_of(high), .5));
    low.learn(list_at(i, weight_of(low), .5));
  }
  EXPECT_EQ(weight_of(high), 1);
  EXPECT_EQ(weight_of(low), 0);
}

TEST(WeightTarget, ASegmentNeverSeenBeginsWithTheMeanOfTheOthers) {
  WeightTarget target(target_options());
  for (std::uint64_t i = 0; i < 300; ++i) target.learn(list_at(i, weight_of(target, "a"), .2, "a"));
  for (std::uint64_t i = 0; i < 100; ++i) target.learn(list_at(i, weight_of(target, "b"), .7, "b"));
  const double a = weight_of(target, "a"), b = weight_of(target, "b"), fresh = weight_of(target, "c");
  EXPECT_NEAR(fresh, (300 * a + 100 * b) / 400, 1e-12);
  target.learn(list_at(1, fresh, .2, "c"));
  EXPECT_EQ(weight_of(target, "c"), fresh);
}

TEST(WeightTarget, LearningByRevisionsEqualsWaitingAndOnlyTheFirstExposureCounts) {
  Rng rng(6);
  std::vector<std::vector<pb::Outcome>> stories;
  for (int i = 0; i < 200; ++i) {
    stories.push_back(story(rng, "u", static_cast<std::uint64_t>(i), kStartMs + i));
    const double distance = rng.uniform();
    for (pb::Outcome& revision : stories.back()) {
      revision.set_segment("s");
      weigh(revision, {.1}, {1}, {.5});
      revision.mutable_learned_weight()->set_distance(distance);
    }
  }
  WeightTarget at_once(target_options()), waited(target_options());
  for (const auto& revisions : stories) {
    for (const pb::Outcome& revision : revisions) at_once.learn(revision);
    waited.learn(last_state(revisions));
  }
  EXPECT_TRUE(at_once.save() == waited.save());
  EXPECT_NE(weight_of(at_once), .1);
}

TEST(WeightTarget, LeavesOutListsOfOtherWeightsAndThoseThatHaveNoDistance) {
  WeightTarget target(target_options());
  target.learn(list_at(0, .1, .5));
  const std::string state = target.save();
  const auto without = [&](auto&& change) {
    pb::Outcome list = list_at(1, .1, .5);
    change(list);
    target.learn(list);
    EXPECT_TRUE(target.save() == state);
  };
  without([](pb::Outcome& list) { list.mutable_learned_weight()->set_weights(0, .2); });      // it was under way
  without([](pb::Outcome& list) { list.mutable_learned_weight()->clear_distance(); });        // fewer than two items are known
  without([](pb::Outcome& list) { list.mutable_learned_weight()->set_distance(1.5); });
  without([](pb::Outcome& list) { list.mutable_learned_weight()->add_weights(.1); });         // a bandit's
  without([](pb::Outcome& list) { list.clear_learned_weight(); });                            // the request said its diversity
  without([](pb::Outcome& list) { list.mutable_slots(0)->set_exposed(false); });
  pb::Outcome broken = list_at(2, 7, .5, "another");
  target.learn(broken);
  EXPECT_TRUE(target.save() == state);
}

TEST(WeightTarget, SavedLoadedAndContinuedIsBitEqualToNotStopping) {
  WeightTarget straight(target_options());
  auto stopped = std::make_unique<WeightTarget>(target_options());
  Rng rng(7);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::string segment = "segment " + std::to_string(rng.below(4));
    const pb::Outcome list = list_at(i, weight_of(straight, segment), rng.uniform(), segment);
    straight.learn(list);
    stopped->learn(list);
    if (i % 31 != 0) continue;
    const std::string state = stopped->save();
    stopped = std::make_unique<WeightTarget>(target_options());
    ASSERT_TRUE(stopped->load(state).ok());
  }
  EXPECT_TRUE(straight.save() == stopped->save());
  EXPECT_EQ(weight_of(straight, "another"), weight_of(*stopped, "another"));
}

TEST(WeightTarget, RefusesABrokenState) {
  WeightTarget target(target_options());
  target.learn(list_at(0, .1, .5));
  const std::string good = target.save();
  const auto refused = [&](auto&& change) {
    pb::WeightState state;
    ASSERT_TRUE(state.ParseFromString(good));
    change(*state.mutable_target()->mutable_segments(0));
    EXPECT_EQ(target.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(target.save() == good);
  };
  refused([](pb::WeightTargetSegment& segment) { segment.set_weight(1.5); });
  refused([](pb::WeightTargetSegment& segment) { segment.set_missed(std::nan("")); });
  refused([](pb::WeightTargetSegment& segment) { segment.set_lists(1000); });
  EXPECT_FALSE(target.load("not a state").ok());
  EXPECT_TRUE(target.load("").ok()) << "nothing learned yet";
  EXPECT_EQ(weight_of(target), .1);
}

}  // namespace
}  // namespace riffle::learner
