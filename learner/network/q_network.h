// A Q-network with its target network and its optimizer, on LibTorch: one step of (double, duelling) deep Q-learning (Mnih
// et al. 2015; van Hasselt, Guez & Silver 2016; Wang et al. 2016). learner/network/interface.h says what a batch is.
// Throws what LibTorch throws. One thread.
#pragma once

#include "learner/network/flat_network.h"

namespace riffle::learner::network {

class QNetwork final : public FlatNetwork {
 public:
  QNetwork(const Settings& settings, c10::Device device);
  StepResult step(const Batch& batch, float* td_errors);

 private:
  // V − mean A of each decision, its b left out: the mean of (v − u)·h over the first `count` of its actions.
  static at::Tensor common_of(const at::Tensor& answers, const at::Tensor& count);
  at::Tensor next_values(const Batch& batch) const;   // 0 where there is no next

  Settings settings_;
};

}  // namespace riffle::learner::network
