// The item of highest utility, always.
#pragma once

#include "serving/explorers/explorer.h"

namespace riffle::serving {

class Greedy final : public Explorer {
 public:
  void distribute(const ExplorerOptions&, const SlotChoices& choices, Distribution& out) override {
    out.clear(best_of(choices));
    out.peaks.emplace_back(out.best, 1.0);
  }
};

}  // namespace riffle::serving
