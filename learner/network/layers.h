// The layers of a plain network (learner/network/shape.h) as views of its parameters: what they answer to rows, and the way back,
// by hand. Autograd would take each operation over all rows before the next, out to memory and back. Throws what LibTorch throws.
#pragma once

#include <ATen/core/Tensor.h>

#include "learner/network/shape.h"

namespace riffle::learner::network {

struct Layers {
  at::Tensor w1, b1, w2, b2;
  at::Tensor out;   // u; where duelling v below it
  at::Tensor b;     // added to no answer: the formulas say where it belongs
};
Layers layers_of(const Shape& shape, const at::Tensor& parameters);

// u·h of each row, where duelling v·h beside it: [rows, 1 or 2].
at::Tensor answers_of(const Layers& layers, const at::Tensor& rows);

// The same, with what the way back needs.
struct Pass {
  at::Tensor rows, first, second;   // second: h
  at::Tensor answers;
};
Pass pass_of(const Layers& layers, const at::Tensor& rows);

// Adds to `gradient`, laid out as `layers` (but for b), what follows from ∂loss/∂answers.
void add_gradient(const Layers& layers, const Pass& pass, const at::Tensor& of_answers, const Layers& gradient);

}  // namespace riffle::learner::network
