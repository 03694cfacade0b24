// What is left of every candidate's unit vector once some items are projected out, by an incremental Cholesky factorisation
// (Chen, Zhang & Zhou 2018; FORMULAS 3.1):
//
//   project out j:  e_i = (S_ji − ⟨c_j, c_i⟩) / d_j ;  c_i ← [c_i e_i] ;  d²_i ← max(0, d²_i − e_i²)
//
// O(N·items projected out) each, in float: exact to about 1e-5 for tens of items. A twin of what was projected out has
// d² < 1e-10; projecting it out, too, changes nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace riffle::serving {

// One thread; keeps its memory between lists.
class Residuals {
 public:
  // `width`: candidates, padded (vector_lanes.h). Nothing is projected out.
  void reset(std::size_t width);
  // `similarities`: candidate's with all, `width` of them.
  void project_out(std::uint32_t candidate, std::span<const float> similarities);
  std::span<const float> norms() const { return norms_; }  // d, in [0, 1]

 private:
  std::vector<float> squares_;    // d²
  std::vector<float> norms_;      // their roots, taken when they change: the compiler does eight at a time there
  std::vector<float> factors_;    // c, one row of `width` an item projected out
  std::vector<float> own_;        // c of the item that is projected out
  std::size_t projected_ = 0;
};

}  // namespace riffle::serving
