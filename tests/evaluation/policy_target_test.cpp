#include "evaluation/targets/policy_target.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "evaluation/targets/uniform_target.h"
#include "features/feature_vector.h"
#include "learner/trainer.h"
#include "serving/slate.h"

namespace riffle::evaluation {
namespace {

serving::PolicyOptions popularity_policy(const std::string& explorer) {
  serving::PolicyOptions policy;
  policy.id = PolicyId("p");
  policy.scorer = "popularity";
  policy.explorer.kind = explorer;
  policy.explorer.epsilon = 0.3;
  policy.explorer.top = 4;
  policy.diversifier = {.kind = "none", .weight = 0};
  return policy;
}

learner::PolicyVersion version_of(const serving::PolicyOptions& policy) {
  learner::PolicyVersion version;
  version.policy_id = policy.id;
  version.scorer = *learner::make_scorer(policy.scorer, "", {});
  version.slots_learned = 500;
  return version;
}

// A list as serving makes it, with the outcome that is logged of it.
pb::Outcome served(const serving::PolicyOptions& policy, Rng& rng) {
  constexpr std::size_t kCandidates = 9;
  pb::Outcome outcome;
  outcome.set_feature_fingerprint(features::feature_fingerprint());
  outcome.set_fully_logged(true);
  std::vector<ItemKey> keys;
  std::vector<float> scores;
  for (std::size_t i = 0; i < kCandidates; ++i) {
    pb::CandidateLog& candidate = *outcome.add_candidates();
    candidate.set_item_key(100 + i);
    outcome.add_candidate_keys(100 + i);
    for (std::size_t f = 0; f < features::kFeatureCount; ++f)
      candidate.add_features(static_cast<float>(rng.uniform()));
    keys.emplace_back(100 + i);
    scores.push_back(
        candidate.features(static_cast<int>(features::feature_index("popularity"))));
  }
  const std::vector<const features::KernelVector*> kernels(kCandidates, nullptr);
  const std::vector<std::span<const CategoryKey>> paths(kCandidates);
  serving::SlateBuilder builder;
  const serving::Slate& slate = builder.fill({.keys = keys,
                                              .scores = scores,
                                              .kernels = kernels,
                                              .category_paths = paths,
                                              .policy = &policy,
                                              .slots = 4,
                                              .explore = 1,
                                              .diversity = 0,
                                              .slots_learned = 500},
                                             rng);
  for (const serving::FilledSlot& filled : slate.slots) {
    pb::OutcomeSlot& slot = *outcome.add_slots();
    slot.set_item_key(keys[filled.candidate].value());
    slot.set_propensity(filled.propensity);
    slot.set_allowed(filled.allowed);
    *slot.mutable_features() =
        outcome.candidates(static_cast<int>(filled.candidate)).features();
  }
  return outcome;
}

LoggedRound round_of(const pb::Outcome& outcome) {
  LoggedRound round;
  round.outcome = &outcome;
  for (int k = 0; k < outcome.slots_size(); ++k)
    round.slots.push_back({.action = 0, .position = static_cast<std::uint32_t>(k),
                           .propensity = outcome.slots(k).propensity(), .reward = 0});
  return round;
}

TEST(PolicyTarget, OfThePolicyThatServedHasThePropensitiesThatWereLogged) {
  for (const char* explorer : {"greedy", "epsilon", "squarecb", "softmax", "thompson", "regcb"}) {
    const serving::PolicyOptions policy = popularity_policy(explorer);
    const auto target = *PolicyTarget::make(policy, version_of(policy));
    Rng rng(4);
    std::vector<TargetSlot> slots;
    for (int i = 0; i < 200; ++i) {
      const pb::Outcome outcome = served(policy, rng);
      ASSERT_EQ(target->weigh(round_of(outcome), nullptr, 0, slots), "");
      ASSERT_EQ(slots.size(), 4U);
      for (int k = 0; k < 4; ++k)
        EXPECT_DOUBLE_EQ(slots[k].probability, outcome.slots(k).propensity()) << explorer;
    }
  }
}

TEST(PolicyTarget, RefusesWhatTheLogCannotTell) {
  serving::PolicyOptions policy = popularity_policy("epsilon");
  policy.diversifier = {.kind = "dpp", .weight = 0.1};
  EXPECT_FALSE(PolicyTarget::make(policy, version_of(policy)).ok());
  policy = popularity_policy("epsilon");
  policy.caps.push_back({});
  EXPECT_FALSE(PolicyTarget::make(policy, version_of(policy)).ok());
  policy = popularity_policy("epsilon");
  policy.scorer = "given";
  EXPECT_FALSE(PolicyTarget::make(policy, version_of(policy)).ok());
}

TEST(PolicyTarget, LeavesListsThatAreNotFullyLoggedOutAndRefusesThoseWithCaps) {
  const serving::PolicyOptions policy = popularity_policy("epsilon");
  const auto target = *PolicyTarget::make(policy, version_of(policy));
  Rng rng(4);
  pb::Outcome outcome = served(policy, rng);
  outcome.set_fully_logged(false);
  EXPECT_FALSE(target->concerns(round_of(outcome)));
  outcome.set_fully_logged(true);
  outcome.mutable_slots(1)->set_allowed(3);
  std::vector<TargetSlot> slots;
  EXPECT_NE(target->weigh(round_of(outcome), nullptr, 0, slots), "");
}

TEST(UniformTarget, OfRifflesOwnListsIsOneOverWhatWasAllowed) {
  const serving::PolicyOptions policy = popularity_policy("squarecb");
  Rng rng(9);
  const pb::Outcome outcome = served(policy, rng);
  UniformTarget target;
  std::vector<TargetSlot> slots;
  ASSERT_EQ(target.weigh(round_of(outcome), nullptr, 0, slots), "");
  for (std::size_t k = 0; k < 4; ++k)
    EXPECT_DOUBLE_EQ(slots[k].probability, 1.0 / static_cast<double>(9 - k));
}

}  // namespace
}  // namespace riffle::evaluation
