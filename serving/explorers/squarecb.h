// SquareCB (Foster & Rakhlin 2020; FORMULAS 1.1) over the m best of what is allowed, mixed with ε uniform over everything
// allowed:
//   p_a = 1 / (m + γ·(u_best − u_a)) for the m − 1 others, the rest to the best;  γ = gamma_scale · min(t, cap)^gamma_exponent
//   p = (1 − ε)·p + ε / |allowed|
// t = slots that the policy's version has learned from. The m keep exploration affordable with hundreds of candidates; the ε
// keeps every item's propensity above 0, so that any policy can be evaluated from the log.
#pragma once

#include "serving/explorers/explorer.h"
#include "serving/explorers/top.h"

namespace riffle::serving {

class SquareCb final : public Explorer {
 public:
  void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) override;

 private:
  TopSelector top_;
};

}  // namespace riffle::serving
