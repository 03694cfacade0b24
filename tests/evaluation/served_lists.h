// Lists as serving makes them, with the outcomes that are logged of them: random candidates in three categories, a policy's
// scorer, explorer, diversifier and caps.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "evaluation/logged_round.h"
#include "features/feature_vector.h"
#include "features/user_features.h"
#include "learner/diversity_weights.h"
#include "learner/trainer.h"
#include "learner/user_clusters.h"
#include "serving/choice_log.h"
#include "serving/slate.h"
#include "tests/serving/kernels.h"

namespace riffle::evaluation {

struct Served {
  std::size_t candidates = 9, slots = 4;
  double explore = 1;                 // the request's dials
  std::optional<double> diversity = {};
  bool log_choice = true;
  std::size_t items = 0;              // of which the candidates are drawn, evenly; 0: always the same ones
};

inline serving::PolicyOptions policy_of(const std::string& scorer, const std::string& explorer) {
  serving::PolicyOptions policy;
  policy.id = PolicyId("p");
  policy.scorer = scorer;
  policy.explorer.kind = explorer;
  policy.explorer.epsilon = 0.3;
  policy.explorer.top = 4;
  policy.diversifier = {.kind = "none", .weight = 0};
  return policy;
}

inline serving::PolicyOptions diverse_policy(const std::string& scorer, const std::string& explorer,
                                             const std::string& diversifier) {
  serving::PolicyOptions policy = policy_of(scorer, explorer);
  policy.diversifier = {.kind = diversifier, .weight = 0.4, .window = 3, .depth = 2};
  policy.caps = {{.depth = 1, .most = 1, .window = 2}, {.depth = 2, .most = 2, .window = 4}};
  policy.reward_ceiling = 0.8;
  return policy;
}

inline learner::PolicyVersion untrained(const serving::PolicyOptions& policy) {
  learner::PolicyVersion version;
  version.policy_id = policy.id;
  version.scorer = *learner::make_scorer(policy.scorer, "", {});
  version.slots_learned = 500;
  if (const auto adapt = serving::learned_policy(policy).weight; learner::learns(adapt))
    version.weights = std::make_shared<const learner::DiversityWeights>(adapt);
  return version;
}

inline pb::Outcome serve(const serving::PolicyOptions& policy, const learner::PolicyVersion& version, const Served& served,
                         Rng& rng) {
  pb::Outcome outcome;
  outcome.set_feature_fingerprint(features::feature_fingerprint());
  outcome.set_fully_logged(true);
  outcome.set_decision_ms(1'760'000'000'000);
  outcome.set_policy_id(policy.id.str());
  outcome.set_recommendation_id("r" + std::to_string(rng()));
  std::vector<ItemKey> keys;
  std::vector<CategoryKey> categories;
  std::vector<float> features, given(served.candidates, 0), scores(served.candidates);
  std::vector<std::vector<CategoryKey>> paths;
  std::vector<features::KernelVector> kernels = serving::random_kernels(served.candidates, rng);
  for (std::size_t i = 0; i < served.candidates; ++i) {
    pb::CandidateLog& candidate = *outcome.add_candidates();
    ItemKey key(100 + i);
    while (served.items > 0) {
      key = ItemKey(100 + rng.below(served.items));
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) break;
    }
    keys.push_back(key);
    paths.push_back({CategoryKey(1 + i % 3), CategoryKey(10 + i % 6)});
    categories.push_back(paths.back().back());
    candidate.set_item_key(keys.back().value());
    candidate.set_category_key(categories.back().value());
    outcome.add_candidate_keys(keys.back().value());
    for (std::size_t f = 0; f < features::kFeatureCount; ++f) {
      features.push_back(static_cast<float>(rng.uniform()));
      candidate.add_features(features.back());
    }
  }
  if (version.scorer->reads_user())
    for (std::size_t f = 0; f < features::kUserFeatureCount; ++f)
      outcome.add_user_features(static_cast<float>(2 * rng.uniform() - 1));
  outcome.set_segment(version.scorer->segment_of(learner::logged_user(outcome), "s"));
  const learner::ScoringBatch batch{
      .features = features, .categories = categories, .given = given, .segment = outcome.segment(), .items = keys};
  std::vector<learner::WeightArm> arms;
  if (version.weights && !served.diversity) version.weights->arms(outcome.segment(), served.explore, arms);
  version.scorer->score(batch, scores);
  serving::SlateBuilder builder;
  const serving::ExplorerNeeds needs = builder.needs(policy);
  std::vector<float> draws(needs.draws ? served.candidates * version.scorer->draw_count() : 0);
  if (!draws.empty()) version.scorer->score_draws(batch, draws);
  std::vector<float> widths(needs.widths && version.scorer->has_widths() ? served.candidates : 0);
  if (!widths.empty()) version.scorer->score_widths(batch, widths);
  auto pointers = serving::pointers(kernels);
  pointers.back() = nullptr;  // one that nothing is known of
  const std::vector<std::span<const CategoryKey>> spans(paths.begin(), paths.end());
  const std::vector<serving::CategoryShare> tastes = {
      {CategoryKey(1), .2F}, {CategoryKey(10), .1F}, {CategoryKey(12), .05F}, {CategoryKey(77), .15F}};
  const serving::SlateInput input = {.keys = keys,
                                     .scores = scores,
                                     .kernels = pointers,
                                     .category_paths = spans,
                                     .policy = &policy,
                                     .slots = served.slots,
                                     .explore = served.explore,
                                     .diversity = served.diversity.value_or(policy.diversifier.weight),
                                     .slots_learned = static_cast<double>(version.slots_learned),
                                     .draws = draws,
                                     .widths = widths,
                                     .tastes = tastes,
                                     .arms = arms};
  const serving::Slate& slate = builder.fill(input, rng);
  for (std::size_t i = 0; i < served.candidates; ++i) outcome.mutable_candidates(static_cast<int>(i))->set_score(scores[i]);
  for (const serving::FilledSlot& filled : slate.slots) {
    pb::OutcomeSlot& slot = *outcome.add_slots();
    slot.set_item_key(keys[filled.candidate].value());
    slot.set_category_key(categories[filled.candidate].value());
    slot.set_propensity(filled.propensity);
    slot.set_allowed(filled.allowed);
    slot.set_score(scores[filled.candidate]);
    slot.set_exposed(true);
    slot.set_newly_exposed(true);
    *slot.mutable_features() = outcome.candidates(static_cast<int>(filled.candidate)).features();
  }
  for (std::size_t arm = 0; arm < arms.size(); ++arm) {
    outcome.mutable_learned_weight()->add_weights(arms[arm].weight);
    outcome.mutable_learned_weight()->add_probabilities(arms[arm].probability);
    outcome.mutable_learned_weight()->add_log_slates(slate.log_propensities[arm]);
  }
  if (served.log_choice) serving::log_choice(input, served.diversity.has_value(), *outcome.mutable_choice());
  return outcome;
}

