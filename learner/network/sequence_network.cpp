#include "learner/network/sequence_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

namespace riffle::learner::network {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr float kNoTarget = 1;            // τ: the target network, which nothing reads, is the online one
constexpr std::int64_t kAtOnce = 256;     // targets: their scores of some thousand candidates then stay in a core's cache

at::Tensor normalised(const at::Tensor& x) { return at::layer_norm(x, {x.size(-1)}, {}, {}, kNormEpsilon); }

}  // namespace

SequenceNetwork::SequenceNetwork(const SequenceSettings& settings, c10::Device device)
    : FlatNetwork(settings.shape.parameters(), {settings.learning_rate, kNoTarget, settings.largest_gradient}, device),
      settings_(settings) {}

at::Tensor SequenceNetwork::numbers(std::size_t from, at::IntArrayRef sizes) const {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  return online_.narrow(0, static_cast<std::int64_t>(from), count).view(sizes);
}

at::Tensor SequenceNetwork::weight_logits(const SequenceBatch& batch) const {
  const SequenceShape& shape = settings_.shape;
  const std::int64_t n = batch.sequences, length = batch.length;
  const at::Tensor token = at::arange(length, at::TensorOptions().dtype(at::kLong).device(device_));
  const at::Tensor back = token.unsqueeze(1) - token.unsqueeze(0);
  const at::Tensor place = numbers(shape.places(), {shape.length}).index_select(0, back.clamp_min(0).view({-1}));
  const at::Tensor age = numbers(shape.ages(), {SequenceShape::kGaps}).index_select(0, from_host(batch.age, {n * length * length}));
  const at::Tensor type = numbers(shape.type_weights(), {SequenceShape::kTypes}).index_select(0, from_host(batch.type, {n * length}));
  return (age.view({n, length, length}) + place.view({1, length, length}) + type.view({n, 1, length}))
      .mul(kSteepness)
      .masked_fill(back.lt(0).unsqueeze(0), kNever);
}

at::Tensor SequenceNetwork::hidden(const SequenceBatch& batch, const at::Tensor& x) const {
  const SequenceShape& shape = settings_.shape;
  const std::int64_t d = shape.width, inner = static_cast<std::int64_t>(shape.inner());
  if (shape.kind == SequenceShape::kMean) return at::bmm(weight_logits(batch).softmax(2), x);
  if (shape.kind == SequenceShape::kGru) {
    constexpr bool kBiases = true, kTraining = true, kBothWays = false, kBatchFirst = true;
    constexpr std::int64_t kLayers = 1;
    constexpr double kDropout = 0;
    return std::get<0>(at::gru(x, at::zeros({kLayers, x.size(0), d}, x.options()),
                               {numbers(shape.w_input(), {3 * d, d}), numbers(shape.w_hidden(), {3 * d, d}),
                                numbers(shape.b_input(), {3 * d}), numbers(shape.b_hidden(), {3 * d})},
                               kBiases, kLayers, kDropout, kTraining, kBothWays, kBatchFirst));
  }
  const at::Tensor u = normalised(x);
  const auto linear = [&](const at::Tensor& of, std::size_t from) { return at::matmul(of, numbers(from, {d, d}).t()); };
  const at::Tensor likeness = at::bmm(linear(u, shape.query()), linear(u, shape.key()).transpose(1, 2)) / std::sqrt(static_cast<double>(d));
  const at::Tensor y = linear(at::bmm((likeness + weight_logits(batch)).softmax(2), x), shape.value());
  const at::Tensor first = at::relu(at::matmul(normalised(y), numbers(shape.w1(), {inner, d}).t()) + numbers(shape.b1(), {inner}));
  return y + at::matmul(first, numbers(shape.w2(), {d, inner}).t()) + numbers(shape.b2(), {d});
}

