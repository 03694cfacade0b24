// A Q-network with its target network and its optimizer, on LibTorch: one step of (double, duelling) deep Q-learning (Mnih
// et al. 2015; van Hasselt, Guez & Silver 2016; Wang et al. 2016). learner/network/interface.h says what a batch is.
//
// All parameters are one flat tensor: Adam, the target's update and a checkpoint are then a few operations, whatever the
// layers are. Throws what LibTorch throws. One thread.
#pragma once

#include <ATen/core/Tensor.h>

#include "learner/network/interface.h"

namespace riffle::learner::network {

class QNetwork {
 public:
  QNetwork(const Settings& settings, c10::Device device);

  c10::Device device() const { return device_; }
  void read(Numbers& to) const;
  void write(const Numbers& from);
  StepResult step(const Batch& batch, float* td_errors);

 private:
  struct Layers {
    at::Tensor w1, b1, w2, b2, u, v, b;  // v: undefined unless duelling
  };
  Layers layers(const at::Tensor& parameters) const;
  static at::Tensor hidden(const Layers& layers, const at::Tensor& rows);
  // Σ over a decision's first `count` of `values`, over their number; [decisions, padded] → [decisions].
  static at::Tensor pooled_mean(const at::Tensor& values, const at::Tensor& count);
  at::Tensor next_values(const Batch& batch) const;   // 0 where there is no next
  at::Tensor from_host(const float* data, at::IntArrayRef sizes) const;
  bool update(const at::Tensor& gradient);            // false: it is not finite

  Settings settings_;
  c10::Device device_;
  at::Tensor online_, target_, first_moment_, second_moment_;
  std::uint64_t steps_ = 0;
};

}  // namespace riffle::learner::network
