// The simulator's own speed, without a bus and without a Riffle: lists that users look at, a second on one core. A step is the
// draw of a list of ten, the choice from it, what it does to the user, and his place in the queue of events.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "simulation/world.h"

namespace riffle::bench {
namespace {

void SimulationStep(benchmark::State& state) {
  simulation::WorldOptions options;
  options.users = static_cast<std::size_t>(state.range(0));
  std::uint64_t steps = 0;
  Rng rng(1);
  std::vector<std::uint32_t> list;
  for (auto _ : state) {
    state.PauseTiming();
    simulation::World world(options, from_ms(1'767'571'200'000));
    ++options.seed;
    state.ResumeTiming();
    while (const auto due = world.next()) {
      if (due->kind != simulation::World::Kind::kVisit) continue;
      list.clear();
      while (list.size() < options.list_length) {
        const std::uint32_t item = world.available()[rng.below(world.available().size())];
        if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
      }
      benchmark::DoNotOptimize(world.answer(due->user, list));
      ++steps;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(steps));
}
BENCHMARK(SimulationStep)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace riffle::bench
