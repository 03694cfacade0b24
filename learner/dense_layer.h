// relu(W x + b), or W x + b, of many rows: what the forward passes of networks are made of when they are served.
//
// Six rows and two vectors of outputs at a time stay in registers. Each output sums over its inputs one after the other, in its own
// lane, so a row's numbers are the same wherever it lies in memory, whatever the rows beside it, and however wide the
// processor's vectors are: what bit-equal restarts and replays need. Immutable, any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace riffle::learner {

class DenseLayer {
 public:
  enum class Activation { kRelu, kNone };

  DenseLayer() = default;  // of nothing
  // `weights`: W by rows, a row an output; `bias`: one an output.
  DenseLayer(std::span<const float> weights, std::span<const float> bias, Activation activation = Activation::kRelu);

  std::size_t inputs() const { return inputs_; }
  // Outputs, and zeros behind them that fill up vectors.
  std::size_t width() const { return width_; }

  // Of `count` rows that lie `stride` apart; the inputs beyond the first `given` count as 0. `out`: width() numbers a row. What is
  // not finite stays so, but for −∞ under kRelu.
  void run(const float* rows, std::size_t count, std::size_t stride, std::size_t given, float* out) const;

 private:
  std::size_t inputs_ = 0, width_ = 0;
  float least_ = 0;             // of an output
  std::vector<float> weights_;  // in blocks of outputs, within them by inputs
  std::vector<float> bias_;     // width()
};

// Σ a b in eight lanes, whose order of summing is the same everywhere. `size` is a multiple of them.
float dot(const float* a, const float* b, std::size_t size);

}  // namespace riffle::learner
