// ε-greedy: 1 − ε on the best item, and ε spread evenly over everything allowed, the best included. ε wears off with what
// was learned: ε(t) = ε + (ε_start − ε)·2^(−t/half-life), t the slots that the policy's version has learned from.
#pragma once

#include <algorithm>
#include <cmath>

#include "serving/explorers/explorer.h"

namespace riffle::serving {

inline double epsilon_at(const ExplorerOptions& options, double slots_learned) {
  const double more = std::max(0.0, options.epsilon_start - options.epsilon);
  return options.epsilon + more * std::exp2(-std::max(0.0, slots_learned) / options.epsilon_half_life);
}

class Epsilon final : public Explorer {
 public:
  void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) override {
    const double epsilon = epsilon_at(options, choices.slots_learned);
    out.clear(best_of(choices));
    out.everywhere = epsilon / static_cast<double>(choices.allowed.size());
    out.peaks.emplace_back(out.best, 1 - epsilon);
  }
};

}  // namespace riffle::serving
