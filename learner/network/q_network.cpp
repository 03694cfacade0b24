#include "learner/network/q_network.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

namespace riffle::learner::network {
namespace {

constexpr double kFirstDecay = .9;     // β₁
constexpr double kSecondDecay = .999;  // β₂
constexpr double kAdamEpsilon = 1e-8;

// 1 for a decision's first `count` places of `padded`; [decisions, padded].
at::Tensor mask_of(const at::Tensor& count, std::int64_t padded) {
  return at::arange(padded, count.options()).unsqueeze(0).lt(count.unsqueeze(1));
}

at::Tensor masked(const at::Tensor& values, const at::Tensor& count) {
  return values.masked_fill(mask_of(count, values.size(1)).logical_not(), -std::numeric_limits<float>::infinity());
}

}  // namespace

QNetwork::QNetwork(const Settings& settings, c10::Device device) : settings_(settings), device_(device) {
  const auto count = static_cast<std::int64_t>(settings.shape.parameters());
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  online_ = torch::zeros({count}, options.requires_grad(true));
  target_ = at::zeros({count}, options);
  first_moment_ = at::zeros({count}, options);
  second_moment_ = at::zeros({count}, options);
}

at::Tensor QNetwork::from_host(const float* data, at::IntArrayRef sizes) const {
  // from_blob does not write; its signature cannot say so.
  const at::Tensor host = at::from_blob(const_cast<float*>(data), sizes, at::TensorOptions().dtype(at::kFloat));
  return device_.is_cpu() ? host : host.to(device_);
}

void QNetwork::read(Numbers& to) const {
  const at::NoGradGuard no_gradient;
  const auto copy = [](const at::Tensor& from, float* out) {
    const at::Tensor host = from.detach().to(at::kCPU).contiguous();
    std::copy_n(host.data_ptr<float>(), host.numel(), out);
  };
  copy(online_, to.online);
  copy(target_, to.target);
  copy(first_moment_, to.first_moment);
  copy(second_moment_, to.second_moment);
  to.steps = steps_;
}

void QNetwork::write(const Numbers& from) {
  const at::NoGradGuard no_gradient;
  const auto copy = [this](const float* data, const at::Tensor& out) { out.copy_(from_host(data, out.sizes())); };
  copy(from.online, online_);
  copy(from.target, target_);
  copy(from.first_moment, first_moment_);
  copy(from.second_moment, second_moment_);
  steps_ = from.steps;
}

QNetwork::Layers QNetwork::layers(const at::Tensor& parameters) const {
  const Shape& s = settings_.shape;
  const std::int64_t inputs = s.inputs, h1 = s.hidden_1, h2 = s.hidden_2;
  std::vector<std::int64_t> sizes{h1 * inputs, h1, h2 * h1, h2, h2};
  if (s.duelling) sizes.push_back(h2);
  sizes.push_back(1);
  const auto parts = parameters.split_with_sizes(sizes);
  return {parts[0].view({h1, inputs}), parts[1], parts[2].view({h2, h1}), parts[3], parts[4],
          s.duelling ? parts[5] : at::Tensor(), parts.back()};
}

at::Tensor QNetwork::hidden(const Layers& layers, const at::Tensor& rows) {
  const at::Tensor first = at::relu(at::addmm(layers.b1, rows, layers.w1.t()));
  return at::relu(at::addmm(layers.b2, first, layers.w2.t()));
}

at::Tensor QNetwork::pooled_mean(const at::Tensor& values, const at::Tensor& count) {
  return values.mul(mask_of(count, values.size(1))).sum(1).div(count.clamp_min(1));
}

at::Tensor QNetwork::next_values(const Batch& batch) const {
  const at::NoGradGuard no_gradient;
  const std::int64_t decisions = batch.decisions, next = batch.next;
  if (next == 0) return at::zeros({decisions}, target_.options());
  const at::Tensor rows = from_host(batch.next_features, {decisions * next, settings_.shape.inputs});
  const at::Tensor count = from_host(batch.next_count, {decisions});
  const Layers target = layers(target_);
  const at::Tensor target_hidden = hidden(target, rows);
  const at::Tensor advantages = at::mv(target_hidden, target.u).view({decisions, next});
  at::Tensor chosen;
  if (settings_.double_q) {
    const Layers online = layers(online_.detach());
    // V and the mean of A are the same for all of a decision's actions: the best A is the best Q.
    const at::Tensor scores = at::mv(hidden(online, rows), online.u).view({decisions, next});
    chosen = advantages.gather(1, masked(scores, count).argmax(1, true)).squeeze(1);
  } else {
    chosen = masked(advantages, count).amax(1);
  }
  at::Tensor values = chosen + target.b;
  if (settings_.shape.duelling) {
    const at::Tensor common = at::mv(target_hidden, target.v - target.u).view({decisions, next});
    values = values + pooled_mean(common, from_host(batch.next_pool_count, {decisions}));
  }
  return at::where(count.gt(0), values, at::zeros_like(values));
}

StepResult QNetwork::step(const Batch& batch, float* td_errors) {
  const std::int64_t decisions = batch.decisions, rows = batch.rows, pool = batch.pool, inputs = settings_.shape.inputs;
  const at::Tensor decision_of_row =
      at::from_blob(const_cast<std::int64_t*>(batch.row_decision), {rows}, at::TensorOptions().dtype(at::kLong)).to(device_);
  const at::Tensor bootstrap = next_values(batch).mul(from_host(batch.discount, {decisions}));
  const at::Tensor y = from_host(batch.row_return, {rows}) + bootstrap.index_select(0, decision_of_row);

  const at::AutoGradMode with_gradient(true);
  const Layers online = layers(online_);
  at::Tensor own = hidden(online, from_host(batch.row_features, {rows, inputs}));
  at::Tensor scores = at::mv(own, online.u) + online.b;
  at::Tensor pool_scores, pool_count;
  if (pool > 0) {
    const at::Tensor pooled = hidden(online, from_host(batch.pool_features, {decisions * pool, inputs}));
    pool_count = from_host(batch.pool_count, {decisions});
    pool_scores = at::mv(pooled, online.u).view({decisions, pool}) + online.b;
    if (settings_.shape.duelling) {
      const at::Tensor common =
          pooled_mean(at::mv(pooled, online.v - online.u).view({decisions, pool}), pool_count);
      scores = scores + common.index_select(0, decision_of_row);
      pool_scores = pool_scores + common.unsqueeze(1);
    }
  }
  const at::Tensor weights = from_host(batch.row_weight, {rows});
  at::Tensor loss = at::huber_loss(scores, y, at::Reduction::None, settings_.huber).mul(weights).mean();
  if (settings_.conservative > 0 && pool > 0) {
    const at::Tensor soft_maximum = masked(pool_scores, pool_count).logsumexp(1);
    loss = loss + (soft_maximum.index_select(0, decision_of_row) - scores).mul(weights).mean() * settings_.conservative;
  }
  StepResult result;
  const at::Tensor errors = (scores.detach() - y).to(at::kCPU).contiguous();
  std::copy_n(errors.data_ptr<float>(), rows, td_errors);
  result.loss = loss.item<float>();
  result.largest_score = scores.detach().abs().max().item<float>();
  const at::Tensor gradient = torch::autograd::grad({loss}, {online_}).front();
  result.finite = std::isfinite(result.loss) && update(gradient);
  return result;
}

bool QNetwork::update(const at::Tensor& gradient) {
  const at::NoGradGuard no_gradient;
  const float norm = gradient.norm().item<float>();
  if (!std::isfinite(norm)) return false;
  const double scale = norm > settings_.largest_gradient ? settings_.largest_gradient / norm : 1.0;
  const at::Tensor g = gradient * scale;
  ++steps_;
  const double first = 1 - std::pow(kFirstDecay, static_cast<double>(steps_));
  const double second = 1 - std::pow(kSecondDecay, static_cast<double>(steps_));
  first_moment_.mul_(kFirstDecay).add_(g, 1 - kFirstDecay);
  second_moment_.mul_(kSecondDecay).addcmul_(g, g, 1 - kSecondDecay);
  const at::Tensor scaled = second_moment_.div(second).sqrt_().add_(kAdamEpsilon);
  online_.addcdiv_(first_moment_, scaled, -settings_.learning_rate / first);
  target_.lerp_(online_, settings_.target_rate);
  return true;
}

}  // namespace riffle::learner::network
