// A SlateQ network with its target and its optimizer, on LibTorch: one step of the choice model's conditional logit and of Q̄ (Ie,
// Jain, Wang et al. 2019). learner/network/interface.h says what a batch is, learner/network/shape.h what the network. Throws
// what LibTorch throws. One thread.
//
// The parts share no layer, so that what is known of choices is the same whatever the discount. Q̄ bootstraps on the target
// network's values, weighed by the online network's choices: the latter bootstrap on nothing and need no target.
#pragma once

#include "learner/network/flat_network.h"
#include "learner/network/layers.h"

namespace riffle::learner::network {

class SlateNetwork final : public FlatNetwork {
 public:
  SlateNetwork(const SlateSettings& settings, c10::Device device);
  StepResult step(const SlateBatch& batch, float* td_errors);

 private:
  struct Parts {
    Layers choice;
    at::Tensor positions;
    Layers value, advantage;
  };
  Parts parts_of(const at::Tensor& parameters) const;
  static at::Tensor output(const Layers& part, const at::Tensor& rows);  // u·h + b
  // What A reads of rows, each with its request's ⊥ row.
  at::Tensor differences(const at::Tensor& rows, const at::Tensor& nothing) const;
  void decay();
  at::Tensor next_values(const SlateBatch& batch) const;   // Q(s′,A′), [decisions]; 0 where there is no next

  SlateSettings settings_;
};

}  // namespace riffle::learner::network
