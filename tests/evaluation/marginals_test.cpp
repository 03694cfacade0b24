// IIPS and DM of slates of a whole log: simulated lists of Riffle's own, whose clicks depend on the item and its position alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/ope.h"
#include "evaluation/targets/policy_target.h"
#include "evaluation/targets/uniform_target.h"
#include "tests/evaluation/all_lists.h"
#include "tests/evaluation/outcome_list.h"
#include "tests/evaluation/served_lists.h"

namespace riffle::evaluation {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kCandidates = 5, kSlots = 3;

double click(const pb::CandidateLog& candidate, std::size_t slot) {
  return (0.1 + 0.6 * static_cast<double>(candidate.features(2))) * std::pow(0.7, static_cast<double>(slot));
}

const EstimateRow& estimate_of(const OpeResult& result, Estimator estimator) {
  for (const EstimateRow& row : result.estimates)
    if (row.estimator == estimator) return row;
  throw std::runtime_error(std::string(facts_of(estimator).name) + " is not there");
}

// The reward model that knows the truth.
class TrueModel final : public RewardModel {
 public:
  void learn(const LoggedRound&, std::size_t) override {}
  void fit() override {}
  bool covers(const LoggedRound&) const override { return true; }
  double logged(const LoggedRound&, std::size_t, std::size_t) const override { return 0; }
  double action(const LoggedRound& round, std::size_t slot, std::size_t, std::uint32_t action) const override {
    return click(round.outcome->candidates(static_cast<int>(action)), slot);
  }
  double below(const LoggedRound&, std::size_t, std::size_t) const override { return 0; }
  std::size_t folds() const override { return 1; }
};

struct World {
  std::vector<pb::Outcome> log;
  double truth = 0;  // of the target, at the logged users' states
};

World world_of(const serving::PolicyOptions& logging, const serving::PolicyOptions& target, std::size_t rounds,
               std::uint64_t seed = 1) {
  World world;
  Rng rng(seed);
  serving::LoggedChoice choice;
  for (std::size_t i = 0; i < rounds; ++i) {
    pb::Outcome outcome = serve(logging, untrained(logging), {.candidates = kCandidates, .slots = kSlots}, rng);
    outcome.set_user_id("u" + std::to_string(rng.below(300)));
    outcome.set_closed(true);
    std::vector<std::uint32_t> chosen;
    EXPECT_EQ(find_chosen(outcome, chosen), "");
    for (std::size_t k = 0; k < kSlots; ++k)
      outcome.mutable_slots(static_cast<int>(k))
          ->set_reward(rng.uniform() < click(outcome.candidates(static_cast<int>(chosen[k])), k) ? 1 : 0);
    EXPECT_EQ(choice.read(outcome), "");
    serving::SlateInput asked = choice.input();
    asked.policy = &target;
    asked.diversity = target.diversifier.weight;
    asked.arms = {};
    for (const PossibleList& list : all_lists(asked))
      for (std::size_t k = 0; k < kSlots; ++k)
        world.truth += list.probability * click(outcome.candidates(static_cast<int>(list.candidates[k])), k) /
                       static_cast<double>(rounds);
    world.log.push_back(std::move(outcome));
  }
  return world;
}

class Marginals : public ::testing::Test {
 protected:
  Marginals() {
    logging_.explorer.epsilon = 0.6;
    target_.explorer.epsilon = 0.2;
    target_.caps.clear();
  }
  serving::PolicyOptions logging_ = diverse_policy("popularity", "epsilon", "mmr");
  serving::PolicyOptions target_ = diverse_policy("popularity", "squarecb", "dpp");
};

// 95 % intervals; fewer than 25 of 30 come by chance once in a hundred times.
TEST_F(Marginals, IntervalsOfIipsHoldTheTruth) {
  logging_.caps.clear();
  const auto target = *PolicyTarget::make(target_, untrained(target_));
  int held = 0;
  double off = 0, width = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const World world = world_of(logging_, target_, 400, seed);
    OpeOptions options;
    options.estimators = {Estimator::kIips};
    options.slate_draws = 20;
    const OpeResult result = *evaluate_off_policy(open_list(world.log), *target, nullptr, options);
    const EstimateRow& iips = estimate_of(result, Estimator::kIips);
    ASSERT_TRUE(iips.given);
    held += iips.bootstrap->low <= world.truth && world.truth <= iips.bootstrap->high ? 1 : 0;
    off += (iips.value - world.truth) / 30;
    width += (iips.bootstrap->high - iips.bootstrap->low) / 30;
  }
  EXPECT_GE(held, 25);
  EXPECT_LT(std::abs(off), 3 * width / 3.92 / std::sqrt(30.)) << "no bias: within three standard errors of the mean of 30";
}

