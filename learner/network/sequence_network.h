// An encoder of users' interactions with its optimizer, on LibTorch: one step on what followed (learner/network/sequence_shape.h says
// what it computes, learner/network/interface.h what a batch is). Throws what LibTorch throws. One thread.
#pragma once

#include "learner/network/flat_network.h"

namespace riffle::learner::network {

class SequenceNetwork final : public FlatNetwork {
 public:
  SequenceNetwork(const SequenceSettings& settings, c10::Device device);
  StepResult step(const SequenceBatch& batch, float* row_gradients);

 private:
  at::Tensor numbers(std::size_t from, at::IntArrayRef sizes) const;            // of online_
  at::Tensor weight_logits(const SequenceBatch& batch) const;                   // [sequences, length, length]; what comes later: −∞
  at::Tensor hidden(const SequenceBatch& batch, const at::Tensor& x) const;     // h: [sequences, length, width]
  at::Tensor target_states(const SequenceBatch& batch, const at::Tensor& rows) const;  // [targets, width]

  SequenceSettings settings_;
};

}  // namespace riffle::learner::network
