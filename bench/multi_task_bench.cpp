// What `multi_task` costs: rows (slots) learned a second on one core at batch 256, with everything that a step takes; the scores of
// a list's candidates. And what heads are worth: how far their sum is from what items earn in truth, and what is earned by the best
// of ten, against one head of a network as large that learns the sum (`dqn` without a future).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "learner/multi_task/multi_task.h"
#include "learner/multi_task/tasks.h"
#include "learner/q_learning/dqn.h"

namespace riffle::bench {
namespace {

using learner::testing::Shop;

constexpr std::size_t kCandidates = 200;

learner::MultiTaskOptions every_head() {
  learner::MultiTaskOptions options;
  options.rewards = {1, 5, .5, .5, 1};
  return options;
}

void MultiTaskTrain(benchmark::State& state) {
  learner::MultiTaskOptions options = every_head();
  options.replay_decisions = 4096;
  options.replays = static_cast<double>(options.batch);  // a step a slot, so that next to nothing else is measured
  auto made = learner::make_multi_task_trainer(options, {});
  if (!made.ok()) return state.SkipWithError(made.status().ToString().c_str());
  auto& trainer = static_cast<learner::MultiTaskTrainer&>(**made);
  Rng rng(1);
  const Shop shop;
  std::size_t number = 0;
  const auto learn = [&] {
    for (const pb::Outcome& revision : shop.story(rng, number++, 10)) trainer.learn(revision);
  };
  while (trainer.steps() == 0) learn();
  const std::uint64_t before = trainer.steps();
  for (auto _ : state) learn();
  state.SetItemsProcessed(static_cast<std::int64_t>((trainer.steps() - before) * options.batch));
}
BENCHMARK(MultiTaskTrain)->Unit(benchmark::kMicrosecond);

void MultiTaskScore200(benchmark::State& state, const learner::MultiTaskOptions& options) {
  const learner::network::MultiTaskShape shape = learner::settings_of(options).shape;
  Rng rng(1);
  std::vector<float> parameters(shape.parameters());
  for (float& x : parameters) x = static_cast<float>(.1 * rng.normal());
  const learner::MultiTaskScorer scorer(std::make_shared<const learner::MultiTaskPass>(shape, parameters),
                                        learner::factors_of(options));
  std::vector<float> features(kCandidates * features::kFeatureCount), scores(kCandidates);
  for (float& x : features) x = static_cast<float>(rng.uniform());
  const std::vector<CategoryKey> categories(kCandidates);
  for (auto _ : state) {
    scorer.score({features, categories, {}, "active|-"}, scores);
    benchmark::DoNotOptimize(scores.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(MultiTaskScore200, three_heads, learner::MultiTaskOptions())->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(MultiTaskScore200, five_heads, every_head())->Unit(benchmark::kMicrosecond);

// The argument: lists learned, of four slots each. Counters: the mean squared error of what is expected to be earned, over that of
// the mean; and the share of what the best of ten earns in truth that the best by the score does.
void MultiTaskWorth(benchmark::State& state, bool heads, double purchase_reward) {
  const Shop shop{.purchase_reward = purchase_reward};
  constexpr std::size_t kAsked = 20000, kTen = 10;
  constexpr std::uint64_t kSeeds = 5;
  double error = 0, spread = 0, earned = 0, best = 0;
  for (auto _ : state) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      learner::MultiTaskOptions options;
      options.rewards = {.click = 1, .purchase = purchase_reward, .other = 1};
      options.replays = 4;
      options.reward_limit = 100;
      options.huber = 100;  // rewards are rare and large: nothing of them is to count less
      options.seed = seed;
      learner::DqnOptions flat = learner::plain_dqn(options);
      flat.hidden_2 = 64;
      auto made = heads ? learner::make_multi_task_trainer(options, {}) : learner::make_dqn_trainer(flat, {});
      if (!made.ok()) return state.SkipWithError(made.status().ToString().c_str());
      Rng rng(seed);
      for (std::int64_t i = 0; i < state.range(0); ++i)
        for (const pb::Outcome& revision : shop.story(rng, static_cast<std::size_t>(i), 4)) (*made)->learn(revision);
      std::vector<float> rows, said(kAsked);
      std::vector<double> truth;
      for (std::size_t i = 0; i < kAsked; ++i) {
        const auto x = Shop::item(rng);
        rows.insert(rows.end(), x.begin(), x.end());
        truth.push_back(shop.reward(x.data()));
      }
      const std::vector<CategoryKey> categories(kAsked);
      (*made)->scorer()->score({rows, categories, {}, "s"}, said);
      double mean = 0;
      for (const double r : truth) mean += r / kAsked;
      for (std::size_t i = 0; i < kAsked; ++i) {
        error += std::pow(said[i] - truth[i], 2);
        spread += std::pow(mean - truth[i], 2);
      }
      for (std::size_t i = 0; i < kAsked; i += kTen) {
        const auto first = said.begin() + static_cast<std::ptrdiff_t>(i);
        earned += truth[static_cast<std::size_t>(std::max_element(first, first + kTen) - said.begin())];
        const auto of_truth = truth.begin() + static_cast<std::ptrdiff_t>(i);
        best += *std::max_element(of_truth, of_truth + kTen);
      }
    }
  }
  state.counters["error"] = error / spread;
  state.counters["earned"] = earned / best;
}
void lists(benchmark::internal::Benchmark* each) {
  each->Arg(1000)->Arg(4000)->Arg(16000)->Iterations(1)->Unit(benchmark::kSecond);
}
BENCHMARK_CAPTURE(MultiTaskWorth, heads_purchase_5, true, 5)->Apply(lists);
BENCHMARK_CAPTURE(MultiTaskWorth, one_head_purchase_5, false, 5)->Apply(lists);
BENCHMARK_CAPTURE(MultiTaskWorth, heads_purchase_20, true, 20)->Apply(lists);
BENCHMARK_CAPTURE(MultiTaskWorth, one_head_purchase_20, false, 20)->Apply(lists);

}  // namespace
}  // namespace riffle::bench
