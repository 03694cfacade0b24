#include "learner/network/multi_task_network.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

namespace riffle::learner::network {

MultiTaskNetwork::MultiTaskNetwork(const MultiTaskSettings& settings, c10::Device device)
    : FlatNetwork(settings.shape.parameters(), {settings.learning_rate, settings.target_rate, settings.largest_gradient}, device),
      settings_(settings) {}

at::Tensor MultiTaskNetwork::outputs(const at::Tensor& rows) const {
  const MultiTaskShape& s = settings_.shape;
  const std::int64_t inputs = s.inputs, hidden = s.hidden, experts = s.experts, width = s.width, heads = s.count();
  const auto parts = online_.split_with_sizes({hidden * inputs, hidden, experts * width * hidden, experts * width,
                                               heads * experts * hidden, heads * experts, heads * width, heads});
  const at::Tensor shared = at::relu(at::addmm(parts[1], rows, parts[0].view({hidden, inputs}).t()));
  const at::Tensor each = at::relu(at::addmm(parts[3], shared, parts[2].view({experts * width, hidden}).t()));
  const at::Tensor gates = at::addmm(parts[5], shared, parts[4].view({heads * experts, hidden}).t());
  const at::Tensor attention = gates.view({-1, heads, experts}).softmax(2);
  // u · Σ_e α_e f_e = Σ_e α_e (u · f_e): one product of matrices, and not one a row.
  const at::Tensor said = at::mm(each.view({-1, width}), parts[6].view({heads, width}).t()).view({-1, experts, heads});
  return attention.mul(said.transpose(1, 2)).sum(2) + parts[7];
}

StepResult MultiTaskNetwork::step(const MultiTaskBatch& batch, float* errors) {
  const MultiTaskShape& shape = settings_.shape;
  const std::int64_t rows = batch.rows;
  const at::Tensor labels = from_host(batch.labels, {rows, shape.count()});
  const at::AutoGradMode with_gradient(true);
  const at::Tensor o = outputs(from_host(batch.row_features, {rows, shape.inputs}));
  const auto of = [&](const at::Tensor& all, Head head) { return all.select(1, shape.place(head)); };

  // ln p and ln(1 − p) of each head that is a probability: never of a rounded p.
  std::vector<at::Tensor> losses, predictions;
  const auto add = [&](const at::Tensor& log_yes, const at::Tensor& log_no, Head head) {
    const at::Tensor y = of(labels, head);
    losses.push_back((y.mul(log_yes) + (1 - y).mul(log_no)).neg());
    predictions.push_back(log_yes.detach().exp());
  };
  const at::Tensor yes = at::log_sigmoid(of(o, kClick)), no = at::log_sigmoid(of(o, kClick).neg());
  add(yes, no, kClick);
  if (shape.has(kPurchase)) {
    const at::Tensor then = of(o, kPurchase);
    add(yes + at::log_sigmoid(then), at::logaddexp(no, yes + at::log_sigmoid(then.neg())), kPurchase);
  }
  for (const Head head : {kDwell, kComeback})
    if (shape.has(head)) add(at::log_sigmoid(of(o, head)), at::log_sigmoid(of(o, head).neg()), head);
  const at::Tensor other = of(o, kOther);
  losses.push_back(at::huber_loss(other, of(labels, kOther), at::Reduction::None, settings_.huber));
  predictions.push_back(other.detach());

  const at::Tensor loss = at::stack(losses, 1).sum(1).mul(from_host(batch.row_weight, {rows})).mean();
  StepResult result;
  const at::Tensor missed = (at::stack(predictions, 1) - labels).abs().sum(1).to(at::kCPU).contiguous();
  std::copy_n(missed.data_ptr<float>(), rows, errors);
  result.loss = loss.item<float>();
  result.largest_score = other.detach().abs().max().item<float>();
  const at::Tensor gradient = torch::autograd::grad({loss}, {online_}).front();
  result.finite = std::isfinite(result.loss) && update(gradient);
  return result;
}

}  // namespace riffle::learner::network
