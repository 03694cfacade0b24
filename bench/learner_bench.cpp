// What the linear learner costs: a revision of ten slots, a new version, the scores of a list's candidates.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/rng.h"
#include "features/feature_vector.h"
#include "learner/linear.h"

namespace riffle::bench {
namespace {

constexpr std::size_t kSlots = 10;
constexpr std::size_t kCandidates = 200;

// Revision 0 of many decisions: every slot newly exposed, one in ten clicked.
std::vector<pb::Outcome> outcomes(std::size_t count) {
  Rng rng(1);
  std::vector<pb::Outcome> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    pb::Outcome& outcome = made[i];
    outcome.set_recommendation_id("r" + std::to_string(i));
    outcome.set_user_id("u" + std::to_string(i));
    outcome.set_decision_ms(1'760'000'000'000 + static_cast<std::int64_t>(i) * 100);
    outcome.set_time_ms(outcome.decision_ms());
    outcome.set_feature_fingerprint(features::feature_fingerprint());
    for (std::size_t k = 0; k < kSlots; ++k) {
      auto& slot = *outcome.add_slots();
      slot.set_propensity(.1);
      slot.set_reward(rng.below(10) == 0 ? 1 : 0);
      slot.set_exposed(true);
      slot.set_newly_exposed(true);
      for (std::size_t f = 0; f < features::kFeatureCount; ++f) slot.add_features(static_cast<float>(rng.uniform()));
    }
  }
  return made;
}

void LinearLearnOutcome(benchmark::State& state) {
  const std::vector<pb::Outcome> log = outcomes(1000);
  learner::LinearTrainer trainer{learner::LinearOptions()};
  std::size_t i = 0;
  for (auto _ : state) trainer.learn(log[i++ % log.size()]);
  state.SetItemsProcessed(static_cast<std::int64_t>(i));
}
BENCHMARK(LinearLearnOutcome)->Unit(benchmark::kMicrosecond);

// One more outcome, so that there is something to solve.
void LinearSolve(benchmark::State& state) {
  const std::vector<pb::Outcome> log = outcomes(1000);
  learner::LinearTrainer trainer{learner::LinearOptions()};
  for (const pb::Outcome& outcome : log) trainer.learn(outcome);
  std::size_t i = 0;
  for (auto _ : state) {
    trainer.learn(log[i++ % log.size()]);
    benchmark::DoNotOptimize(trainer.scorer());
  }
}
BENCHMARK(LinearSolve)->Unit(benchmark::kMicrosecond);

void LinearScore200(benchmark::State& state) {
  Rng rng(1);
  learner::LinearWeights weights;
  for (double& weight : weights) weight = rng.normal();
  const learner::LinearScorer scorer(weights);
  std::vector<float> features(kCandidates * features::kFeatureCount), given(kCandidates), scores(kCandidates);
  for (float& x : features) x = static_cast<float>(rng.uniform());
  const std::vector<CategoryKey> categories(kCandidates);
  for (auto _ : state) {
    scorer.score({features, categories, given, "active|-"}, scores);
    benchmark::DoNotOptimize(scores.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(LinearScore200)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace riffle::bench
