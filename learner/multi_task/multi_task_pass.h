// Serving's side of a multi-task network (learner/network/multi_task_shape.h): what its heads say of a request's candidates,
// without LibTorch. Immutable, any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "features/feature_vector.h"
#include "learner/dense_layer.h"
#include "learner/multi_task/heads.h"
#include "learner/network/multi_task_shape.h"

namespace riffle::learner {

class MultiTaskPass {
 public:
  static constexpr std::size_t kInputs = features::kFeatureCount + 1;  // the last one, of the position, is 0 here

  // `parameters`: shape.parameters() finite numbers. The shape's inputs are kInputs.
  MultiTaskPass(const network::MultiTaskShape& shape, std::span<const float> parameters);

  // Of rows of kFeatureCount, one of `predictions` each; heads that there are not say 0. Not finite where a row makes it so.
  void predict(std::span<const float> features, std::span<HeadValues> predictions) const;

 private:
  // o of a row, from its experts' units and its heads' attention.
  void outputs(const float* experts, const float* attention, float* out) const;

  network::MultiTaskShape shape_;
  DenseLayer shared_, experts_, gates_;
  std::size_t padded_ = 0;     // an expert's units, and zeros behind them, in experts_' outputs as in u_'s rows
  std::vector<float> u_;       // head after head
  std::vector<float> bias_;
};

}  // namespace riffle::learner
