// What a list costs, part by part: 200 candidates, 10 slots.
#include <benchmark/benchmark.h>

#include <numeric>
#include <span>

#include "base/hash.h"
#include "bench/world.h"
#include "features/feature_vector.h"
#include "serving/gatherer.h"
#include "serving/slate.h"

namespace riffle::bench {
namespace {

constexpr std::size_t kCandidates = 200;
constexpr std::size_t kSlots = 10;

records::Request request_of(const std::string& user) {
  records::Request request;
  request.request_id = RequestId("r1");
  request.user_id = UserId(user);
  request.surface = "home";
  request.n = static_cast<std::int32_t>(kSlots);
  return request;
}

void MakeUserContext(benchmark::State& state) {
  World& world = World::shared();
  std::size_t i = 0;
  for (auto _ : state) {
    const auto context =
        features::make_user_context(world.users.find(world.user(i++)), *world.catalogue, world.now(), world.rows);
    benchmark::DoNotOptimize(context.activity);
  }
}
BENCHMARK(MakeUserContext);

void Gather(benchmark::State& state) {
  World& world = World::shared();
  serving::Gatherer gatherer(serving::ServingOptions(), world.rows);
  std::size_t i = 0, candidates = 0;
  for (auto _ : state) {
    const std::string& user = world.user(i++);
    const serving::ServingContext context = world.context(user);
    const auto about = features::make_user_context(context.user, *world.catalogue, world.now(), world.rows);
    candidates += gatherer.gather(request_of(user), context, about, kSlots).size();
  }
  state.counters["candidates"] = static_cast<double>(candidates) / static_cast<double>(i);
}
BENCHMARK(Gather)->Unit(benchmark::kMicrosecond);

// The numbers of an item over all shards: this one's row and the parts of three others.
void ItemSumsNow(benchmark::State& state) {
  World& world = World::shared();
  const auto faded = features::stats_fading(world.stats.get(), world.now(), world.rows);
  std::size_t i = 0;
  for (auto _ : state) {
    const ItemKey key = key_of(world.events()[i++ % world.events().size()].item_id);
    const auto signals = features::sums_now(world.items.find(features::item_row_key(key)), world.stats->items.find(key),
                                                Partition(0), world.now(), faded, world.rows);
    benchmark::DoNotOptimize(signals.popularity);
  }
}
BENCHMARK(ItemSumsNow);

void ComputeFeatures200(benchmark::State& state) {
  World& world = World::shared();
  const auto user = features::make_user_context(world.users.find(world.user(0)), *world.catalogue, world.now(), world.rows);
  const auto faded = features::stats_fading(world.stats.get(), world.now(), world.rows);
  std::vector<features::ItemSums> signals;
  std::vector<const features::CatalogueItem*> entries;
  std::vector<ItemKey> keys;
  for (std::size_t i = 0; signals.size() < kCandidates; ++i) {
    const ItemKey key = key_of(world.events()[i].item_id);
    signals.push_back(features::sums_now(world.items.find(features::item_row_key(key)), world.stats->items.find(key),
                                             Partition(0), world.now(), faded, world.rows));
    entries.push_back(world.catalogue->items.find(key));
    keys.push_back(key);
  }
  std::vector<features::FeatureColumns::Candidate> candidates;
  for (std::size_t i = 0; i < kCandidates; ++i)
    candidates.push_back({keys[i], {&signals[i], &features::kNotFaded}, entries[i], {.together = .1F, .next = .2F}});
  std::vector<float> out(kCandidates * features::kFeatureCount);
  features::FeatureColumns columns;
  for (auto _ : state) {
    columns.compute(user, candidates, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(ComputeFeatures200)->Unit(benchmark::kMicrosecond);

// Explorer and diversifier over 200 candidates with scores of their own.
void fill_slate(benchmark::State& state, const std::string& explorer, const std::string& diversifier, std::size_t weights = 0) {
  World& world = World::shared();
  Rng rng(1);
  std::vector<ItemKey> keys;
  std::vector<float> scores;
  std::vector<const features::KernelVector*> kernels;
  std::vector<std::span<const CategoryKey>> paths;
  const app::bench::WorkloadOptions workload;
  for (std::size_t i = 0; i < kCandidates; ++i) {
    const ItemKey key = item_key("i" + std::to_string(rng.below(workload.items)));
    const features::CatalogueItem* item = world.catalogue->items.find(key);
    keys.push_back(key);
    scores.push_back(static_cast<float>(.2 * rng.uniform()));
    kernels.push_back(&item->kernel);
    paths.push_back(item->path);
  }
  serving::PolicyOptions policy;
  policy.explorer.kind = explorer;
  policy.diversifier.kind = diversifier;
  serving::SlateInput input;
  input.keys = keys;
  input.scores = scores;
  input.kernels = kernels;
  input.category_paths = paths;
  input.policy = &policy;
  input.slots = kSlots;
  input.diversity = policy.diversifier.weight;
  input.slots_learned = 10'000;
  std::vector<serving::CategoryShare> tastes;  // of a user of a dozen categories
  for (std::size_t i = 0; i < 12; ++i) tastes.push_back({.category = paths[i * 7].back(), .share = .06F});
  input.tastes = tastes;
  std::vector<learner::WeightArm> arms;  // one of so many weights is drawn
  for (std::size_t i = 0; i < weights; ++i)
    arms.push_back({.1 * static_cast<double>(i), 1 / static_cast<double>(weights)});
  input.arms = arms;
  serving::SlateBuilder builder;
  for (auto _ : state) benchmark::DoNotOptimize(builder.fill(input, rng).propensity);
}
void SlateGreedyNone(benchmark::State& state) { fill_slate(state, "greedy", "none"); }
BENCHMARK(SlateGreedyNone)->Unit(benchmark::kMicrosecond);
void SlateGreedyDpp(benchmark::State& state) { fill_slate(state, "greedy", "dpp"); }
BENCHMARK(SlateGreedyDpp)->Unit(benchmark::kMicrosecond);
void SlateGreedyMmr(benchmark::State& state) { fill_slate(state, "greedy", "mmr"); }
BENCHMARK(SlateGreedyMmr)->Unit(benchmark::kMicrosecond);
void SlateGreedySsd(benchmark::State& state) { fill_slate(state, "greedy", "ssd"); }
BENCHMARK(SlateGreedySsd)->Unit(benchmark::kMicrosecond);
void SlateGreedyCalibration(benchmark::State& state) { fill_slate(state, "greedy", "calibration"); }
BENCHMARK(SlateGreedyCalibration)->Unit(benchmark::kMicrosecond);
void SlateSquareCbNone(benchmark::State& state) { fill_slate(state, "squarecb", "none"); }
BENCHMARK(SlateSquareCbNone)->Unit(benchmark::kMicrosecond);
void SlateSquareCbDpp(benchmark::State& state) { fill_slate(state, "squarecb", "dpp"); }
BENCHMARK(SlateSquareCbDpp)->Unit(benchmark::kMicrosecond);
void SlateSquareCbDppOfWeights(benchmark::State& state) {
  fill_slate(state, "squarecb", "dpp", static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(SlateSquareCbDppOfWeights)->Arg(1)->Arg(5)->Arg(16)->Unit(benchmark::kMicrosecond);
void SlateGreedyDppOfWeights(benchmark::State& state) {
  fill_slate(state, "greedy", "dpp", static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(SlateGreedyDppOfWeights)->Arg(1)->Arg(5)->Arg(16)->Unit(benchmark::kMicrosecond);

// All of it, for users as they ask: gather, features, scores, slate, reasons, the decision and the bytes of its list.
void Recommend(benchmark::State& state) {
  World& world = World::shared();
  Metrics metrics;
  serving::Recommender recommender(serving::ServingOptions(), world.rows, metrics);
  Rng rng(1);
  std::size_t i = 0, bytes = 0;
  for (auto _ : state) {
    const std::string& user = world.user(i++);
    const pb::Decision& decision =
        recommender.recommend(request_of(user), world.context(user), rng, [] { return 1.0; });
    bytes += decision.list().size();
  }
  state.counters["list_bytes"] = static_cast<double>(bytes) / static_cast<double>(i);
}
BENCHMARK(Recommend)->Unit(benchmark::kMicrosecond);
// The same lists every time, for counting instructions.
BENCHMARK(Recommend)->Name("RecommendCounted")->Iterations(500)->Unit(benchmark::kMicrosecond);

// The same with a diversity weight that is drawn of five.
void RecommendOfWeights(benchmark::State& state) {
  World& world = World::shared();
  Metrics metrics;
  serving::Recommender recommender(serving::ServingOptions(), world.rows, metrics);
  Rng rng(1);
  const serving::PolicyOptions policy = world.policy;
  world.policy.diversifier.adapt.kind = "bandit";
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& user = world.user(i++);
    benchmark::DoNotOptimize(
        recommender.recommend(request_of(user), world.context(user), rng, [] { return 1.0; }).slate_propensity());
  }
  world.policy = policy;
}
BENCHMARK(RecommendOfWeights)->Unit(benchmark::kMicrosecond);

// The same, where the request brings the candidates, so many of the catalogue's items; the second number is the policy's shortlist.
void RecommendAmong(benchmark::State& state) {
  World& world = World::shared();
  Metrics metrics;
  serving::Recommender recommender(serving::ServingOptions(), world.rows, metrics);
  Rng rng(1);
  const app::bench::WorkloadOptions workload;
  std::vector<std::uint32_t> items(workload.items);
  std::iota(items.begin(), items.end(), 0);
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
  records::Request request = request_of(world.user(0));
  const auto count = static_cast<std::size_t>(state.range(0));
  for (std::size_t i = 0; i < count; ++i) request.candidates.push_back({ItemId("i" + std::to_string(items[i])), {}});
  const serving::PolicyOptions policy = world.policy;
  world.policy.shortlist = static_cast<std::size_t>(state.range(1));
  std::size_t i = 0, bytes = 0;
  for (auto _ : state) {
    request.user_id = UserId(world.user(i++));
    recommender.recommend(request, world.context(request.user_id.str()), rng, [] { return 1.0; });
    bytes += recommender.encoded().size();
  }
  world.policy = policy;
  state.counters["decision_bytes"] = static_cast<double>(bytes) / static_cast<double>(i);
}
BENCHMARK(RecommendAmong)->ArgsProduct({{200, 1000, 5000, 20000}, {0, 500}})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace riffle::bench
