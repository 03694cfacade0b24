// Learns, online, how to rank candidates from what was taken among them: logistic regression over the list (softmax
// cross-entropy; Cao et al. 2007, ListNet with top one), one step an example.
//
//   p_t = exp(w·x_t) / (exp(w·x_t) + Σ_{i not taken} exp(w·x_i))
//   g = mean over what was taken of (x_t − the mean of x under those shares);   G += g²;   w += η g / √G
//
// G: AdaGrad's (Duchi, Hazan & Singer 2011), a weight. One thread; no chance in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace riffle::learner {

struct ListwiseOptions {
  double step = 0.08;          // η
  double first_square = 0.03;  // of G: keeps columns that hardly vary from being moved by noise
};

class ListwiseTrainer {
 public:
  explicit ListwiseTrainer(std::size_t columns, const ListwiseOptions& options = {})
      : options_(options),
        weights_(columns),
        squares_(columns, options.first_square),
        others_(columns),
        gradient_(columns) {}

  // Rows of `columns` numbers, a candidate each; what score() says of them now; `taken` are rows of it. Nothing is learned of fewer
  // than two candidates, or where none was taken.
  void learn(std::span<const float> rows, std::span<const float> scores, std::span<const std::uint32_t> taken);
  // Replaces `scores` by one a row.
  void score(std::span<const float> rows, std::vector<float>& scores) const;
  // What a column's weight is before anything was learned (else 0).
  void start_at(std::size_t column, float weight);
  std::span<const float> weights() const { return weights_; }
  std::uint64_t examples() const { return examples_; }

 private:
  ListwiseOptions options_;
  std::vector<float> weights_;
  std::vector<double> squares_;
  std::uint64_t examples_ = 0;
  std::vector<float> others_, gradient_, shares_, of_others_;  // scratch
};

}  // namespace riffle::learner
