// Optimism: the item whose reward could be highest by what is known, always, but for ε uniform over everything allowed.
//   regcb  u_a + √(c₀·ln(K·t))·width_a: RegCB-opt (Foster et al. 2018), the largest value that a regression may give with
//          an excess squared loss of at most c₀·ln(K·t), in units of the reward ceiling; exact for a ridge regression
//          (there it is LinUCB, Li et al. 2010); K = items allowed
//   ucb1   u_a + √(2·ln t)·width_a: UCB1 (Auer et al. 2002), where width = 1/√n
// t = slots that the policy's version has learned from. A scorer without widths makes them ε-greedy.
#pragma once

#include "serving/explorers/explorer.h"

namespace riffle::serving {

class RegCb final : public Explorer {
 public:
  void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) override;
  ExplorerNeeds needs() const override { return {.widths = true}; }

 private:
  std::vector<float> optimistic_;
};

class Ucb1 final : public Explorer {
 public:
  void distribute(const ExplorerOptions& options, const SlotChoices& choices, Distribution& out) override;
  ExplorerNeeds needs() const override { return {.widths = true}; }

 private:
  std::vector<float> optimistic_;
};

}  // namespace riffle::serving
