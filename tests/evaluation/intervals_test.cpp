#include "evaluation/intervals.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "evaluation/group_sums.h"
#include "evaluation/pareto.h"
#include "evaluation/simulated_log.h"

namespace riffle::evaluation {
namespace {

// Intervals are honest: of 100 logs whose truth is known, so many hold it. 95 are expected; fewer than
// 86 come by chance once in 5,000 times.
void expect_coverage(const SimulatedLog& world, Estimator estimator) {
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const SimulatedRun run = world.run(seed);
    EXPECT_GE(run.ess, 500);
    const Bootstrap bootstrap(run.groups, {.confidence = 0.95, .resamples = 200, .seed = seed});
    const auto interval = bootstrap.interval(estimator);
    ASSERT_TRUE(interval.has_value());
    covered += interval->low <= run.truth && run.truth <= interval->high ? 1 : 0;
  }
  EXPECT_GE(covered, 86) << facts_of(estimator).name;
}

TEST(Intervals, OfOneSlotHoldTheTruthOfAGreedyTarget) {
  const SimulatedLog world({.slots = 1, .uniform_share = 0, .rounds = 3000});
  for (const Estimator estimator : {Estimator::kIps, Estimator::kSnips, Estimator::kDr})
    expect_coverage(world, estimator);
}

TEST(Intervals, OfThreeSlotsHoldTheTruthOfAUniformMixedTarget) {
  const SimulatedLog world({.slots = 3, .uniform_share = 0.5, .rounds = 3000});
  for (const Estimator estimator :
       {Estimator::kSips, Estimator::kSnsips, Estimator::kRips, Estimator::kCascadeDr})
    expect_coverage(world, estimator);
}

// One user with many equal rounds is one piece of evidence.
TEST(Intervals, AreWiderWhereAUsersRoundsAreAlike) {
  const auto width = [](std::uint64_t rounds_a_user) {
    GroupSums sums;
    Rng rng(5);
    for (std::uint64_t user = 1; user <= 2000 / rounds_a_user; ++user) {
      const double reward = static_cast<double>(rng.below(2));
      for (std::uint64_t i = 0; i < rounds_a_user; ++i) {
        const SlotTerms slot{.target = 0.5, .propensity = 0.5, .reward = reward};
        add_round({.slots = {&slot, 1}}, {}, sums.of(user));
      }
    }
    const auto groups = sums.filled();
    const auto interval = Bootstrap(groups, {}).interval(Estimator::kIps);
    return interval->high - interval->low;
  };
  EXPECT_GT(width(20), 3 * width(1));
}

TEST(Intervals, EmpiricalBernsteinIsWiderThanTheBootstrapAndNotOfRatios) {
  const SimulatedLog world({.slots = 1, .uniform_share = 0.5, .rounds = 3000});
  const SimulatedRun run = world.run(3);
  const auto narrow = Bootstrap(run.groups, {}).interval(Estimator::kIps);
  const auto wide = empirical_bernstein(Estimator::kIps, run.groups, 0.95);
  EXPECT_LT(wide->low, narrow->low);
  EXPECT_GT(wide->high, narrow->high);
  EXPECT_FALSE(empirical_bernstein(Estimator::kSnips, run.groups, 0.95).has_value());
}

TEST(ParetoK, FindsTheShapeThatAGeneralisedParetoWasDrawnWith) {
  for (const double shape : {0.2, 0.5, 1.0}) {
    Rng rng(11);
    WeightTail tail;
    for (int i = 0; i < 400000; ++i)
      tail.add((std::pow(1 - rng.uniform(), -shape) - 1) / shape);
    ASSERT_TRUE(tail.k_hat().has_value());
    EXPECT_NEAR(*tail.k_hat(), shape, 0.12) << "of " << shape;
  }
}

TEST(ParetoK, IsNotSaidOfWeightsThatAreAllTheSame) {
  WeightTail tail;
  for (int i = 0; i < 1000; ++i) tail.add(1);
  EXPECT_FALSE(tail.k_hat().has_value());
}

}  // namespace
}  // namespace riffle::evaluation
