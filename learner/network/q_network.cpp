#include "learner/network/q_network.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "learner/network/layers.h"

namespace riffle::learner::network {

QNetwork::QNetwork(const Settings& settings, c10::Device device)
    : FlatNetwork(settings.shape.parameters(), {settings.learning_rate, settings.target_rate, settings.largest_gradient},
                  device),
      settings_(settings) {}

at::Tensor QNetwork::common_of(const at::Tensor& answers, const at::Tensor& count) {
  const at::Tensor each = (answers.select(1, 1) - answers.select(1, 0)).view({count.size(0), -1});
  return each.mul_(mask_of(count, each.size(1))).sum(1).div_(count.clamp_min(1));
}

at::Tensor QNetwork::next_values(const Batch& batch) const {
  const std::int64_t decisions = batch.decisions, next = batch.next;
  if (next == 0) return at::zeros({decisions}, target_.options());
  const at::Tensor rows = from_host(batch.next_features, {decisions * next, settings_.shape.inputs});
  const at::Tensor count = from_host(batch.next_count, {decisions});
  const Layers target = layers_of(settings_.shape, target_);
  // Duelling takes means over what the target network says of all; a plain double Q asks it about the chosen ones alone.
  const bool of_all = settings_.shape.duelling || !settings_.double_q;
  const at::Tensor answers = of_all ? answers_of(target, rows) : at::Tensor();
  at::Tensor values;
  if (settings_.double_q) {
    // V and the mean of A are the same for all of a decision's actions: the best A is the best Q.
    const at::Tensor scores = answers_of(layers_of(settings_.shape, online_), rows).select(1, 0).view({decisions, next});
    const at::Tensor best = masked(scores, count).argmax(1);
    const at::Tensor chosen = at::arange(decisions, best.options()).mul_(next).add_(best);
    values = (of_all ? answers.index_select(0, chosen) : answers_of(target, rows.index_select(0, chosen))).select(1, 0);
  } else {
    values = masked(answers.select(1, 0).view({decisions, next}), count).amax(1);
  }
  values = values + target.b;
  if (settings_.shape.duelling) values = values + common_of(answers, from_host(batch.next_pool_count, {decisions}));
  return at::where(count.gt(0), values, at::zeros_like(values));
}

StepResult QNetwork::step(const Batch& batch, float* td_errors) {
  const at::NoGradGuard no_gradient;
  const std::int64_t decisions = batch.decisions, rows = batch.rows, pool = batch.pool, inputs = settings_.shape.inputs;
  const bool duelling = settings_.shape.duelling;
  const at::Tensor decision_of_row = from_host(batch.row_decision, {rows});
  const at::Tensor bootstrap = next_values(batch).mul(from_host(batch.discount, {decisions}));
  const at::Tensor y = from_host(batch.row_return, {rows}) + bootstrap.index_select(0, decision_of_row);
  const at::Tensor weights = from_host(batch.row_weight, {rows}) / static_cast<double>(rows);

  const Layers online = layers_of(settings_.shape, online_), gradient = layers_of(settings_.shape, gradient_.zero_());
  const Pass own = pass_of(online, from_host(batch.row_features, {rows, inputs}));
  const at::Tensor scores = own.answers.select(1, 0) + online.b;
  Pass pooled;
  at::Tensor pool_count, common;
  if (pool > 0) {
    pooled = pass_of(online, from_host(batch.pool_features, {decisions * pool, inputs}));
    pool_count = from_host(batch.pool_count, {decisions});
    common = duelling ? common_of(pooled.answers, pool_count) : at::zeros_like(pool_count);
    scores.add_(common.index_select(0, decision_of_row));
  }
  const at::Tensor errors = scores - y;
  at::Tensor loss = at::huber_loss(scores, y, at::Reduction::None, settings_.huber).mul(weights).sum();
  const at::Tensor of_scores = errors.clamp(-settings_.huber, settings_.huber).mul_(weights);
  at::Tensor of_pool_scores = at::zeros({decisions, pool}, weights.options());
  if (settings_.conservative > 0 && pool > 0) {
    const at::Tensor penalty = weights * settings_.conservative;
    const at::Tensor pool_scores = pooled.answers.select(1, 0).view({decisions, pool}) + (online.b + common).unsqueeze(1);
    const at::Tensor soft_maximum = masked(pool_scores, pool_count).logsumexp(1);
    loss = loss + (soft_maximum.index_select(0, decision_of_row) - scores).mul(penalty).sum();
    const at::Tensor shares = masked(pool_scores, pool_count).softmax(1);
    of_pool_scores = shares.mul_(at::zeros_like(common).index_add_(0, decision_of_row, penalty).unsqueeze(1));
    of_scores.sub_(penalty);
  }
  StepResult result;
  const at::Tensor host = errors.to(at::kCPU).contiguous();
  std::copy_n(host.data_ptr<float>(), rows, td_errors);
  result.loss = loss.item<float>();
  result.largest_score = scores.abs().max().item<float>();

  gradient.b.add_(of_scores.sum()).add_(of_pool_scores.sum());
  add_gradient(online, own, duelling ? at::stack({of_scores, at::zeros_like(of_scores)}, 1) : of_scores.unsqueeze(1), gradient);
  if (duelling) {
    // What a decision's candidates have in common is part of all its scores, and a mean over what is said of each: (v − u)·h.
    const at::Tensor of_common = of_pool_scores.sum(1).index_add_(0, decision_of_row, of_scores);
    const at::Tensor of_each = mask_of(pool_count, pool).mul(of_common.div(pool_count).unsqueeze(1));
    add_gradient(online, pooled, at::stack({of_pool_scores - of_each, of_each}, 2).view({-1, 2}), gradient);
  } else if (pool > 0) {
    add_gradient(online, pooled, of_pool_scores.view({-1, 1}), gradient);
  }
  result.finite = std::isfinite(result.loss) && update(gradient_);
  return result;
}

}  // namespace riffle::learner::network
