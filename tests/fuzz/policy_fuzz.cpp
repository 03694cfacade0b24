// Records of the policy topic, in any order and of any bytes, and the learners' states in them: what
// is offered as complete has its state, and a state that a learner takes is one that it saves again.
#include <cmath>

#include "features/feature_vector.h"
#include "input.h"
#include "learner/diversity_weights.h"
#include "learner/policy_log.h"
#include "learner/trainer.h"

namespace {

using namespace riffle;

void check_scores(std::string_view name, std::string_view state) {
  const auto scorer = learner::make_scorer(name, state, {});
  if (!scorer.ok()) return;
  std::vector<float> features(2 * features::kFeatureCount, 1.0F);
  std::vector<CategoryKey> categories{CategoryKey(0), CategoryKey(1)};
  std::vector<float> given(2), scores(2);
  (*scorer)->score({features, categories, given, "s"}, scores);
  for (const float score : scores) RIFFLE_CHECK(std::isfinite(score), name, score);
}

void check_state(std::string_view state) {
  for (const char* name : {"linear", "logistic", "linear_arms", "arms", "q_table"}) {
    const auto first = learner::make_trainer(name, {});
    const auto second = learner::make_trainer(name, {});
    if (!(*first)->load(state).ok()) continue;
    const std::string saved = (*first)->save();
    const absl::Status loaded = (*second)->load(saved);
    RIFFLE_CHECK(loaded.ok(), name, loaded.ToString());
    RIFFLE_CHECK((*second)->save() == saved);
    check_scores(name, state);
  }
  // Networks learn in the module, which is not fuzzed; what serves their states is.
  for (const char* name : {"dqn", "slateq", "neural_linear", "multi_task"}) check_scores(name, state);
}

void check_weights(std::string_view state) {
  for (const char* kind : {"bandit", "target"}) {
    const learner::WeightOptions options{.kind = kind, .grid = {0, 0.3}};
    const auto first = learner::make_weight_trainer(options), second = learner::make_weight_trainer(options);
    if (!(*first)->load(state).ok()) continue;
    const std::string saved = (*first)->save();
    const absl::Status loaded = (*second)->load(saved);
    RIFFLE_CHECK(loaded.ok(), kind, loaded.ToString());
    RIFFLE_CHECK((*second)->save() == saved);
    std::vector<learner::WeightArm> arms;
    (*first)->weights()->arms("s", 1, arms);
    double sum = 0;
    for (const learner::WeightArm& arm : arms) sum += arm.probability;
    RIFFLE_CHECK(std::abs(sum - 1) < 1e-6, kind, sum);
  }
}

void check(const learner::PolicyLog& log, const PolicyId& policy) {
  const auto* newest = log.newest(policy);
  const auto complete = log.complete_versions(policy);
  RIFFLE_CHECK((newest == nullptr) == complete.empty());
  if (newest == nullptr) return;
  RIFFLE_CHECK(newest->version() == complete.front()->version());
  for (const pb::PolicyManifest* manifest : complete) {
    RIFFLE_CHECK(manifest->version() <= log.highest_version(policy));
    RIFFLE_CHECK(log.missing_blocks(*manifest) == 0);
    const auto state = log.state_of(*manifest);
    RIFFLE_CHECK(state.ok(), state.status().ToString());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (input.flag()) {
    const std::string_view state = input.rest();
    check_state(state);
    check_weights(state);
    return 0;
  }
  learner::PolicyLog log(2);
  const PolicyId policies[] = {PolicyId("p"), PolicyId("a/b")};
  while (!input.empty()) {
    const PolicyId& policy = policies[input.below(2)];
    switch (input.below(4)) {
      case 0: {  // what a learner writes, some of it lost on the way
        pb::PolicyManifest manifest;
        manifest.set_policy_id(policy.str());
        manifest.set_version(input.take<std::uint8_t>());
        manifest.set_created_ms(input.take<std::int64_t>());
        manifest.set_feature_fingerprint(features::feature_fingerprint() + input.below(2));
        const std::string_view state = input.text();
        for (const auto& record : learner::encode_version(manifest, state, 1 + input.below(16), nullptr))
          if (input.flag()) log.apply(record.key, record.value).IgnoreError();
        break;
      }
      case 1: {
        const std::string key(input.text());
        const std::string value(input.text());
        log.apply(key, value).IgnoreError();
        break;
      }
      case 2:
        log.apply(std::string(input.text()), std::nullopt).IgnoreError();
        break;
      default:
        for (const auto& tombstone : log.expire(from_ms(input.take<std::int32_t>()), {input.below(3), input.below(2) == 0}))
          RIFFLE_CHECK(!tombstone.value && log.apply(tombstone.key, tombstone.value).ok());
    }
    for (const PolicyId& each : policies) check(log, each);
  }
  return 0;
}
