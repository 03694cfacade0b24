// Off-policy evaluation from decoded rounds: what is left when reading costs nothing.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/rng.h"
#include "evaluation/models/table_model.h"
#include "evaluation/ope.h"
#include "evaluation/targets/uniform_target.h"

namespace riffle {
namespace {

using namespace evaluation;

// A log of rounds that were decoded before.
class DecodedRounds final : public RoundSource {
 public:
  explicit DecodedRounds(const std::vector<LoggedRound>& rounds, std::size_t times)
      : rounds_(rounds), left_(times) {}
  absl::StatusOr<bool> next(LoggedRound& round) override {
    if (at_ == rounds_.size()) {
      at_ = 0;
      if (--left_ == 0) return false;
    }
    round = rounds_[at_++];
    return true;
  }
  std::vector<ingest::RowCount> counts() const override { return {}; }
  const std::vector<std::string>& problems() const override { return none_; }
  std::optional<double> fraction() const override { return std::nullopt; }

 private:
  const std::vector<LoggedRound>& rounds_;
  std::size_t at_ = 0, left_;
  std::vector<std::string> none_;
};

std::vector<LoggedRound> make_rounds(std::size_t count, std::size_t slots) {
  Rng rng(1);
  std::vector<LoggedRound> rounds(count);
  for (LoggedRound& round : rounds) {
    round.cluster = rng();
    round.actions = 34;
    for (std::uint32_t k = 0; k < slots; ++k)
      round.slots.push_back({.action = static_cast<std::uint32_t>(rng.below(34)),
                             .position = k,
                             .propensity = 0.01 + 0.1 * rng.uniform(),
                             .reward = rng.below(100) == 0 ? 1.0 : 0.0});
  }
  return rounds;
}

void evaluate(benchmark::State& state, std::size_t slots, bool with_model) {
  constexpr std::size_t kRounds = 20000, kTimes = 100;
  const std::vector<LoggedRound> rounds = make_rounds(kRounds, slots);
  for (auto _ : state) {
    UniformTarget target;
    TableModel model(5);
    const auto result = evaluate_off_policy(
        [&] { return std::make_unique<DecodedRounds>(rounds, kTimes); }, target,
        with_model ? &model : nullptr, {});
    benchmark::DoNotOptimize(result->evidence.ess);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRounds * kTimes));
}

void OpeIpsFamily(benchmark::State& state) { evaluate(state, 1, false); }
void OpeSlatesOfThree(benchmark::State& state) { evaluate(state, 3, false); }
void OpeWithATableModelOf34Actions(benchmark::State& state) { evaluate(state, 1, true); }
BENCHMARK(OpeIpsFamily)->Unit(benchmark::kMillisecond);
BENCHMARK(OpeSlatesOfThree)->Unit(benchmark::kMillisecond);
BENCHMARK(OpeWithATableModelOf34Actions)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace riffle
