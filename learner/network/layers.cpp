#include "learner/network/layers.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace riffle::learner::network {
namespace {

// Rows at a time on a processor: what one operation leaves is then still in a core's second-level cache for the next, as 512 rows
// of 128 numbers are 256 kB; fewer, and what an operation costs by itself shows. A GPU takes all rows at once.
constexpr std::int64_t kTile = 512;

std::int64_t tile_of(const at::Tensor& rows) {
  return rows.is_cpu() ? std::min(kTile, rows.size(0)) : rows.size(0);
}

// visit(first row, rows).
template <class Visit>
void by_tiles(const at::Tensor& rows, Visit&& visit) {
  const std::int64_t count = rows.size(0), tile = tile_of(rows);
  for (std::int64_t from = 0; from < count; from += tile) visit(from, std::min(tile, count - from));
}

void run(const Layers& layers, const at::Tensor& rows, at::Tensor first, at::Tensor second, at::Tensor answers) {
  at::addmm_out(first, layers.b1, rows, layers.w1.t()).relu_();
  at::addmm_out(second, layers.b2, first, layers.w2.t()).relu_();
  at::mm_out(answers, second, layers.out.t());
}

}  // namespace

Layers layers_of(const Shape& s, const at::Tensor& parameters) {
  const std::int64_t inputs = s.inputs, h1 = s.hidden_1, h2 = s.hidden_2, outputs = s.duelling ? 2 : 1;
  const auto parts = parameters.split_with_sizes({h1 * inputs, h1, h2 * h1, h2, outputs * h2, 1});
  return {parts[0].view({h1, inputs}), parts[1], parts[2].view({h2, h1}), parts[3], parts[4].view({outputs, h2}), parts[5]};
}

at::Tensor answers_of(const Layers& layers, const at::Tensor& rows) {
  const std::int64_t tile = tile_of(rows);
  const at::Tensor first = at::empty({tile, layers.w1.size(0)}, rows.options());
  const at::Tensor second = at::empty({tile, layers.w2.size(0)}, rows.options());
  const at::Tensor answers = at::empty({rows.size(0), layers.out.size(0)}, rows.options());
  by_tiles(rows, [&](std::int64_t from, std::int64_t count) {
    run(layers, rows.narrow(0, from, count), first.narrow(0, 0, count), second.narrow(0, 0, count), answers.narrow(0, from, count));
  });
  return answers;
}

Pass pass_of(const Layers& layers, const at::Tensor& rows) {
  const auto of_all = [&](std::int64_t width) { return at::empty({rows.size(0), width}, rows.options()); };
  const Pass pass{rows, of_all(layers.w1.size(0)), of_all(layers.w2.size(0)), of_all(layers.out.size(0))};
  by_tiles(rows, [&](std::int64_t from, std::int64_t count) {
    const auto here = [&](const at::Tensor& all) { return all.narrow(0, from, count); };
    run(layers, here(rows), here(pass.first), here(pass.second), here(pass.answers));
  });
  return pass;
}

void add_gradient(const Layers& layers, const Pass& pass, const at::Tensor& of_answers, const Layers& gradient) {
  const at::Tensor ones = at::ones({tile_of(pass.rows)}, pass.rows.options());
  by_tiles(pass.rows, [&](std::int64_t from, std::int64_t count) {
    const auto here = [&](const at::Tensor& all) { return all.narrow(0, from, count); };
    const at::Tensor first = here(pass.first), second = here(pass.second), one = ones.narrow(0, 0, count);
    gradient.out.addmm_(here(of_answers).t(), second);
    at::Tensor of_second = at::mm(here(of_answers), layers.out);
    at::threshold_backward_out(of_second, of_second, second, 0);
    gradient.w2.addmm_(of_second.t(), first);
    gradient.b2.addmv_(of_second.t(), one);
    at::Tensor of_first = at::mm(of_second, layers.w2);
    at::threshold_backward_out(of_first, of_first, first, 0);
    gradient.w1.addmm_(of_first.t(), here(pass.rows));
    gradient.b1.addmv_(of_first.t(), one);
  });
}

}  // namespace riffle::learner::network
