// What learners cost: a revision of ten slots, a new version, the scores of a list's candidates, segments, weights.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/rng.h"
#include "features/feature_vector.h"
#include "learner/arms.h"
#include "learner/diversity_weights.h"
#include "learner/linear.h"
#include "learner/user_clusters.h"
#include "serving/explorers/explorer.h"

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

// What explorers that ask for doubt cost beside: the scorer of a learned version over a list's candidates.
struct Doubting {
  Doubting() {
    learner::LinearTrainer trainer{learner::LinearOptions()};
    for (const pb::Outcome& outcome : outcomes(1000)) trainer.learn(outcome);
    scorer = trainer.scorer();
    Rng rng(1);
    for (float& x : features) x = static_cast<float>(rng.uniform());
  }
  learner::ScoringBatch batch() const { return {features, categories, {}, "active|-", {}}; }
  std::shared_ptr<const learner::Scorer> scorer;
  std::vector<float> features = std::vector<float>(kCandidates * features::kFeatureCount);
  std::vector<CategoryKey> categories = std::vector<CategoryKey>(kCandidates);
};

void LinearWidths200(benchmark::State& state) {
  const Doubting doubting;
  std::vector<float> widths(kCandidates);
  for (auto _ : state) {
    doubting.scorer->score_widths(doubting.batch(), widths);
    benchmark::DoNotOptimize(widths.data());
  }
}
BENCHMARK(LinearWidths200)->Unit(benchmark::kMicrosecond);

void LinearDraws200(benchmark::State& state) {
  const Doubting doubting;
  std::vector<float> draws(kCandidates * doubting.scorer->draw_count());
  for (auto _ : state) {
    doubting.scorer->score_draws(doubting.batch(), draws);
    benchmark::DoNotOptimize(draws.data());
  }
}
BENCHMARK(LinearDraws200)->Unit(benchmark::kMicrosecond);

// A version of a thousand items with their draws.
void ArmsVersion1000(benchmark::State& state) {
  std::vector<std::pair<ItemKey, learner::ArmSums>> arms;
  for (std::uint64_t item = 0; item < 1000; ++item)
    arms.push_back({ItemKey(item), {100, static_cast<double>(item % 9)}});
  for (auto _ : state) benchmark::DoNotOptimize(learner::ArmsScorer(arms, learner::ArmsOptions(), 1));
}
BENCHMARK(ArmsVersion1000)->Unit(benchmark::kMicrosecond);

std::vector<features::UserFeatures> users(std::size_t count) {
  Rng rng(1);
  std::vector<features::UserFeatures> made(count);
  for (features::UserFeatures& user : made)
    for (float& x : user) x = static_cast<float>(2 * rng.uniform() - 1);
  return made;
}

// So many clusters; what a list pays where segments are found.
void UserClustersName(benchmark::State& state) {
  const auto met = users(10'000);
  learner::UserClusters clusters(static_cast<std::size_t>(state.range(0)), 1);
  for (const auto& user : met) clusters.learn(user);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(clusters.name(clusters.nearest(met[i++ % met.size()])));
}
BENCHMARK(UserClustersName)->Arg(4)->Arg(16)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond);

// What the learner pays a list for them.
void UserClustersLearn(benchmark::State& state) {
  const auto met = users(10'000);
  learner::UserClusters clusters(static_cast<std::size_t>(state.range(0)), 1);
  std::size_t i = 0;
  for (auto _ : state) clusters.learn(met[i++ % met.size()]);
}
BENCHMARK(UserClustersLearn)->Arg(4)->Arg(16)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond);

// A list more of a diversity weight of five, in so many segments; and what a version draws for all of them.
std::unique_ptr<learner::WeightTrainer> weight_bandit(std::size_t segments, std::vector<pb::Outcome>& log) {
  auto trainer = *learner::make_weight_trainer({.kind = "bandit"});
  log = outcomes(2 * segments);
  for (std::size_t i = 0; i < log.size(); ++i) {
    log[i].set_segment("segment " + std::to_string(i % segments));
    for (const double weight : learner::WeightOptions().grid) {
      log[i].mutable_learned_weight()->add_weights(weight);
      log[i].mutable_learned_weight()->add_probabilities(.2);
      log[i].mutable_learned_weight()->add_log_slates(-static_cast<double>(i % 7) * weight);
    }
    trainer->learn(log[i]);
  }
  return trainer;
}

void WeightBanditLearnOutcome(benchmark::State& state) {
  std::vector<pb::Outcome> log;
  const auto trainer = weight_bandit(100, log);
  std::size_t i = 0;
  for (auto _ : state) trainer->learn(log[i++ % log.size()]);
}
BENCHMARK(WeightBanditLearnOutcome)->Unit(benchmark::kMicrosecond);
void WeightBanditVersion(benchmark::State& state) {
  std::vector<pb::Outcome> log;
  const auto trainer = weight_bandit(static_cast<std::size_t>(state.range(0)), log);
  for (auto _ : state) benchmark::DoNotOptimize(trainer->weights());
}
BENCHMARK(WeightBanditVersion)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

// One slot among 200 candidates, by what explorers are given.
void ExploreSlot200(benchmark::State& state) {
  const auto kinds = serving::explorer_kinds();
  const std::string_view kind = kinds[static_cast<std::size_t>(state.range(0))];
  state.SetLabel(std::string(kind));
  Rng rng(1);
  std::vector<float> utility(kCandidates), widths(kCandidates), bonus(kCandidates), draws(kCandidates * 32);
  std::vector<ItemKey> keys;
  std::vector<std::uint32_t> allowed;
  for (std::uint32_t i = 0; i < kCandidates; ++i) {
    utility[i] = static_cast<float>(.2 * rng.uniform());
    widths[i] = static_cast<float>(.1 * rng.uniform());
    for (std::size_t s = 0; s < 32; ++s) draws[i * 32 + s] = utility[i] + static_cast<float>(.05 * rng.normal());
    keys.emplace_back(i);
    allowed.push_back(i);
  }
  const auto explorer = serving::make_explorer(kind);
  serving::Distribution distribution;
  for (auto _ : state) {
    explorer->distribute({}, {utility, keys, allowed, {}, 1000, draws, bonus, widths}, distribution);
    benchmark::DoNotOptimize(distribution.best);
  }
}
BENCHMARK(ExploreSlot200)->DenseRange(0, 7)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace riffle::bench