at::Tensor SequenceNetwork::target_states(const SequenceBatch& batch, const at::Tensor& rows) const {
  const SequenceShape& shape = settings_.shape;
  const std::int64_t n = batch.sequences, length = batch.length, d = shape.width;
  const at::Tensor types = numbers(shape.types(), {SequenceShape::kTypes, d});
  const at::Tensor gaps = numbers(shape.gaps(), {SequenceShape::kGaps, d});
  const at::Tensor x = rows.index_select(0, from_host(batch.item_row, {n * length})) +
                       rows.index_select(0, from_host(batch.category_row, {n * length})) +
                       types.index_select(0, from_host(batch.type, {n * length})) +
                       gaps.index_select(0, from_host(batch.gap, {n * length}));
  const at::Tensor place = from_host(batch.target_place, {batch.targets});
  const at::Tensor pause = from_host(batch.age, {n, length, length}).diagonal(0, 1, 2).reshape({n * length}).index_select(0, place);
  return hidden(batch, x.view({n, length, d})).reshape({n * length, d}).index_select(0, place) +
         numbers(shape.now(), {SequenceShape::kGaps, d}).index_select(0, pause);
}

StepResult SequenceNetwork::step(const SequenceBatch& batch, float* row_gradients) {
  const std::int64_t targets = batch.targets, d = settings_.shape.width;
  const at::AutoGradMode with_gradient(true);
  const at::Tensor rows = from_host(batch.row_numbers, {batch.rows, d}).detach().requires_grad_(true);
  const at::Tensor states = target_states(batch, rows);
  // The softmax over some thousand candidates, by hand: autograd would keep several matrices of targets × candidates.
  at::Tensor of_states, of_rows;
  double loss = 0;
  StepResult result;
  {
    const at::NoGradGuard no_gradient;
    const at::Tensor input = from_host(batch.candidate_input, {batch.candidates});
    const at::Tensor output = from_host(batch.candidate_output, {batch.candidates});
    const at::Tensor category = from_host(batch.candidate_category, {batch.candidates});
    const at::Tensor candidates = rows.index_select(0, input) + rows.index_select(0, output) + rows.index_select(0, category);
    const at::Tensor weight = from_host(batch.target_weight, {targets, 1});
    const double all_weights = weight.sum().item<double>();
    const at::Tensor log_weight = from_host(batch.candidate_log_weight, {1, batch.candidates});
    const at::Tensor target = from_host(batch.target, {targets, 1});
    of_states = at::empty({targets, d}, rows.options());
    at::Tensor of_candidates = at::zeros_like(candidates);
    for (std::int64_t from = 0; from < targets; from += kAtOnce) {
      const std::int64_t count = std::min(kAtOnce, targets - from);
      const at::Tensor h = states.narrow(0, from, count), t = target.narrow(0, from, count), w = weight.narrow(0, from, count);
      at::Tensor scores = at::mm(h, candidates.t());
      const at::Tensor of_target = scores.gather(1, t);
      scores.add_(log_weight).scatter_(1, t, of_target);
      const at::Tensor largest = scores.amax(1, true);
      scores.sub_(largest).exp_();
      const at::Tensor sum = scores.sum(1, true);
      loss += ((sum.log() + largest - of_target) * w).sum(at::kDouble).item<double>();
      scores.div_(sum).scatter_add_(1, t, at::full_like(of_target, -1)).mul_(w / all_weights);
      at::Tensor of_h = of_states.narrow(0, from, count);
      at::mm_out(of_h, scores, candidates);
      of_candidates.addmm_(scores.t(), h);
      result.largest_score = std::max(result.largest_score, of_target.abs().max().item<float>());
    }
    loss /= all_weights;
    of_rows = at::zeros_like(rows);
    for (const at::Tensor& of : {input, output, category}) of_rows.index_add_(0, of, of_candidates);
  }
  result.loss = static_cast<float>(loss);
  const auto gradients = torch::autograd::grad({states}, {online_, rows}, {of_states});
  const at::NoGradGuard no_gradient;
  of_rows += gradients[1];
  const at::Tensor host = of_rows.to(at::kCPU).contiguous();
  std::copy_n(host.data_ptr<float>(), host.numel(), row_gradients);
  result.finite = std::isfinite(result.loss) && std::isfinite(host.norm().item<float>()) && update(gradients[0]);
  return result;
}

}  // namespace riffle::learner::network
