// Every allowed item alike. What its slots earn is free of any policy's taste: θ_k and challengers are fitted on it.
#pragma once

#include "serving/explorers/explorer.h"

namespace riffle::serving {

class Uniform final : public Explorer {
 public:
  void distribute(const ExplorerOptions&, const SlotChoices& choices, Distribution& out) override {
    out.clear(best_of(choices));
    out.everywhere = 1 / static_cast<double>(choices.allowed.size());
  }
};

}  // namespace riffle::serving
