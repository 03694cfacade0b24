#include "evaluation/targets/policy_target.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "evaluation/targets/uniform_target.h"
#include "tests/evaluation/served_lists.h"

namespace riffle::evaluation {
namespace {

// Of 100 lists of a policy: its own probabilities, asked of the outcomes, against those that serving logged.
void expect_what_was_logged(const serving::PolicyOptions& policy, const learner::PolicyVersion& version, const Served& served) {
  const auto target = *PolicyTarget::make(policy, version);
  Rng rng(4);
  std::vector<TargetSlot> slots;
  bool chance = false;
  for (int i = 0; i < 100; ++i) {
    const pb::Outcome outcome = serve(policy, version, served, rng);
    ASSERT_EQ(target->weigh(round_of(outcome), nullptr, 0, slots), "");
    ASSERT_EQ(slots.size(), 4U);
    for (int k = 0; k < 4; ++k) {
      EXPECT_EQ(slots[k].probability, outcome.slots(k).propensity());
      chance |= outcome.slots(k).propensity() < 1;
    }
  }
  EXPECT_TRUE(chance || policy.explorer.kind == "greedy");
}

constexpr const char* kExplorers[] = {"greedy", "epsilon", "squarecb", "softmax", "thompson", "regcb", "ucb1", "uniform"};

TEST(PolicyTarget, OfThePolicyThatServedHasThePropensitiesThatWereLogged) {
  for (const char* explorer : kExplorers) {
    SCOPED_TRACE(explorer);
    const serving::PolicyOptions policy = policy_of("popularity", explorer);
    expect_what_was_logged(policy, untrained(policy), {});
    expect_what_was_logged(policy, untrained(policy), {.log_choice = false});
  }
}

TEST(PolicyTarget, HasTheLoggedPropensitiesWithDiversityCapsDrawsAndWidthsToo) {
  Rng rng(11);
  const learner::PolicyVersion version = trained_linear(rng);
  for (const char* diversifier : {"none", "mmr", "dpp", "ssd", "calibration"})
    for (const char* explorer : kExplorers) {
      SCOPED_TRACE(std::string(explorer) + " " + diversifier);
      expect_what_was_logged(diverse_policy("linear", explorer, diversifier), version, {});
    }
}

TEST(PolicyTarget, HasTheLoggedPropensitiesOfAChoiceInTwoStagesToo) {
  Rng rng(11);
  const learner::PolicyVersion version = trained_linear(rng);
  for (const char* explorer : kExplorers) {
    SCOPED_TRACE(explorer);
    serving::PolicyOptions policy = diverse_policy("linear", explorer, "dpp");
    policy.shortlist = 3;  // of nine, for four slots
    expect_what_was_logged(policy, version, {});
    policy = policy_of("linear", explorer);
    policy.shortlist = 3;
    expect_what_was_logged(policy, version, {.log_choice = false});
  }
}

TEST(PolicyTarget, ObeysTheDialsOfTheRequest) {
  Rng rng(11);
  const learner::PolicyVersion version = trained_linear(rng);
  const serving::PolicyOptions policy = diverse_policy("linear", "squarecb", "dpp");
  expect_what_was_logged(policy, version, {.explore = 0.5});
  expect_what_was_logged(policy, version, {.explore = 0.25, .diversity = 0.9});
  expect_what_was_logged(policy, version, {.diversity = 0});
}

// A weight of three, and what each list's segment has learned of them.
learner::PolicyVersion weighed(learner::PolicyVersion version) {
  version.weights = std::make_shared<const learner::DiversityWeights>(
      std::vector<learner::WeightArm>{{0, .2}, {.3, .5}, {.9, .3}},
      absl::flat_hash_map<std::uint64_t, std::vector<learner::WeightArm>>{});
  return version;
}

TEST(PolicyTarget, HasTheLoggedPropensitiesOfAWeightThatIsLearned) {
  Rng rng(11);
  const learner::PolicyVersion version = weighed(trained_linear(rng));
  for (const char* explorer : kExplorers) {
    SCOPED_TRACE(explorer);
    serving::PolicyOptions policy = diverse_policy("linear", explorer, "dpp");
    policy.diversifier.adapt = {.kind = "bandit", .grid = {0, .3, .9}};
    for (const double explore : {1.0, .5}) {
      const auto target = *PolicyTarget::make(policy, version);
      std::vector<TargetSlot> slots;
      for (int i = 0; i < 60; ++i) {
        const pb::Outcome outcome = serve(policy, version, {.explore = explore}, rng);
        ASSERT_EQ(target->weigh(round_of(outcome), nullptr, 0, slots), "");
        for (int k = 0; k < 4; ++k) EXPECT_NEAR(slots[k].probability, outcome.slots(k).propensity(), 1e-12);
      }
    }
    expect_what_was_logged(policy, version, {.diversity = .7});  // the request's takes the place of all of them
  }
}

TEST(PolicyTarget, ThatAskedForNoDiversityHasItsOwnLambdaWhereTheLogHadAnother) {
  Rng rng(11);
  const learner::PolicyVersion version = trained_linear(rng);
  const serving::PolicyOptions served = diverse_policy("linear", "epsilon", "dpp");
  serving::PolicyOptions asked = served;
  asked.diversifier.weight = 0;
  asked.caps.clear();
  const auto target = *PolicyTarget::make(asked, version);
  std::vector<TargetSlot> slots;
  bool differs = false;
  for (int i = 0; i < 50; ++i) {
    const pb::Outcome outcome = serve(served, version, {}, rng);
    ASSERT_EQ(target->weigh(round_of(outcome), nullptr, 0, slots), "");
    for (int k = 1; k < 4; ++k) differs |= slots[k].probability != outcome.slots(k).propensity();
  }
  EXPECT_TRUE(differs);
}

TEST(PolicyTarget, ASlotThatItsCapsExcludeHasNoProbability) {
  const serving::PolicyOptions served = policy_of("popularity", "uniform");
  serving::PolicyOptions capped = served;
  capped.caps = {{.depth = 1, .most = 1, .window = 2}};
  const auto target = *PolicyTarget::make(capped, untrained(capped));
  Rng rng(2);
  std::vector<TargetSlot> slots;
  int excluded = 0;
  for (int i = 0; i < 100; ++i) {
    const pb::Outcome outcome = serve(served, untrained(served), {}, rng);
    ASSERT_EQ(target->weigh(round_of(outcome), nullptr, 0, slots), "");
    for (int k = 1; k < 4; ++k) {
      const bool same = outcome.slots(k).category_key() % 3 == outcome.slots(k - 1).category_key() % 3;  // 10 + i mod 6
      EXPECT_EQ(slots[k].probability == 0, same);
      excluded += same;
    }
  }
  EXPECT_GT(excluded, 20);
}

TEST(PolicyTarget, RefusesWhatTheLogCannotTell) {
  const serving::PolicyOptions given = policy_of("given", "epsilon");
  EXPECT_FALSE(PolicyTarget::make(given, untrained(given)).ok());
}

// Logs of builds that did not log what the choice depended on.
TEST(PolicyTarget, WithoutALogOfTheChoiceCannotTellDiversityAndCaps) {
  const serving::PolicyOptions plain = policy_of("popularity", "epsilon");
  Rng rng(4);
  pb::Outcome outcome = serve(plain, untrained(plain), {.log_choice = false}, rng);
  std::vector<TargetSlot> slots;
  EXPECT_EQ((*PolicyTarget::make(plain, untrained(plain)))->weigh(round_of(outcome), nullptr, 0, slots), "");
  const serving::PolicyOptions diverse = diverse_policy("popularity", "epsilon", "dpp");
  EXPECT_NE((*PolicyTarget::make(diverse, untrained(diverse)))->weigh(round_of(outcome), nullptr, 0, slots), "");
  outcome.mutable_slots(1)->set_allowed(3);
  EXPECT_NE((*PolicyTarget::make(plain, untrained(plain)))->weigh(round_of(outcome), nullptr, 0, slots), "")
      << "caps excluded something, and the log does not say what";
}

// Logs of builds that did not log tastes.
TEST(PolicyTarget, WithoutTheUsersTastesCannotTellCalibrationAndCanTellTheOthers) {
  const serving::PolicyOptions served = diverse_policy("popularity", "epsilon", "dpp");
  Rng rng(4);
  pb::Outcome outcome = serve(served, untrained(served), {}, rng);
  serving::PolicyOptions calibrated = served;
  calibrated.diversifier.kind = "calibration";
  std::vector<TargetSlot> slots;
  EXPECT_EQ((*PolicyTarget::make(calibrated, untrained(calibrated)))->weigh(round_of(outcome), nullptr, 0, slots), "");
  outcome.mutable_choice()->set_has_tastes(false);
  outcome.mutable_choice()->clear_tastes();
  EXPECT_NE((*PolicyTarget::make(calibrated, untrained(calibrated)))->weigh(round_of(outcome), nullptr, 0, slots), "");
  EXPECT_EQ((*PolicyTarget::make(served, untrained(served)))->weigh(round_of(outcome), nullptr, 0, slots), "");
  calibrated.diversifier.weight = 0;
  EXPECT_EQ((*PolicyTarget::make(calibrated, untrained(calibrated)))->weigh(round_of(outcome), nullptr, 0, slots), "");
}

TEST(PolicyTarget, PutsUsersIntoTheSegmentsThatItsVersionHasFound) {
  const serving::PolicyOptions policy = policy_of("q_table", "epsilon");
  learner::LearnerOptions options;
  options.q_table.segments = {.kind = "kmeans", .count = 5};
  learner::PolicyVersion version = untrained(policy);
  version.scorer = *learner::make_scorer("q_table", "", options);
  const auto trainer = *learner::make_trainer("q_table", options);
  Rng rng(9);
  for (int i = 0; i < 300; ++i) {
    pb::Outcome outcome = serve(policy, version, {}, rng);
    outcome.set_user_id("u" + std::to_string(i % 20));
    outcome.set_ordinal(static_cast<std::uint64_t>(i / 20));
    outcome.mutable_slots(0)->set_reward(rng.uniform());
    trainer->learn(outcome);
  }
  version.scorer = *learner::make_scorer("q_table", trainer->save(), options);
  ASSERT_TRUE(version.scorer->reads_user());
  expect_what_was_logged(policy, version, {});

  const auto target = *PolicyTarget::make(policy, version);
  pb::Outcome outcome = serve(policy, version, {}, rng);
  std::vector<TargetSlot> own, other;
  ASSERT_EQ(target->weigh(round_of(outcome), nullptr, 0, own), "");
  outcome.set_segment("light|-");   // logged by another policy
  ASSERT_EQ(target->weigh(round_of(outcome), nullptr, 0, other), "");
  for (std::size_t k = 0; k < own.size(); ++k) EXPECT_EQ(own[k].probability, other[k].probability);
  outcome.clear_user_features();
  EXPECT_EQ(std::string(target->weigh(round_of(outcome), nullptr, 0, own)).substr(0, 55),
            "a decision was logged without the user's features, whic");
}

TEST(PolicyTarget, LeavesListsThatAreNotFullyLoggedOut) {
  const serving::PolicyOptions policy = policy_of("popularity", "epsilon");
  const auto target = *PolicyTarget::make(policy, untrained(policy));
  Rng rng(4);
  pb::Outcome outcome = serve(policy, untrained(policy), {}, rng);
  EXPECT_TRUE(target->concerns(round_of(outcome)));
  outcome.set_fully_logged(false);
  EXPECT_FALSE(target->concerns(round_of(outcome)));
}

TEST(UniformTarget, OfRifflesOwnListsIsOneOverWhatWasAllowed) {
  const serving::PolicyOptions policy = policy_of("popularity", "squarecb");
  Rng rng(9);
  const pb::Outcome outcome = serve(policy, untrained(policy), {}, rng);
  UniformTarget target;
  std::vector<TargetSlot> slots;
  ASSERT_EQ(target.weigh(round_of(outcome), nullptr, 0, slots), "");
  for (std::size_t k = 0; k < 4; ++k)
    EXPECT_DOUBLE_EQ(slots[k].probability, 1.0 / static_cast<double>(9 - k));
}

}  // namespace
}  // namespace riffle::evaluation
