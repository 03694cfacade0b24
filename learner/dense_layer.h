// relu(W x + b) of many rows: what the forward passes of networks are made of when they are served.
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
  DenseLayer() = default;  // of nothing
  // `weights`: W by rows, a row an output; `bias`: one an output.
  DenseLayer(std::span<const float> weights, std::span<const float> bias);

  std::size_t inputs() const { return inputs_; }
  // Outputs, and zeros behind them that fill up vectors.
  std::size_t width() const { return width_; }

  // Of `count` rows that lie `stride` apart; the inputs beyond the first `given` count as 0. `out`: width() numbers a row. What is
  // not finite stays so, but for −∞.
  void run(const float* rows, std::size_t count, std::size_t stride, std::size_t given, float* out) const;

 private:
  std::size_t inputs_ = 0, width_ = 0;
  std::vector<float> weights_;  // in blocks of outputs, within them by inputs
  std::vector<float> bias_;     // width()
};

}  // namespace riffle::learner
