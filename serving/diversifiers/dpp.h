// Determinantal point process, greedy and incremental (Chen, Zhang & Zhou 2018; FORMULAS 3.1): g = √(d²_i), the norm of
// what is left of candidate i's unit vector once the items above are projected out. det S of the list is the product of the
// squared gains of its slots, so a gain is the marginal volume that an item adds.
//   add j:  e_i = (S_ji − ⟨c_j, c_i⟩) / d_j ;  c_i ← [c_i e_i] ;  d²_i ← max(0, d²_i − e_i²)
// O(N·(d + slots)) a slot, in float: exact to about 1e-5 for lists of tens. A twin of an item above has d² < 1e-10 and, if
// drawn all the same, changes nothing for the others.
#pragma once

#include <vector>

#include "serving/diversifiers/diversifier.h"
#include "serving/diversifiers/similarity.h"

namespace riffle::serving {

class Dpp final : public Diversifier {
 public:
  void reset(std::span<const features::KernelVector* const> kernels) override;
  void gains(std::span<float> out) const override;
  void add(std::uint32_t candidate) override;

 private:
  SimilarityRows similarity_;
  std::vector<float> residual_;   // d²
  std::vector<float> gains_;      // its root, taken when it changes: the compiler does eight at a time there
  std::vector<float> factors_;    // c, one row of padded_count() an added item
  std::vector<float> own_;        // c of the item that is added
  std::size_t added_ = 0;
};

}  // namespace riffle::serving
