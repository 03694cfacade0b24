// Serving's side of a plain network (learner/network/shape.h): its forward pass over a request's candidates, without LibTorch. Rows
// are kFeatureCount features; the network's last input is 0 for all of them. Immutable, any thread.
#pragma once

#include <span>
#include <vector>

#include "features/feature_vector.h"
#include "learner/network/shape.h"

namespace riffle::learner {

class ForwardPass {
 public:
  ForwardPass() = default;  // of nothing: empty()
  // `parameters`: shape.parameters() finite numbers. The shape's inputs are kFeatureCount + 1.
  ForwardPass(const network::Shape& shape, std::span<const float> parameters);

  bool empty() const { return first_.empty(); }
  // u·h of each row, into `scores`; answers Σ over the rows of w·h where `w` (hidden_2 numbers) is not empty, else 0.
  float run(std::span<const float> features, std::span<float> scores, std::span<const float> w = {}) const;
  // u·h of one row with that last input.
  float run_one(std::span<const float> row, float last) const;
  float bias() const { return bias_; }
  std::span<const float> u() const { return u_; }

 private:
  std::size_t hidden_1_ = 0, hidden_2_ = 0;
  std::vector<float> first_, first_bias_, last_, second_, second_bias_;  // matrices by rows, a row an input; last_: that input's
  std::vector<float> u_;
  float bias_ = 0;
};

}  // namespace riffle::learner
