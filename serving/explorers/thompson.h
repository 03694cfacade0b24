// Thompson sampling by the draws that a policy's version ships (DESIGN §6): one of S equally likely draws is picked and its
// best item shown, so
//   p_a = (draws whose best is a) / S;  p = (1 − ε)·p + ε / |allowed|
// is exact: the draw itself is never made. ε keeps items above 0 that no draw likes. Draws are compared as they are, in
// reward units over the ceiling and not clipped: clipping would make all hopeful ones alike. Equal ones go to the smaller
// key. A scorer without draws (nothing learned yet, or none of that kind) makes it ε-greedy.
#pragma once

#include "serving/explorers/explorer.h"

namespace riffle::serving {

class Thompson final : public Explorer {
 public:
  void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) override;
  ExplorerNeeds needs() const override { return {.draws = true}; }

 private:
  std::vector<float> best_value_;        // of each draw
  std::vector<std::uint32_t> best_;
};

}  // namespace riffle::serving
