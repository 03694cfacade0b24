// What deep Q-learning costs: rows (slots) learned a second on one core at batch 256, with everything that a step takes (drawing,
// filling, the network, priorities); the scores of a list's candidates; a version.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "features/feature_vector.h"
#include "learner/neural_linear/neural_linear.h"
#include "learner/q_learning/dqn.h"
#include "learner/q_learning/q_scorer.h"
#include "learner/q_learning/slate_scorer.h"
#include "learner/q_learning/slateq.h"

namespace riffle::bench {
namespace {

constexpr std::size_t kCandidates = 200;

void add_features(google::protobuf::RepeatedField<float>& features, Rng& rng) {
  for (std::size_t f = 0; f < features::kFeatureCount; ++f) features.Add(static_cast<float>(2 * rng.uniform() - 1));
}

// Revision 0 of a user's lists, a hundred a user, each with 16 sampled candidates.
pb::Outcome outcome(std::size_t i, std::size_t slots, Rng& rng) {
  pb::Outcome made;
  made.set_recommendation_id("r" + std::to_string(i));
  made.set_user_id("u" + std::to_string(i / 100));
  made.set_ordinal(i % 100);
  made.set_decision_ms(1'760'000'000'000 + static_cast<std::int64_t>(i) * 100);
  made.set_time_ms(made.decision_ms());
  made.set_feature_fingerprint(features::feature_fingerprint());
  for (std::size_t k = 0; k < slots; ++k) {
    auto& slot = *made.add_slots();
    slot.set_reward(rng.below(10) == 0 ? 1 : 0);
    slot.set_exposed(true);
    slot.set_newly_exposed(true);
    add_features(*slot.mutable_features(), rng);
  }
  for (std::size_t c = 0; c < 16; ++c) add_features(*made.add_candidates()->mutable_features(), rng);
  return made;
}

// A full buffer, steps one after the other; what is counted are their rows.
void DqnTrain(benchmark::State& state, double discount, bool duelling, std::size_t slots) {
  learner::DqnOptions options;
  options.discount = discount;
  options.duelling = duelling;
  options.replay_decisions = 4096;
  const auto module = learner::load_network_module("");
  if (!module.ok()) return state.SkipWithError(module.status().ToString().c_str());
  auto network = learner::make_network(**module, learner::settings_of(options), "cpu");
  if (!network.ok()) return state.SkipWithError(network.status().ToString().c_str());
  learner::Replay replay(options);
  Rng rng(1);
  for (std::size_t i = 0; i < options.replay_decisions; ++i) replay.take(outcome(i, slots, rng), {});
  std::vector<learner::Replay::Drawn> drawn;
  learner::StepBatch batch;
  std::vector<float> errors;
  std::uint64_t step = 0, rows = 0;
  for (auto _ : state) {
    replay.draw(options.batch, ++step, rng, drawn);
    batch.fill(replay.buffer(), drawn, options);
    errors.resize(batch.rows());
    benchmark::DoNotOptimize((*network)->step(batch.view(), errors));
    for (std::size_t row = 0; row < errors.size(); ++row)
      replay.set_priority(drawn[static_cast<std::size_t>(batch.row_decision()[row])].place, std::abs(errors[row]));
    rows += batch.rows();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows));
}
BENCHMARK_CAPTURE(DqnTrain, reward_alone_plain, 0, false, 10)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(DqnTrain, reward_alone_duelling, 0, true, 10)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(DqnTrain, double_q_plain_lists_of_ten, .9, false, 10)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(DqnTrain, double_q_duelling_lists_of_ten, .9, true, 10)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(DqnTrain, double_q_plain_lists_of_one, .9, false, 1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(DqnTrain, double_q_duelling_lists_of_one, .9, true, 1)->Unit(benchmark::kMicrosecond);

// What is counted are the slots of the lists that were replayed: each teaches the choice.
void SlateTrain(benchmark::State& state, learner::SlateTarget target, double discount) {
  learner::SlateQOptions options;
  options.discount = discount;
  options.target = target;
  options.replay_decisions = 4096;
  const auto module = learner::load_network_module("");
  if (!module.ok()) return state.SkipWithError(module.status().ToString().c_str());
  auto network = learner::make_network(**module, learner::settings_of(options), "cpu");
  if (!network.ok()) return state.SkipWithError(network.status().ToString().c_str());
  learner::Replay replay(options);
  Rng rng(1);
  constexpr std::size_t kSlots = 10;
  for (std::size_t i = 0; i < options.replay_decisions; ++i) replay.take(outcome(i, kSlots, rng), {});
  std::vector<learner::Replay::Drawn> drawn;
  learner::SlateBatch batch;
  std::vector<float> errors;
  std::uint64_t step = 0, slots = 0;
  for (auto _ : state) {
    replay.draw(options.batch, ++step, rng, drawn);
    batch.fill(replay.buffer(), drawn, options);
    errors.resize(batch.rows());
    benchmark::DoNotOptimize((*network)->step(batch.view(), errors));
    for (std::size_t row = 0; row < errors.size(); ++row)
      replay.set_priority(drawn[static_cast<std::size_t>(batch.row_decision()[row])].place, std::abs(errors[row]));
    slots += drawn.size() * kSlots;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(slots));
}
BENCHMARK_CAPTURE(SlateTrain, reward_alone, learner::SlateTarget::kSarsa, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(SlateTrain, sarsa, learner::SlateTarget::kSarsa, .9)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(SlateTrain, double_q_top_k, learner::SlateTarget::kTopK, .9)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(SlateTrain, double_q_greedy, learner::SlateTarget::kGreedy, .9)->Unit(benchmark::kMicrosecond);

void SlateScore200(benchmark::State& state, learner::SlateOrder order) {
  const learner::network::SlateShape shape = learner::settings_of(learner::SlateQOptions()).shape;
  Rng rng(1);
  std::vector<float> parameters(shape.parameters());
  for (float& x : parameters) x = static_cast<float>(.1 * rng.normal());
  const learner::SlateScorer scorer(shape, parameters, order);
  std::vector<float> features(kCandidates * features::kFeatureCount), given(kCandidates), scores(kCandidates);
  for (float& x : features) x = static_cast<float>(rng.uniform());
  const std::vector<CategoryKey> categories(kCandidates);
  for (auto _ : state) {
    scorer.score({features, categories, given, "active|-"}, scores);
    benchmark::DoNotOptimize(scores.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(SlateScore200, top_k, learner::SlateOrder::kTopK)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(SlateScore200, greedy, learner::SlateOrder::kGreedy)->Unit(benchmark::kMicrosecond);

void DqnScore200(benchmark::State& state) {
  const learner::DqnOptions options;
  const learner::network::Shape shape = learner::settings_of(options).shape;
  Rng rng(1);
  std::vector<float> parameters(shape.parameters());
  for (float& x : parameters) x = static_cast<float>(.1 * rng.normal());
  const learner::QScorer scorer(shape, parameters, true);
  std::vector<float> features(kCandidates * features::kFeatureCount), given(kCandidates), scores(kCandidates);
  for (float& x : features) x = static_cast<float>(rng.uniform());
  const std::vector<CategoryKey> categories(kCandidates);
  for (auto _ : state) {
    scorer.score({features, categories, given, "active|-"}, scores);
    benchmark::DoNotOptimize(scores.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(DqnScore200)->Unit(benchmark::kMicrosecond);

// The whole of what the learner does with a revision: the head, a step every 128 slots, and what a rebuild takes of it. What is
// counted are slots, each of which a step learns from `replays` times.
void NeuralLinearLearn(benchmark::State& state) {
  const learner::NeuralLinearOptions options;
  auto made = learner::make_neural_linear_trainer(options, {});
  if (!made.ok()) return state.SkipWithError(made.status().ToString().c_str());
  Rng rng(1);
  constexpr std::size_t kLog = 4096, kSlots = 10;
  std::vector<pb::Outcome> log;
  for (std::size_t i = 0; i < kLog; ++i) log.push_back(outcome(i, kSlots, rng));
  std::size_t next = 0;
  const auto learn = [&] {
    pb::Outcome& one = log[next % kLog];
    one.set_recommendation_id("r" + std::to_string(next++));
    (*made)->learn(one);
  };
  while (next < options.replay_decisions) learn();
  for (auto _ : state) learn();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kSlots));
}
BENCHMARK(NeuralLinearLearn)->Unit(benchmark::kMicrosecond)->Iterations(20000);

// A head that has learned a little, on a network of drawn numbers. `what`: 0 scores, 1 draws, 2 widths, the latter two as serving asks
// for them: after the scores.
void NeuralLinearScore200(benchmark::State& state, int what) {
  const learner::NeuralLinearOptions options;
  const learner::network::Shape shape = learner::settings_of(options).shape;
  Rng rng(1);
  std::vector<float> parameters(shape.parameters());
  for (float& x : parameters) x = static_cast<float>(.1 * rng.normal());
  const auto pass = std::make_shared<const learner::ForwardPass>(shape, parameters);
  std::vector<float> features(kCandidates * features::kFeatureCount), scores(kCandidates), z(kCandidates * 65);
  for (float& x : features) x = static_cast<float>(rng.uniform());
  represent(*pass, features, features::kFeatureCount, z);
  learner::NeuralHead head(65);
  for (std::size_t i = 0; i < kCandidates; ++i) head.add_slot(z.data() + i * 65);
  const learner::NeuralLinearScorer scorer(pass, *head.solve(options, 1));
  const std::vector<CategoryKey> categories(kCandidates);
  std::vector<float> draws(kCandidates * scorer.draw_count());
  for (auto _ : state) {
    features[0] = features[0] > 0 ? 0.0F : .5F;  // another request
    const learner::ScoringBatch batch{features, categories, {}, "active|-"};
    scorer.score(batch, scores);
    if (what == 1) scorer.score_draws(batch, draws);
    if (what == 2) scorer.score_widths(batch, scores);
    benchmark::DoNotOptimize(scores.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(NeuralLinearScore200, scores, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(NeuralLinearScore200, scores_and_draws, 1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(NeuralLinearScore200, scores_and_widths, 2)->Unit(benchmark::kMicrosecond);

// A full buffer of lists of ten: what a version costs the learner, and a server that adopts it.
void DqnVersion(benchmark::State& state) {
  const learner::DqnOptions options;
  auto made = learner::make_dqn_trainer(options, {});
  if (!made.ok()) return state.SkipWithError(made.status().ToString().c_str());
  Rng rng(1);
  for (std::size_t i = 0; i < options.replay_decisions; ++i) (*made)->learn(outcome(i, 1, rng));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string saved = (*made)->save();
    benchmark::DoNotOptimize(learner::q_scorer(saved));
    bytes = saved.size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(DqnVersion)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace riffle::bench
