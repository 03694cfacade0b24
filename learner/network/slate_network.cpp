#include "learner/network/slate_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

namespace riffle::learner::network {
namespace {

constexpr double kLargestLogOdds = 20;   // of one item against ⊥, where they are not normalised
constexpr float kNever = -std::numeric_limits<float>::infinity();

// [decisions, 1 + padded] of ln v, ⊥ first: P of each, those beyond `count` left out.
at::Tensor log_choice(const at::Tensor& logits, const at::Tensor& count) { return masked(logits, count + 1).log_softmax(1); }

// The places in the order in which they fill a list, [decisions, padded], by v and their advantage over ⊥: those that count
// before the others.
at::Tensor top_k(const at::Tensor& v, const at::Tensor& advantage, const at::Tensor& count) {
  return masked(v * advantage, count).argsort(1, true);
}

// Repeatedly the place i with the largest (N + v_i a_i) / (D + v_i), N and D the sums of v·a and v (and ⊥'s 1) of those above.
at::Tensor greedy(const at::Tensor& v, const at::Tensor& advantage, const at::Tensor& count, std::int64_t length) {
  at::Tensor numerator = at::zeros({v.size(0), 1}, v.options()), denominator = at::ones({v.size(0), 1}, v.options());
  at::Tensor left = mask_of(count, v.size(1));
  at::Tensor order = at::zeros({v.size(0), v.size(1)}, v.options().dtype(at::kLong));
  for (std::int64_t k = 0; k < length; ++k) {
    const at::Tensor ratio = ((numerator + v * advantage) / (denominator + v)).masked_fill(left.logical_not(), kNever);
    const at::Tensor best = ratio.argmax(1, true);
    order.select(1, k).copy_(best.squeeze(1));
    const at::Tensor weight = v.gather(1, best);
    numerator = numerator + weight * advantage.gather(1, best);
    denominator = denominator + weight;
    left = left.scatter(1, best, false);
  }
  return order;
}

}  // namespace

SlateNetwork::SlateNetwork(const SlateSettings& settings, c10::Device device)
    : FlatNetwork(settings.shape.parameters(), {settings.learning_rate, settings.target_rate, settings.largest_gradient},
                  device),
      settings_(settings) {}

SlateNetwork::Parts SlateNetwork::parts_of(const at::Tensor& parameters) const {
  const Shape shape = settings_.shape.part();
  const auto size = static_cast<std::int64_t>(shape.parameters());
  const auto parts = parameters.split_with_sizes({size, SlateShape::kPositions, size, size});
  return {layers_of(shape, parts[0]), parts[1], layers_of(shape, parts[2]), layers_of(shape, parts[3])};
}

at::Tensor SlateNetwork::output(const Layers& part, const at::Tensor& rows) { return answers_of(part, rows).squeeze(1) + part.b; }

at::Tensor SlateNetwork::differences(const at::Tensor& rows, const at::Tensor& nothing) const {
  at::Tensor common = nothing.clone();
  common.select(-1, settings_.shape.inputs - 1).zero_();
  return (rows - common).view({-1, settings_.shape.inputs});
}

// Whether a row is ⊥ is no feature: what choosing anything is worth against nothing is not drawn to 0.
void SlateNetwork::decay() {
  const at::Tensor of_features = parts_of(online_).advantage.w1.narrow(1, 0, settings_.shape.inputs - 1);
  of_features.mul_(1 - settings_.learning_rate * settings_.advantage_decay);
}

at::Tensor SlateNetwork::next_values(const SlateBatch& batch) const {
  const std::int64_t decisions = batch.decisions, next = batch.next, padded = next + 1;
  if (next == 0) return at::zeros({decisions}, target_.options());
  const std::int64_t inputs = settings_.shape.inputs;
  const Parts online = parts_of(online_), target = parts_of(target_);
  const at::Tensor rows = from_host(batch.next_features, {decisions * padded, inputs});
  const at::Tensor lists = rows.view({decisions, padded, inputs}), nothing = lists.narrow(1, 0, 1);  // one a decision
  const at::Tensor count = from_host(batch.next_count, {decisions});
  const at::Tensor logits = output(online.choice, rows).view({decisions, padded});
  const at::Tensor apart = differences(lists, nothing);
  const at::Tensor worth = output(target.advantage, apart).view({decisions, padded}) +
                           output(target.value, nothing.squeeze(1)).unsqueeze(1);
  at::Tensor choice, worths;  // of the list, ⊥ first
  if (settings_.target == SlateSettings::kSarsa) {
    const at::Tensor place = online.positions.index_select(0, from_host(batch.next_position, {decisions * next}));
    logits.narrow(1, 1, next).add_(place.view({decisions, next}));
    choice = log_choice(logits, count).exp();
    worths = worth;
  } else {
    const at::Tensor all = output(online.advantage, apart).view({decisions, padded});  // V is the same for all
    const at::Tensor advantage = all.narrow(1, 1, next) - all.narrow(1, 0, 1);
    const at::Tensor v = (logits.narrow(1, 1, next) - logits.narrow(1, 0, 1)).clamp(-kLargestLogOdds, kLargestLogOdds).exp();
    const at::Tensor length = at::minimum(from_host(batch.next_length, {decisions}), count);
    const at::Tensor order = settings_.target == SlateSettings::kTopK
                                 ? top_k(v, advantage, count)
                                 : greedy(v, advantage, count, static_cast<std::int64_t>(length.max().item<float>()));
    const at::Tensor ranks = at::arange(next, order.options()).clamp_max(std::int64_t{SlateShape::kPositions - 1});
    const at::Tensor listed = logits.narrow(1, 1, next).gather(1, order) + online.positions.index_select(0, ranks).unsqueeze(0);
    choice = log_choice(at::cat({logits.narrow(1, 0, 1), listed}, 1), length).exp();
    worths = at::cat({worth.narrow(1, 0, 1), worth.narrow(1, 1, next).gather(1, order)}, 1);
  }
  return at::where(count.gt(0), (choice * worths).sum(1), at::zeros_like(count));
}

StepResult SlateNetwork::step(const SlateBatch& batch, float* td_errors) {
  const at::NoGradGuard no_gradient;
  const std::int64_t decisions = batch.decisions, slots = batch.slots, rows = batch.rows, inputs = settings_.shape.inputs;
  const at::Tensor decision_of_row = from_host(batch.row_decision, {rows});
  const at::Tensor bootstrap = next_values(batch).mul(from_host(batch.discount, {decisions}));
  const at::Tensor y = from_host(batch.row_return, {rows}) + bootstrap.index_select(0, decision_of_row);
  const Parts online = parts_of(online_), gradient = parts_of(gradient_.zero_());

  const at::Tensor shown = from_host(batch.shown, {decisions * (slots + 1), inputs});
  const Pass choice = pass_of(online.choice, shown);
  const at::Tensor position = from_host(batch.shown_position, {decisions * slots});
  const at::Tensor logits = choice.answers.view({decisions, slots + 1}) + online.choice.b;
  logits.narrow(1, 1, slots).add_(online.positions.index_select(0, position).view({decisions, slots}));
  const at::Tensor log_shares = log_choice(logits, from_host(batch.shown_count, {decisions}));
  const at::Tensor chosen = from_host(batch.chosen, {decisions, slots + 1});
  const at::Tensor weight = from_host(batch.weight, {decisions}) / static_cast<double>(decisions);
  // Where nothing could be chosen the logarithm is −∞, and its share 0.
  const at::Tensor surprise = log_shares.masked_fill(chosen.le(0), 0).mul_(chosen).sum(1).neg_();
  const at::Tensor of_logits = log_shares.exp().sub_(chosen).mul_(weight.unsqueeze(1));  // a list's `chosen` sum up to 1

  const at::Tensor nothing = shown.view({decisions, slots + 1, inputs}).select(1, 0).index_select(0, decision_of_row);
  const Pass value = pass_of(online.value, nothing);
  const Pass advantage = pass_of(online.advantage, differences(from_host(batch.row_features, {rows, inputs}), nothing));
  const at::Tensor scores = (value.answers + advantage.answers).squeeze_(1).add_(online.value.b).add_(online.advantage.b);
  const at::Tensor row_weight = from_host(batch.row_weight, {rows}) / static_cast<double>(decisions);
  const at::Tensor errors = scores - y;
  const at::Tensor of_scores = errors.clamp(-settings_.huber, settings_.huber).mul_(row_weight).unsqueeze_(1);
  const at::Tensor loss = surprise.mul(weight).sum() +
                          at::huber_loss(scores, y, at::Reduction::None, settings_.huber).mul_(row_weight).sum();
  StepResult result;
  const at::Tensor host = errors.to(at::kCPU).contiguous();
  std::copy_n(host.data_ptr<float>(), rows, td_errors);
  result.loss = loss.item<float>();
  result.largest_score = scores.abs().max().item<float>();

  add_gradient(online.choice, choice, of_logits.view({-1, 1}), gradient.choice);
  gradient.choice.b.add_(of_logits.sum());
  gradient.positions.index_add_(0, position, of_logits.narrow(1, 1, slots).reshape({-1}));
  add_gradient(online.value, value, of_scores, gradient.value);
  add_gradient(online.advantage, advantage, of_scores, gradient.advantage);
  const at::Tensor of_bias = of_scores.sum();
  gradient.value.b.add_(of_bias);
  gradient.advantage.b.add_(of_bias);
  result.finite = std::isfinite(result.loss) && update(gradient_);
  if (result.finite && settings_.advantage_decay > 0) decay();
  return result;
}

}  // namespace riffle::learner::network