// Lists of a weight that was drawn, asked what a constant one would have earned: by marginals and by prefix products.
TEST_F(Marginals, IntervalsFromListsOfALearnedWeightHoldTheTruth) {
  logging_.caps.clear();
  logging_.diversifier.adapt = {.kind = "bandit", .grid = {0, .5, 1}};
  target_.explorer.kind = "epsilon";
  target_.diversifier.kind = "mmr";
  target_.diversifier.weight = .5;
  const auto target = *PolicyTarget::make(target_, untrained(target_));
  const std::vector<Estimator> estimators{Estimator::kIips, Estimator::kRips};
  std::vector<int> held(2, 0);
  std::vector<double> off(2, 0), width(2, 0);
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const World world = world_of(logging_, target_, 400, seed);
    OpeOptions options;
    options.estimators = estimators;
    options.slate_draws = 20;
    options.force = true;
    const OpeResult result = *evaluate_off_policy(open_list(world.log), *target, nullptr, options);
    for (std::size_t i = 0; i < 2; ++i) {
      const EstimateRow& row = estimate_of(result, estimators[i]);
      held[i] += row.bootstrap->low <= world.truth && world.truth <= row.bootstrap->high ? 1 : 0;
      off[i] += (row.value - world.truth) / 30;
      width[i] += (row.bootstrap->high - row.bootstrap->low) / 30;
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_GE(held[i], 25) << i;
    EXPECT_LT(std::abs(off[i]), 3 * width[i] / 3.92 / std::sqrt(30.)) << i;
  }
}

TEST_F(Marginals, HaveEvenerWeightsThanWholeLists) {
  logging_.caps.clear();
  const World world = world_of(logging_, target_, 1000);
  const auto target = *PolicyTarget::make(target_, untrained(target_));
  OpeOptions options;
  options.force = true;
  const OpeResult result = *evaluate_off_policy(open_list(world.log), *target, nullptr, options);
  const EstimateRow& iips = estimate_of(result, Estimator::kIips);
  ASSERT_TRUE(result.marginals.has_value());
  EXPECT_GT(result.marginals->evidence.ess, result.evidence.ess);
  const EstimateRow& sips = estimate_of(result, Estimator::kSips);
  EXPECT_LT(iips.bootstrap->high - iips.bootstrap->low, sips.bootstrap->high - sips.bootstrap->low);
  // 100 lists a round leave little to chance beside 1,000 rounds.
  EXPECT_GT(*iips.monte_carlo_error, 0);
  EXPECT_LT(*iips.monte_carlo_error, 0.2 * (iips.bootstrap->high - iips.bootstrap->low));
}

