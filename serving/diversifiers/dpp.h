// Determinantal point process, greedy and incremental (Chen, Zhang & Zhou 2018; FORMULAS 3.1): g is the norm of what is left of
// candidate i's unit vector once the items above are projected out. det S of the list is the product of the squared gains of
// its slots, so a gain is the marginal volume that an item adds. O(N·(d + slots)) a slot.
#pragma once

#include <vector>

#include "serving/diversifiers/diversifier.h"
#include "serving/diversifiers/residuals.h"
#include "serving/diversifiers/similarity.h"

namespace riffle::serving {

class Dpp final : public Diversifier {
 public:
  void reset(const DiversifierInput& input) override;
  void gains(std::span<float> out) const override;
  void add(std::uint32_t candidate) override;

 private:
  SimilarityRows similarity_;
  Residuals residuals_;
  std::vector<float> row_;
};

}  // namespace riffle::serving