// A linear policy that has learned a little, so that it has draws and widths.
inline learner::PolicyVersion trained_linear(Rng& rng) {
  const serving::PolicyOptions uniform = policy_of("popularity", "uniform");
  auto trainer = *learner::make_trainer("linear", {});
  for (int i = 0; i < 60; ++i) {
    pb::Outcome outcome = serve(uniform, untrained(uniform), {}, rng);
    outcome.set_closed(true);
    for (pb::OutcomeSlot& slot : *outcome.mutable_slots())
      slot.set_reward(rng.uniform() < static_cast<double>(slot.features(3)) ? 1 : 0);
    trainer->learn(outcome);
  }
  learner::PolicyVersion version;
  version.policy_id = PolicyId("p");
  version.version = 1;
  version.slots_learned = trainer->slots_learned();
  version.scorer = *learner::make_scorer("linear", trainer->save(), {});
  return version;
}

inline LoggedRound round_of(const pb::Outcome& outcome, std::uint64_t cluster = 0) {
  LoggedRound round;
  round.outcome = &outcome;
  round.cluster = cluster;
  round.identity = std::hash<std::string>()(outcome.recommendation_id());
  for (int k = 0; k < outcome.slots_size(); ++k)
    round.slots.push_back({.action = 0,
                           .position = static_cast<std::uint32_t>(k),
                           .propensity = outcome.slots(k).propensity(),
                           .reward = outcome.slots(k).reward()});
  return round;
}

}  // namespace riffle::evaluation