TEST_F(Marginals, TheMonteCarloErrorIsThatOfOtherSeeds) {
  const World world = world_of(logging_, target_, 60);
  const auto target = *PolicyTarget::make(target_, untrained(target_));
  std::vector<double> values;
  double said = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    OpeOptions options;
    options.estimators = {Estimator::kIips};
    options.slate_draws = 20;
    options.intervals.seed = seed << 20;
    options.force = true;
    const OpeResult result = *evaluate_off_policy(open_list(world.log), *target, nullptr, options);
    values.push_back(estimate_of(result, Estimator::kIips).value);
    said += *estimate_of(result, Estimator::kIips).monte_carlo_error / 40;
  }
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / 40;
  for (const double value : values) squares += (value - mean) * (value - mean) / 39;
  EXPECT_LE(std::sqrt(squares), 1.3 * said) << "said from above";
  EXPECT_GE(std::sqrt(squares), 0.4 * said);
}

TEST_F(Marginals, DmOfSlatesWithTheTrueModelIsTheTruth) {
  const World world = world_of(logging_, target_, 200);
  const auto target = *PolicyTarget::make(target_, untrained(target_));
  TrueModel model;
  OpeOptions options;
  options.estimators = {Estimator::kSlateDm};
  const OpeResult result = *evaluate_off_policy(open_list(world.log), *target, &model, options);
  const EstimateRow& dm = estimate_of(result, Estimator::kSlateDm);
  ASSERT_TRUE(dm.given);
  EXPECT_NEAR(dm.value, world.truth, 5 * *dm.monte_carlo_error);
  EXPECT_LT(*dm.monte_carlo_error, 0.002);
}

TEST_F(Marginals, OfAnEvenTargetWithoutCapsNothingIsDrawn) {
  logging_.caps.clear();
  const World world = world_of(logging_, policy_of("popularity", "uniform"), 100);
  TrueModel model;
  UniformTarget target;
  OpeOptions options;
  options.estimators = {Estimator::kSlateDm};
  const OpeResult result = *evaluate_off_policy(open_list(world.log), target, &model, options);
  EXPECT_NEAR(estimate_of(result, Estimator::kSlateDm).value, world.truth, 1e-9);
  EXPECT_EQ(*estimate_of(result, Estimator::kSlateDm).monte_carlo_error, 0);
}

TEST_F(Marginals, OfListsThatAreNotFullyLoggedThereAreNone) {
  World world = world_of(logging_, target_, 100);
  for (std::size_t i = 0; i < world.log.size(); ++i) world.log[i].set_fully_logged(i % 2 == 0);
  UniformTarget target;
  OpeOptions options;
  options.estimators = {Estimator::kIips};
  OpeResult result = *evaluate_off_policy(open_list(world.log), target, nullptr, options);
  EXPECT_EQ(result.marginals->evidence.rounds, 50U);
  EXPECT_EQ(result.marginals->left_out, 50U);
  options.estimators.clear();
  result = *evaluate_off_policy(open_list(world.log), target, nullptr, options);
  EXPECT_FALSE(result.marginals.has_value()) << "by default of logs that have it of every list";
  for (pb::Outcome& outcome : world.log) outcome.set_fully_logged(false);
  options.estimators = {Estimator::kIips};
  result = *evaluate_off_policy(open_list(world.log), target, nullptr, options);
  ASSERT_EQ(result.estimates[0].refusals.size(), 1U);
  EXPECT_THAT(result.estimates[0].refusals[0].advice, HasSubstr("serving.full_log_share"));
}

TEST_F(Marginals, APropensityThatItsLogDoesNotMakeAgainIsNoEvidence) {
  World world = world_of(logging_, target_, 300);
  world.log[17].mutable_slots(1)->set_propensity(0.01);
  const auto target = *PolicyTarget::make(target_, untrained(target_));
  OpeOptions options;
  options.estimators = {Estimator::kIips};
  const OpeResult result = *evaluate_off_policy(open_list(world.log), *target, nullptr, options);
  EXPECT_FALSE(result.estimates[0].given);
  EXPECT_EQ(result.estimates[0].refusals[0].reason, "unanswerable");
  EXPECT_THAT(result.estimates[0].refusals[0].message, HasSubstr("are not those that its logged choice makes"));
}

}  // namespace
}  // namespace riffle::evaluation
