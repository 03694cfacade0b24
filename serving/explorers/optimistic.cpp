#include "serving/explorers/optimistic.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {
namespace {

// ε-greedy by u + reach·width; `best` stays the greedy choice by u.
void optimistic(double reach, double epsilon, const SlotChoices& choices, std::vector<float>& values, Distribution& out) {
  out.clear(best_of(choices));
  out.everywhere = epsilon / static_cast<double>(choices.allowed.size());
  std::uint32_t chosen = out.best;
  if (!choices.widths.empty()) {
    values.resize(choices.utility.size());
    for (const std::uint32_t item : choices.allowed)
      values[item] = choices.utility[item] + static_cast<float>(reach) * choices.widths[item];
    SlotChoices hopeful = choices;
    hopeful.utility = values;
    chosen = best_of(hopeful);
  }
  out.peaks.emplace_back(chosen, 1 - epsilon);
}

}  // namespace

void RegCb::distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) {
  const double rounds = std::max(choices.slots_learned, 1.0) * static_cast<double>(choices.allowed.size());
  optimistic(std::sqrt(options.mellowness * std::log(rounds)), options.epsilon, choices, optimistic_, out);
}

void Ucb1::distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) {
  const double rounds = std::max(choices.slots_learned, 1.0);
  optimistic(std::sqrt(2 * std::log(rounds)), options.epsilon, choices, optimistic_, out);
}

}  // namespace riffle::serving
