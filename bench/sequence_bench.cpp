// The encoders of users' interactions: a user's vector made anew, what that is asked of every item, and what an interaction costs the
// learner.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "learner/sequence/sequence_trainer.h"

namespace riffle::bench {
namespace {

using Shape = learner::network::SequenceShape;

constexpr std::int64_t kStartMs = 1'760'000'000'000;
constexpr std::uint64_t kItems = 3000;

learner::SequenceEntry interaction(Rng& rng, std::int64_t i) {
  const std::uint64_t item = 1 + rng.below(kItems);
  return {ItemKey(item), CategoryKey(1 + item % 50), kStartMs + 1000 * i, records::InteractionType::kPurchase};
}

// 50 interactions of a user: tokens, rows, layers, state.
void SequenceEncode(benchmark::State& state, Shape::Kind kind) {
  const learner::SequenceOptions options;
  learner::SequenceTables tables(options);
  Rng rng(1);
  std::vector<learner::SequenceEntry> history;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(options.length); ++i) {
    history.push_back(interaction(rng, i));
    for (std::size_t seen = 0; seen < options.admit_after; ++seen)
      tables.see(history.back().item, history.back().category, history.back().time_ms);
  }
  const Shape shape = learner::settings_of(kind, options).shape;
  std::vector<float> numbers(shape.parameters()), made(options.width);
  for (float& x : numbers) x = static_cast<float>(.1 * rng.normal());
  learner::SequenceEncoder encoder(shape, numbers);
  for (auto _ : state) {
    encoder.encode(history, kStartMs + 60'000, tables, made);
    benchmark::DoNotOptimize(made.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(SequenceEncode, mean, Shape::kMean)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(SequenceEncode, gru, Shape::kGru)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(SequenceEncode, attention, Shape::kAttention)->Unit(benchmark::kMicrosecond);

// A user's state against so many items.
void SequenceScan(benchmark::State& state) {
  const learner::SequenceOptions options;
  const auto items = static_cast<std::size_t>(state.range(0));
  Rng rng(1);
  std::vector<float> rows(items * options.width), user(options.width), scores(items);
  for (std::vector<float>* all : {&rows, &user})
    for (float& x : *all) x = static_cast<float>(.1 * rng.normal());
  for (auto _ : state) {
    learner::score_rows(rows, user, scores);
    benchmark::DoNotOptimize(scores.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(SequenceScan)->Arg(4'000)->Arg(20'000)->Arg(65'536)->Unit(benchmark::kMicrosecond);

// Baskets of twenty of 500 users who take turns; what is counted are interactions.
void SequenceLearn(benchmark::State& state, Shape::Kind kind) {
  const learner::SequenceOptions options;
  auto trainer = learner::make_sequence_trainer(kind, options, {});
  if (!trainer.ok()) return state.SkipWithError(trainer.status().ToString().c_str());
  Rng rng(1);
  std::int64_t next = 0;
  const auto take = [&] {
    (*trainer)->take(static_cast<std::uint64_t>(next / 20 % 500), interaction(rng, next), true);
    ++next;
  };
  while (next < 20'000) take();
  for (auto _ : state)
    for (std::size_t i = 0; i < options.step_every; ++i) take();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * options.step_every));
}
BENCHMARK_CAPTURE(SequenceLearn, mean, Shape::kMean)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SequenceLearn, gru, Shape::kGru)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SequenceLearn, attention, Shape::kAttention)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace riffle::bench
