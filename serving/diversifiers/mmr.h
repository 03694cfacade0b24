// Maximal marginal relevance (Carbonell & Goldstein 1998): g = 1 − the largest similarity to an item above. O(N·d) a slot.
#pragma once

#include <vector>

#include "serving/diversifiers/diversifier.h"
#include "serving/diversifiers/similarity.h"

namespace riffle::serving {

class Mmr final : public Diversifier {
 public:
  void reset(const DiversifierInput& input) override;
  void gains(std::span<float> out) const override;
  void add(std::uint32_t candidate) override;

 private:
  SimilarityRows similarity_;
  std::vector<float> largest_;
  std::vector<float> row_;
};

}  // namespace riffle::serving
