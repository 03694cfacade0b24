#include "evaluation/slate_sampler.h"

#include <algorithm>

namespace riffle::evaluation {
namespace {

// Variance of the mean of n values, by their sum and their squares' sum.
double variance_of_mean(double sum, double squares, double n) {
  if (n < 2) return 0;
  return std::max(0.0, squares - sum * sum / n) / (n * (n - 1));
}

// Σ_a P(a)·q̂(a) over what is allowed.
double expected(const serving::Distribution& distribution, std::span<const std::uint32_t> allowed,
                std::span<const double> q) {
  double sum = 0;
  if (distribution.everywhere > 0) {
    for (const std::uint32_t candidate : allowed) sum += q[candidate];
    sum *= distribution.everywhere;
  }
  for (const auto& [candidate, mass] : distribution.peaks) sum += mass * q[candidate];
  return sum;
}

}  // namespace

double probability_among(const serving::Distribution& distribution, std::span<const std::uint32_t> allowed,
                         std::uint32_t candidate) {
  return std::binary_search(allowed.begin(), allowed.end(), candidate) ? serving::probability(distribution, candidate) : 0;
}

std::string_view find_chosen(const pb::Outcome& outcome, std::vector<std::uint32_t>& chosen) {
  chosen.clear();
  for (const pb::OutcomeSlot& slot : outcome.slots()) {
    const auto at = std::find_if(outcome.candidates().begin(), outcome.candidates().end(),
                                 [&](const pb::CandidateLog& candidate) { return candidate.item_key() == slot.item_key(); });
    if (at == outcome.candidates().end()) return "a slot holds an item that is not among the logged candidates";
    chosen.push_back(static_cast<std::uint32_t>(at - outcome.candidates().begin()));
  }
  return {};
}

void SlateSampler::ask_model(const ModelledRound& modelled, std::size_t slots, std::size_t candidates) {
  q_.clear();
  if (modelled.model == nullptr || !modelled.model->covers(modelled.round)) return;
  q_.reserve(slots * candidates);
  for (std::size_t slot = 0; slot < slots; ++slot)
    for (std::uint32_t candidate = 0; candidate < candidates; ++candidate)
      q_.push_back(modelled.model->action(modelled.round, slot, modelled.fold, candidate));
}

template <class Next>
void SlateSampler::add_list(const serving::SlateInput& input, std::span<const std::uint32_t> chosen, const Next& next) {
  const std::size_t candidates = input.keys.size();
  std::size_t slot = 0;
  double value = 0;
  builder_.walk(input, [&](const serving::Distribution& distribution, std::span<const std::uint32_t> allowed) {
    const double p = probability_among(distribution, allowed, chosen[slot]);
    sum_[slot] += p;
    squares_[slot] += p * p;
    if (!q_.empty()) value += expected(distribution, allowed, std::span(q_).subspan(slot * candidates, candidates));
    return next(slot++, distribution, allowed);
  });
  value_ += value;
  value_squares_ += value * value;
}

void SlateSampler::sample(const serving::SlateInput& input, std::span<const std::uint32_t> chosen,
                          const ModelledRound& modelled, const SlateDraws& draws, SlateMarginals& out, bool with_logged) {
  const std::size_t slots = chosen.size();
  ask_model(modelled, slots, input.keys.size());
  sum_.assign(slots, 0);
  squares_.assign(slots, 0);
  value_ = value_squares_ = 0;
  Rng rng(draws.seed);
  const std::size_t count = slots > 1 ? draws.count : 1;  // the first slot is exact
  for (std::size_t i = 0; i < count; ++i)
    add_list(input, chosen, [&rng](std::size_t, const serving::Distribution& distribution,
                                   std::span<const std::uint32_t> allowed) { return draw(distribution, allowed, rng); });
  if (with_logged)
    add_list(input, chosen, [&](std::size_t slot, const serving::Distribution&, std::span<const std::uint32_t>) {
      return chosen[slot];
    });
  const auto n = static_cast<double>(count + (with_logged ? 1 : 0));
  out.slots.clear();
  for (std::size_t slot = 0; slot < slots; ++slot)
    out.slots.push_back({sum_[slot] / n, variance_of_mean(sum_[slot], squares_[slot], n)});
  out.expected = q_.empty() ? kMissing : value_ / n;
  out.expected_variance = q_.empty() ? 0 : variance_of_mean(value_, value_squares_, n);
}

}  // namespace riffle::evaluation
