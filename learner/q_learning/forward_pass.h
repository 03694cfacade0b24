// Serving's side of a plain network (learner/network/shape.h): its forward pass over a request's candidates, without LibTorch.
// Immutable, any thread.
#pragma once

#include <span>
#include <vector>

#include "features/feature_vector.h"
#include "learner/dense_layer.h"
#include "learner/network/shape.h"

namespace riffle::learner {

class ForwardPass {
 public:
  static constexpr std::size_t kInputs = features::kFeatureCount + 1;  // the last one is 0 where rows do not have it

  ForwardPass() = default;  // of nothing: empty()
  // `parameters`: shape.parameters() finite numbers. The shape's inputs are kInputs.
  ForwardPass(const network::Shape& shape, std::span<const float> parameters);

  bool empty() const { return hidden_2_ == 0; }
  std::size_t hidden() const { return hidden_2_; }  // units of the second layer

  // Rows of kFeatureCount. u·h of each row, into `scores`; answers Σ over the rows of w·h where `w` (hidden() numbers) is not
  // empty, else 0.
  float run(std::span<const float> features, std::span<float> scores, std::span<const float> w = {}) const;
  // u·h of one row with that last input.
  float run_one(std::span<const float> row, float last) const;
  // h of rows of `inputs` numbers, kFeatureCount or kInputs, each hidden() numbers, `stride` apart.
  void hidden_of(std::span<const float> rows, std::size_t inputs, float* out, std::size_t stride) const;

  float bias() const { return bias_; }
  std::span<const float> u() const { return {u_.data(), hidden_2_}; }

 private:
  // visit(first row, rows, h of them: second_.width() numbers a row).
  template <class Visit>
  void by_tiles(const float* rows, std::size_t count, std::size_t inputs, Visit&& visit) const;

  std::size_t hidden_2_ = 0;
  DenseLayer first_, second_;
  std::vector<float> u_;          // and zeros behind it, as second_'s width
  float bias_ = 0;
};

}  // namespace riffle::learner
