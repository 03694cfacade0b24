// The network of `multi_task` with its optimizer, on LibTorch (learner/network/multi_task_shape.h). Throws what LibTorch throws.
// One thread.
#pragma once

#include "learner/network/flat_network.h"

namespace riffle::learner::network {

class MultiTaskNetwork final : public FlatNetwork {
 public:
  MultiTaskNetwork(const MultiTaskSettings& settings, c10::Device device);
  StepResult step(const MultiTaskBatch& batch, float* errors);

 private:
  at::Tensor outputs(const at::Tensor& rows) const;  // o, [rows, heads that there are]

  MultiTaskSettings settings_;
};

}  // namespace riffle::learner::network
