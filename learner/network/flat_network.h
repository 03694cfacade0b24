// What every network here is made of: its parameters as one flat tensor, with its target and Adam's moments. The optimizer, the
// target's update and a checkpoint are then a few operations, whatever the layers are. Throws what LibTorch throws. One thread.
#pragma once

#include <ATen/core/Tensor.h>

#include "learner/network/interface.h"

namespace riffle::learner::network {

// 1 for a decision's first `count` places of `padded`; [decisions, padded].
at::Tensor mask_of(const at::Tensor& count, std::int64_t padded);
// −∞ in the others.
at::Tensor masked(const at::Tensor& values, const at::Tensor& count);

class FlatNetwork {
 public:
  virtual ~FlatNetwork() = default;

  c10::Device device() const { return device_; }
  void read(Numbers& to) const;
  void write(const Numbers& from);

 protected:
  struct Rates {
    float learning = 0, target = 0, largest_gradient = 0;
  };
  FlatNetwork(std::size_t parameters, const Rates& rates, c10::Device device);

  at::Tensor from_host(const float* data, at::IntArrayRef sizes) const;
  at::Tensor from_host(const std::int64_t* data, at::IntArrayRef sizes) const;
  bool update(const at::Tensor& gradient);            // false: it is not finite, and nothing was changed

  c10::Device device_;
  at::Tensor online_, target_;
  at::Tensor gradient_;                               // scratch of those that work it out by hand

 private:
  Rates rates_;
  at::Tensor first_moment_, second_moment_;
  std::uint64_t steps_ = 0;
};

}  // namespace riffle::learner::network
