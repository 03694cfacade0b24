// Cosines of one candidate with all others: a row of S. The kernel vectors are copied side by side, a dimension of eight
// candidates at a time, so that a row is read in one sweep and no sum goes across lanes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "features/catalogue.h"
#include "serving/vector_lanes.h"

namespace riffle::serving {

// One thread; keeps its memory between lists.
class SimilarityRows {
 public:
  // Null (or all zero): unknown.
  void reset(std::span<const features::KernelVector* const> kernels);
  // out[i] = S_ji; 0 where either is unknown. `out` has padded_count() places; those beyond count() get 0.
  void row(std::uint32_t candidate, std::span<float> out) const;

  bool known(std::uint32_t candidate) const { return inverse_norms_[candidate] > 0; }
  std::size_t count() const { return count_; }
  std::size_t padded_count() const { return padded(count()); }

 private:
  std::size_t count_ = 0;
  std::vector<float> columns_;          // [candidate / kLanes][dimension][candidate % kLanes]
  std::vector<float> inverse_norms_;    // padded; 0: unknown
};

}  // namespace riffle::serving
