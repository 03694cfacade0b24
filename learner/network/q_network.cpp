#include "learner/network/q_network.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

namespace riffle::learner::network {

QNetwork::QNetwork(const Settings& settings, c10::Device device)
    : FlatNetwork(settings.shape.parameters(), {settings.learning_rate, settings.target_rate, settings.largest_gradient},
                  device),
      settings_(settings) {}

at::Tensor QNetwork::pooled_mean(const at::Tensor& values, const at::Tensor& count) {
  return values.mul(mask_of(count, values.size(1))).sum(1).div(count.clamp_min(1));
}

at::Tensor QNetwork::next_values(const Batch& batch) const {
  const at::NoGradGuard no_gradient;
  const std::int64_t decisions = batch.decisions, next = batch.next;
  if (next == 0) return at::zeros({decisions}, target_.options());
  const at::Tensor rows = from_host(batch.next_features, {decisions * next, settings_.shape.inputs});
  const at::Tensor count = from_host(batch.next_count, {decisions});
  const Layers target = layers_of(settings_.shape, target_);
  const at::Tensor target_hidden = hidden_of(target, rows);
  const at::Tensor advantages = at::mv(target_hidden, target.u).view({decisions, next});
  at::Tensor chosen;
  if (settings_.double_q) {
    const Layers online = layers_of(settings_.shape, online_.detach());
    // V and the mean of A are the same for all of a decision's actions: the best A is the best Q.
    const at::Tensor scores = at::mv(hidden_of(online, rows), online.u).view({decisions, next});
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
  const at::Tensor decision_of_row = from_host(batch.row_decision, {rows});
  const at::Tensor bootstrap = next_values(batch).mul(from_host(batch.discount, {decisions}));
  const at::Tensor y = from_host(batch.row_return, {rows}) + bootstrap.index_select(0, decision_of_row);

  const at::AutoGradMode with_gradient(true);
  const Layers online = layers_of(settings_.shape, online_);
  at::Tensor own = hidden_of(online, from_host(batch.row_features, {rows, inputs}));
  at::Tensor scores = at::mv(own, online.u) + online.b;
  at::Tensor pool_scores, pool_count;
  if (pool > 0) {
    const at::Tensor pooled = hidden_of(online, from_host(batch.pool_features, {decisions * pool, inputs}));
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

}  // namespace riffle::learner::network
