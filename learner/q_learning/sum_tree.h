// Draws places in proportion to their weights: a binary tree of sums (Schaul et al. 2016, appendix B.2.1). Setting a weight
// and drawing are O(log n); equal weights give equal sums, whatever the order they were set in.
#pragma once

#include <bit>
#include <cstddef>
#include <vector>

namespace riffle::learner {

class SumTree {
 public:
  explicit SumTree(std::size_t places) : first_leaf_(std::bit_ceil(places)), sums_(2 * first_leaf_, 0.0) {}

  void set(std::size_t place, double weight) {
    std::size_t node = first_leaf_ + place;
    sums_[node] = weight;
    for (node /= 2; node > 0; node /= 2) sums_[node] = sums_[2 * node] + sums_[2 * node + 1];
  }
  double weight(std::size_t place) const { return sums_[first_leaf_ + place]; }
  double total() const { return sums_[1]; }

  // The place that holds `mass` ∈ [0, total()) where all weights lie end to end. The total is above 0; a place without
  // weight is never drawn.
  std::size_t at(double mass) const {
    std::size_t node = 1;
    while (node < first_leaf_) {
      const double left = sums_[2 * node];
      const bool right = mass >= left && sums_[2 * node + 1] > 0;  // rounding may carry mass past the last weight
      if (right) mass -= left;
      node = 2 * node + (right ? 1 : 0);
    }
    return node - first_leaf_;
  }

 private:
  std::size_t first_leaf_;
  std::vector<double> sums_;  // node n has the children 2n and 2n + 1; leaves from first_leaf_
};

}  // namespace riffle::learner
