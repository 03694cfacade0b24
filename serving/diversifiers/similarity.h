// Cosines of one candidate with all others: a row of S, from the kernel vectors where they lie.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "features/catalogue.h"
#include "serving/vector_lanes.h"

namespace riffle::serving {

class SimilarityRows {
 public:
  void reset(std::span<const features::KernelVector* const> kernels);
  // out[i] = S_ji; 0 where either is unknown. `out` has padded_count() places; those beyond count() get 0.
  void row(std::uint32_t candidate, std::span<float> out) const;

  bool known(std::uint32_t candidate) const { return inverse_norms_[candidate] > 0; }
  std::size_t count() const { return kernels_.size(); }
  std::size_t padded_count() const { return padded(count()); }

 private:
  std::vector<const features::KernelVector*> kernels_;  // never null: unknown ones point to zeros
  std::vector<float> inverse_norms_;                    // 0: unknown
};

}  // namespace riffle::serving
