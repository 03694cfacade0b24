// Learns, online, how to rank candidates from what was taken among them: logistic regression over the list (softmax
// cross-entropy; Cao et al. 2007, ListNet with top one), one step an example.
//
//   p_i = exp(w·x_i) / Σ_j exp(w·x_j);   w += Σ_taken η / √G · (x_taken − Σ_i p_i x_i)
//
// G: the sum of squared gradients of each weight (AdaGrad; Duchi, Hazan & Singer 2011). One thread; no chance in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>


namespace riffle::learner {

struct ListwiseOptions {
  double step = 0.1;                     // η
  double ridge = 1e-6;                   // pulls the weights towards 0, an example
};

class ListwiseTrainer {
 public:
  explicit ListwiseTrainer(std::size_t columns, const ListwiseOptions& options = {})
      : options_(options), weights_(columns), squares_(columns), gradient_(columns) {}

  // Rows of `columns` numbers, a candidate each; `taken` are rows of it. Nothing is learned of fewer than two candidates, or
  // where none was taken.
  void learn(std::span<const float> rows, std::span<const std::uint32_t> taken);
  float score(std::span<const float> row) const;
  std::span<const float> weights() const { return weights_; }
  std::uint64_t examples() const { return examples_; }

 private:
  ListwiseOptions options_;
  std::vector<float> weights_;
  std::vector<double> squares_;
  std::uint64_t examples_ = 0;
  std::vector<float> gradient_, shares_;  // scratch
};

}  // namespace riffle::learner
