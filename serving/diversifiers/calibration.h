// Calibration (Steck 2018; FORMULAS 3.1): a list's categories should be distributed as the user's are.
//
//   C(A) = Σ_c p(c) ln(p(c) / q̃(c)),   q̃ = (1 − a) q + a p,   a = 0.01       Kullback–Leibler, ≤ ln(1/a)
//   g_i = 1 − C(slots above and i) / ln(1/a)
//
// so that filling slots by r̂ + λ·g is Steck's greedy maximisation, his λ/(1 − λ) being λ/ln(1/a) here. q(c): the share of the
// list's slots that hold an item of c. A path counts as caps count it: by its prefix of `depth` names, or its end where it is
// shorter; an item without one fills a slot and is of no category.
//
// p(c): the user's share of c. What his shares leave of 1 (little evidence, or categories that no candidate is of) is spread as the
// candidates are, so that a user nobody knows gets what there is, in its proportions. Over the candidates' categories p sums to 1.
//
// What a category with p that the list lacks is worth in g is nearly p; once the list has what it should, next to nothing.
// O(N + categories·ln) a slot, in double.
#pragma once

#include <vector>

#include "serving/diversifiers/diversifier.h"
#include "serving/scratch_map.h"

namespace riffle::serving {

class Calibration final : public Diversifier {
 public:
  static constexpr double kOwn = 0.01;  // a

  void reset(const DiversifierInput& input) override;
  void gains(std::span<float> out) const override;
  void add(std::uint32_t candidate) override;

 private:
  struct Category {
    double wanted = 0;        // p
    std::uint32_t slots = 0;  // that it has
  };
  void number(std::span<const std::span<const CategoryKey>> paths);
  void find_wanted(const DiversifierInput& input);
  void find_gains();

  std::vector<std::uint32_t> category_;  // by candidate: small number of its category + 1; 0: none
  std::vector<Category> categories_;     // by that small number
  std::vector<float> gains_;             // by small number + 1; [0]: of no category
  std::vector<double> terms_;            // of C, with one more slot and none of its own
  ScratchMap<std::uint32_t> numbers_;
  std::size_t slots_ = 0, depth_ = 1;
};

}  // namespace riffle::serving
