// ε-greedy: 1 − ε on the best item, and ε spread evenly over everything allowed, the best included.
#pragma once

#include "serving/explorers/explorer.h"

namespace riffle::serving {

class Epsilon final : public Explorer {
 public:
  void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) override {
    out.clear(best_of(choices));
    out.everywhere = options.epsilon / static_cast<double>(choices.allowed.size());
    out.peaks.emplace_back(out.best, 1 - options.epsilon);
  }
};

}  // namespace riffle::serving
