#include "evaluation/targets/cross_fitting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "evaluation/targets/policy_target.h"
#include "tests/evaluation/outcome_list.h"
#include "tests/evaluation/served_lists.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kItems = 60;

// Lists of one slot, drawn evenly; `appeal` of an item is its probability of a click.
template <class Appeal>
std::vector<pb::Outcome> log_of(std::size_t rounds, std::uint64_t seed, const Appeal& appeal) {
  const serving::PolicyOptions even = policy_of("popularity", "uniform");
  Rng rng(seed);
  std::vector<pb::Outcome> log;
  for (std::size_t i = 0; i < rounds; ++i) {
    pb::Outcome& outcome = log.emplace_back(serve(even, untrained(even), {.slots = 1, .items = kItems}, rng));
    outcome.set_user_id("u" + std::to_string(rng.below(600)));
    outcome.set_closed(true);
    outcome.mutable_slots(0)->set_reward(rng.uniform() < appeal(outcome.slots(0).item_key()) ? 1 : 0);
  }
  return log;
}

// What it learns is a rate an item; it shows the best.
serving::PolicyOptions trained_policy() {
  serving::PolicyOptions policy = policy_of("arms", "epsilon");
  policy.explorer.epsilon = 0.1;
  return policy;
}

std::unique_ptr<Target> trained(const std::vector<pb::Outcome>& log, std::size_t folds) {
  auto fitting = *CrossFitting::make(trained_policy(), {}, folds);
  OutcomeList source(log);
  EXPECT_TRUE(fitting->train(source, {}, 2).ok());
  return *PolicyTarget::make(trained_policy(), fitting->versions(), true);
}

EstimateRow snips_of(const std::vector<pb::Outcome>& log, Target& target, std::size_t folds) {
  OpeOptions options;
  options.estimators = {Estimator::kSnips};
  options.policy_folds = folds;
  const OpeResult result = *evaluate_off_policy(open_list(log), target, nullptr, options);
  EXPECT_EQ(result.folds.size(), folds);
  EXPECT_TRUE(result.estimates[0].given);
  return result.estimates[0];
}

// Every item is clicked in three of ten cases, so any policy earns .3: a trained one has nothing to learn but noise.
TEST(CrossFitting, OfNoiseIsWorthNothingWhileTrainingInSampleLooksLikeAGain) {
  const auto log = log_of(4000, 3, [](std::uint64_t) { return 0.3; });
  const auto crossed = trained(log, 5);
  const EstimateRow honest = snips_of(log, *crossed, 5);
  EXPECT_LE(honest.bootstrap->low, 0.3);
  EXPECT_GE(honest.bootstrap->high, 0.3);
  const auto in_sample = trained(log, 1);
  const EstimateRow flattered = snips_of(log, *in_sample, 1);
  std::cout << "cross-fitted " << honest.value << ", in sample " << flattered.value << ", both truly 0.3\n";
  EXPECT_GT(flattered.bootstrap->low, 0.3) << "what it learned by heart looks like skill";
}

// Items differ: the policies' true worth, at the logged users' states, is known.
TEST(CrossFitting, TheIntervalHoldsTheWorthOfPoliciesThatHaveNotSeenTheUser) {
  const auto appeal = [](std::uint64_t key) { return 0.05 + 0.5 * static_cast<double>(key % 13) / 13; };
  int held = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto log = log_of(3000, seed, appeal);
    const auto target = trained(log, 5);
    double truth = 0, logged = 0;
    OutcomeList source(log);
    LoggedRound round;
    std::vector<TargetSlot> slots;
    while (*source.next(round)) {
      // P of each candidate, asked as if it had been shown.
      pb::Outcome asked = *round.outcome;
      for (const pb::CandidateLog& candidate : round.outcome->candidates()) {
        asked.mutable_slots(0)->set_item_key(candidate.item_key());
        round.outcome = &asked;
        ASSERT_EQ(target->weigh(round, nullptr, 0, slots), "");
        truth += slots[0].probability * appeal(candidate.item_key()) / 3000;
        logged += appeal(candidate.item_key()) / 9 / 3000;
      }
    }
    const EstimateRow row = snips_of(log, *target, 5);
    EXPECT_GT(truth, 1.3 * logged) << "there is something to learn, and it was learned";
    held += row.bootstrap->low <= truth && truth <= row.bootstrap->high ? 1 : 0;
  }
  EXPECT_GE(held, 8) << "95 % intervals; fewer than 8 of 10 come by chance once in a hundred times";
}

TEST(CrossFitting, AFoldsPolicyHasSeenAllOutcomesButItsOwnUsers) {
  const auto log = log_of(500, 1, [](std::uint64_t) { return 0.2; });
  auto fitting = *CrossFitting::make(trained_policy(), {}, 4);
  OutcomeList source(log);
  ASSERT_TRUE(fitting->train(source, {}, 2).ok());
  std::vector<std::uint64_t> own(4, 0);
  OutcomeList again(log);
  LoggedRound round;
  while (*again.next(round)) ++own[fold_of(round.cluster, 4)];
  for (std::size_t fold = 0; fold < 4; ++fold) {
    EXPECT_EQ(fitting->folds()[fold].outcomes, 500 - own[fold]);
    EXPECT_EQ(fitting->folds()[fold].slots, 500 - own[fold]);
  }
}

TEST(CrossFitting, LearnsTheDiversityWeightOfThePolicysOwnListsToo) {
  serving::PolicyOptions policy = diverse_policy("arms", "epsilon", "mmr");
  policy.diversifier.adapt = {.kind = "bandit", .grid = {0, .9}};
  Rng rng(5);
  std::vector<pb::Outcome> log;
  for (int i = 0; i < 1500; ++i) {
    pb::Outcome& outcome = log.emplace_back(serve(policy, untrained(policy), {}, rng));
    outcome.set_user_id("u" + std::to_string(rng.below(300)));
    outcome.set_closed(true);
    const auto& slates = outcome.learned_weight().log_slates();
    outcome.mutable_slots(0)->set_reward(slates[1] > slates[0] ? 1 : 0);  // what the heavier weight rather makes
    if (i % 2 == 0) continue;
    outcome.set_policy_id("another");  // which earned by the lighter one
    outcome.mutable_slots(0)->set_reward(1 - outcome.slots(0).reward());
  }
  auto fitting = *CrossFitting::make(policy, {}, 3);
  OutcomeList source(log);
  ASSERT_TRUE(fitting->train(source, {}, 2).ok());
  for (const learner::PolicyVersion& version : fitting->versions()) {
    ASSERT_NE(version.weights, nullptr);
    std::vector<learner::WeightArm> arms;
    version.weights->arms("s", 1, arms);
    EXPECT_GT(arms[1].probability, .95);
  }
}

TEST(CrossFitting, IsOfPoliciesThatLearn) {
  EXPECT_FALSE(CrossFitting::make(policy_of("popularity", "epsilon"), {}, 5).ok());
}

TEST(CrossFitting, CanBeStopped) {
  const auto log = log_of(3000, 1, [](std::uint64_t) { return 0.2; });
  auto fitting = *CrossFitting::make(trained_policy(), {}, 2);
  OutcomeList source(log);
  EXPECT_TRUE(absl::IsCancelled(fitting->train(source, [](const OpeProgress&) { return false; }, 2)));
}

}  // namespace
}  // namespace riffle::evaluation
