// Outcomes with any numbers in them, learned: every scorer's scores are finite, and a trainer that
// was saved and loaded goes on as the one that was not.
#include <array>
#include <cmath>
#include <vector>

#include "features/feature_vector.h"
#include "input.h"
#include "learner/multi_task/heads.h"
#include "learner/outcome_check.h"
#include "learner/trainer.h"

namespace {

using namespace riffle;
using features::kFeatureCount;

// Bytes of any double are seldom a number of use: half of them are.
double number(fuzz::Input& input) {
  return input.flag() ? static_cast<double>(input.take<std::int16_t>()) / 256 : input.take<double>();
}

pb::Outcome take_outcome(fuzz::Input& input) {
  pb::Outcome outcome;
  outcome.set_user_id(std::string(1, static_cast<char>('a' + input.below(4))));
  outcome.set_recommendation_id(std::string(1, static_cast<char>('a' + input.below(4))));
  outcome.set_segment(std::string(input.below(2), 's'));
  outcome.set_ordinal(input.below(5));
  outcome.set_revision(static_cast<std::uint32_t>(input.below(3)));
  outcome.set_closed(input.flag());
  outcome.set_randomised(input.flag());
  outcome.set_decision_ms(input.flag() ? 1'700'000'000'000 + input.take<std::int32_t>()
                                       : input.take<std::int64_t>());
  outcome.set_feature_fingerprint(features::feature_fingerprint());
  for (std::size_t i = input.below(3); i > 0; --i) outcome.add_candidate_categories(input.below(4));
  for (std::size_t slots = input.below(4); slots > 0; --slots) {
    auto& slot = *outcome.add_slots();
    slot.set_category_key(input.below(4));
    slot.set_reward(number(input));
    slot.set_previous_reward(number(input));
    slot.set_exposed(input.flag());
    slot.set_newly_exposed(input.flag());
    const std::size_t features = input.flag() ? kFeatureCount : input.below(40);
    for (std::size_t i = 0; i < features; ++i) slot.add_features(static_cast<float>(number(input)));
  }
  for (std::size_t i = input.below(4); i > 0; --i) {
    auto& engagement = *outcome.add_engagements();
    engagement.set_slot(static_cast<std::uint32_t>(input.below(5)));
    engagement.set_type(static_cast<std::uint32_t>(input.below(12)));
    engagement.set_dwell_seconds(number(input));
  }
  outcome.set_comeback(number(input));
  return outcome;
}

// What `multi_task` reads of them, whose network is not fuzzed.
void check_labels(const std::vector<pb::Outcome>& outcomes) {
  learner::MultiTaskOptions options;
  options.rewards = {1, 5, .5, -2, 1};
  learner::DecisionBuffer buffer(3, options.reward_limit);
  for (const pb::Outcome& outcome : outcomes) {
    if (!learner::outcome_problem(outcome).empty()) continue;
    const auto taken = buffer.take(outcome, {});
    if (taken.taken != learner::DecisionBuffer::Taken::kNew && taken.taken != learner::DecisionBuffer::Taken::kRevised) continue;
    const learner::HeldDecision& held = buffer.at(taken.place);
    for (std::size_t slot = 0; slot < held.slots(); ++slot) {
      const learner::HeadValues labels = learner::labels_of(held, slot, options);
      for (std::size_t head = 0; head < labels.size(); ++head)
        RIFFLE_CHECK(head == learner::network::kOther ? std::abs(labels[head]) <= 10 : labels[head] >= 0 && labels[head] <= 1,
                     head, labels[head]);
    }
  }
}

void check_scores(const learner::Scorer& scorer) {
  constexpr std::size_t kCandidates = 4;
  std::array<float, kCandidates * kFeatureCount> features;
  for (std::size_t i = 0; i < features.size(); ++i) features[i] = i % 3 == 0 ? -1.0F : 1.0F;
  std::array<CategoryKey, kCandidates> categories;
  for (std::size_t i = 0; i < kCandidates; ++i) categories[i] = CategoryKey(i);
  const std::array<float, kCandidates> given{};
  std::array<float, kCandidates> scores{};
  scorer.score({features, categories, given, "s"}, scores);
  for (const float score : scores) RIFFLE_CHECK(std::isfinite(score), score);
}

std::unique_ptr<learner::Trainer> trainer(const char* name) {
  auto made = learner::make_trainer(name, {});
  RIFFLE_CHECK(made.ok());
  return std::move(*made);
}

void run(const char* name, const std::vector<pb::Outcome>& outcomes) {
  const auto whole = trainer(name);
  const std::size_t half = outcomes.size() / 2;
  for (std::size_t i = 0; i < half; ++i) whole->learn(outcomes[i]);
  const std::string state = whole->save();
  const auto resumed = trainer(name);
  const absl::Status loaded = resumed->load(state);
  RIFFLE_CHECK(loaded.ok(), name, loaded.ToString());
  RIFFLE_CHECK(resumed->save() == state);
  for (std::size_t i = half; i < outcomes.size(); ++i) {
    whole->learn(outcomes[i]);
    resumed->learn(outcomes[i]);
  }
  RIFFLE_CHECK(resumed->save() == whole->save());
  RIFFLE_CHECK(resumed->slots_learned() == whole->slots_learned());
  check_scores(*whole->scorer());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  std::vector<pb::Outcome> outcomes;
  while (!input.empty() && outcomes.size() < 20) outcomes.push_back(take_outcome(input));
  for (const char* name : {"linear", "q_table"}) run(name, outcomes);
  check_labels(outcomes);
  return 0;
}
