#include "evaluation/estimators.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/rng.h"

namespace riffle::evaluation {
namespace {

// Three actions, two slots, no action twice; the logging and the target policy choose given the slot
// above, and the second slot's reward depends on the first one's action.
struct SmallProblem {
  static constexpr int kActions = 3;
  double logging_first[3] = {0.5, 0.3, 0.2};
  double target_first[3] = {0.1, 0.3, 0.6};
  // [above][action]; 0 on what is above.
  double logging_second[3][3] = {{0, 0.7, 0.3}, {0.4, 0, 0.6}, {0.5, 0.5, 0}};
  double target_second[3][3] = {{0, 0.2, 0.8}, {0.9, 0, 0.1}, {0.3, 0.7, 0}};
  double reward_first[3] = {0.2, 0.5, 0.9};
  double reward_second[3][3] = {{0, 0.4, 0.1}, {0.8, 0, 0.3}, {0.6, 0.2, 0}};
  double q_first[3] = {0.3, 0.1, 0.4};   // a model that is wrong
  double q_second[3] = {0.5, 0.0, 0.2};

  double truth() const {
    double value = 0;
    for (int a = 0; a < kActions; ++a) {
      value += target_first[a] * reward_first[a];
      for (int b = 0; b < kActions; ++b)
        value += target_first[a] * target_second[a][b] * reward_second[a][b];
    }
    return value;
  }

  std::array<SlotTerms, 2> terms(int a, int b, double below) const {
    std::array<SlotTerms, 2> slots;
    slots[0] = {.target = target_first[a], .propensity = logging_first[a],
                .reward = reward_first[a], .q = q_first[a], .v = 0, .below = below};
    slots[1] = {.target = target_second[a][b], .propensity = logging_second[a][b],
                .reward = reward_second[a][b], .q = q_second[b], .v = 0, .below = 0};
    for (int c = 0; c < kActions; ++c) {
      slots[0].v += target_first[c] * q_first[c];
      slots[1].v += target_second[a][c] * q_second[c];
    }
    return slots;
  }

  // What an estimator is on average over all logs: Σ over slates of P(slate)·its term.
  double expectation(Estimator estimator, double below) const {
    double sum = 0;
    for (int a = 0; a < kActions; ++a)
      for (int b = 0; b < kActions; ++b) {
        if (a == b) continue;
        const auto slots = terms(a, b, below);
        Stats stats{};
        add_round({.slots = slots, .modelled = true}, {}, stats);
        sum += logging_first[a] * logging_second[a][b] * numerator(estimator, stats);
      }
    return sum;
  }
};

TEST(SlateEstimators, AverageToTheTruthOverAllSlatesOfASmallProblem) {
  const SmallProblem problem;
  for (const Estimator estimator : {Estimator::kSips, Estimator::kRips, Estimator::kCascadeDr})
    for (const double below : {0.0, 0.35})
      EXPECT_NEAR(problem.expectation(estimator, below), problem.truth(), 1e-12)
          << facts_of(estimator).name << " with " << below << " below";
}

TEST(SlateEstimators, CascadeDrOfOneSlotIsDr) {
  const std::vector<SlotTerms> slots = {
      {.target = 0.6, .propensity = 0.2, .reward = 1, .q = 0.3, .v = 0.4, .below = 0}};
  Stats stats{};
  add_round({.slots = slots, .modelled = true}, {}, stats);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kCascadeDr, stats), estimate(Estimator::kDr, stats));
  EXPECT_DOUBLE_EQ(estimate(Estimator::kDr, stats), 0.4 + 3 * (1 - 0.3));
}

TEST(Estimators, AreWhatTheirFormulasSayOfTwoRoundsByHand) {
  const std::vector<SlotTerms> one = {
      {.target = 0.5, .propensity = 0.25, .reward = 1, .q = 0.5, .v = 0.25}};  // w = 2
  const std::vector<SlotTerms> two = {
      {.target = 0.1, .propensity = 0.2, .reward = 3, .q = 1, .v = 2}};        // w = ½
  Stats stats{};
  const EstimatorOptions options{.clip = 0, .shrinkage = 4};
  add_round({.slots = one, .modelled = true}, options, stats);
  add_round({.slots = two, .modelled = true}, options, stats);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kDm, stats), (0.25 + 2) / 2);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kIps, stats), (2 + 1.5) / 2);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kSnips, stats), 3.5 / 2.5);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kDr, stats), 1.125 + (2 * 0.5 + 0.5 * 2) / 2);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kSndr, stats), 1.125 + (2 * 0.5 + 0.5 * 2) / 2.5);
  const double shrunk_one = 4 * 2.0 / (4 + 4), shrunk_two = 4 * 0.5 / (0.25 + 4);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kDros, stats),
                   (0.25 + shrunk_one * 0.5 + 2 + shrunk_two * 2) / 2);
}

TEST(Estimators, AClipTakesThePlaceOfLargerWeights) {
  const std::vector<SlotTerms> slots = {{.target = 0.9, .propensity = 0.01, .reward = 1}};
  Stats stats{};
  EXPECT_DOUBLE_EQ(add_round({.slots = slots}, {.clip = 10}, stats), 90);
  EXPECT_DOUBLE_EQ(estimate(Estimator::kIps, stats), 10);
}

TEST(Estimators, ReplayIsTheMeanWhereADeterministicTargetAgrees) {
  Rng rng(1);
  Stats stats{};
  double matched = 0, sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const bool agrees = rng.below(4) == 0;
    const double reward = static_cast<double>(rng.below(2));
    matched += agrees;
    sum += agrees ? reward : 0;
    const std::vector<SlotTerms> slots = {
        {.target = agrees ? 1.0 : 0.0, .propensity = 0.25, .reward = reward}};
    add_round({.slots = slots}, {}, stats);
  }
  EXPECT_DOUBLE_EQ(estimate(Estimator::kReplay, stats), sum / matched);
}

}  // namespace
}  // namespace riffle::evaluation
