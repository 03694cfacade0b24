// Boltzmann exploration over the m best of what is allowed, mixed with ε uniform over everything allowed:
//   p_a ∝ exp(u_a / temperature);  p = (1 − ε)·p + ε / |allowed|
// Blind to how much was learned: choose it where the odds shall follow the estimates and stay the same for ever.
#pragma once

#include "serving/explorers/explorer.h"
#include "serving/explorers/top.h"

namespace riffle::serving {

class Softmax final : public Explorer {
 public:
  void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) override;

 private:
  TopSelector top_;
};

}  // namespace riffle::serving
