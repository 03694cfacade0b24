#include "evaluation/logging_marginals.h"

#include <cmath>

namespace riffle::evaluation {
namespace {

// Probabilities are made of floats; another machine's may round otherwise.
constexpr double kRounding = 1e-5;

}  // namespace

bool LoggingMarginals::makes_again(const serving::SlateInput& input, const LoggedRound& round) {
  std::size_t slot = 0;
  bool same = true;
  builder_.walk(input, [&](const serving::Distribution& distribution, std::span<const std::uint32_t> allowed) {
    const double made = probability_among(distribution, allowed, chosen_[slot]), logged = round.slots[slot].propensity;
    same &= std::abs(made - logged) <= kRounding * logged;
    return chosen_[slot++];
  });
  return same;
}

Unanswerable LoggingMarginals::find(const LoggedRound& round, const SlateDraws& draws, SlateMarginals& out) {
  if (round.outcome == nullptr) {
    out = {};
    for (const LoggedSlot& slot : round.slots) {
      if (!(slot.marginal > 0 && slot.marginal <= 1)) return "a line has no marginal_propensity in (0, 1]";
      out.slots.push_back({.probability = slot.marginal});
    }
    return {};
  }
  if (const Unanswerable why = choice_.read(*round.outcome); !why.empty()) return why;
  if (const Unanswerable why = find_chosen(*round.outcome, chosen_); !why.empty()) return why;
  if (!makes_again(choice_.input(), round)) return "a list's logged propensities are not those that its logged choice makes";
  sampler_.sample(choice_.input(), chosen_, {round}, draws, out, true);
  return {};
}

}  // namespace riffle::evaluation
