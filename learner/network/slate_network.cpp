#include "learner/network/slate_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

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

at::Tensor SlateNetwork::part(const at::Tensor& parameters, std::size_t from) const {
  return parameters.narrow(0, static_cast<std::int64_t>(from),
                           static_cast<std::int64_t>(settings_.shape.part().parameters()));
}

at::Tensor SlateNetwork::positions(const at::Tensor& parameters) const {
  return parameters.narrow(0, static_cast<std::int64_t>(settings_.shape.positions()), SlateShape::kPositions);
}

at::Tensor SlateNetwork::output(const at::Tensor& part, const at::Tensor& rows) const {
  const Layers layers = layers_of(settings_.shape.part(), part);
  return at::mv(hidden_of(layers, rows), layers.u) + layers.b;
}

at::Tensor SlateNetwork::value(const at::Tensor& parameters, const at::Tensor& nothing) const {
  return output(part(parameters, settings_.shape.value()), nothing);
}

at::Tensor SlateNetwork::advantage(const at::Tensor& parameters, const at::Tensor& rows, const at::Tensor& nothing) const {
  at::Tensor common = nothing.clone();
  common.select(-1, settings_.shape.inputs - 1).zero_();
  return output(part(parameters, settings_.shape.advantage()), (rows - common).view({-1, settings_.shape.inputs}));
}

// Whether a row is ⊥ is no feature: what choosing anything is worth against nothing is not drawn to 0.
void SlateNetwork::decay() {
  const at::NoGradGuard no_gradient;
  const Shape shape = settings_.shape.part();
  const std::int64_t inputs = shape.inputs;
  part(online_, settings_.shape.advantage())
      .narrow(0, static_cast<std::int64_t>(shape.w1()), shape.hidden_1 * inputs)
      .view({shape.hidden_1, inputs})
      .narrow(1, 0, inputs - 1)
      .mul_(1 - settings_.learning_rate * settings_.advantage_decay);
}

at::Tensor SlateNetwork::next_values(const SlateBatch& batch) const {
  const at::NoGradGuard no_gradient;
  const std::int64_t decisions = batch.decisions, next = batch.next, padded = next + 1;
  if (next == 0) return at::zeros({decisions}, target_.options());
  const SlateShape& shape = settings_.shape;
  const at::Tensor rows = from_host(batch.next_features, {decisions * padded, shape.inputs});
  const at::Tensor lists = rows.view({decisions, padded, shape.inputs}), nothing = lists.narrow(1, 0, 1);  // one a decision
  const at::Tensor count = from_host(batch.next_count, {decisions});
  const at::Tensor logits = output(part(online_, shape.choice()), rows).view({decisions, padded});
  const auto worth = [&](const at::Tensor& parameters) {
    return advantage(parameters, lists, nothing).view({decisions, padded}) + value(parameters, nothing.squeeze(1)).unsqueeze(1);
  };
  const at::Tensor target = worth(target_);
  const at::Tensor positions = this->positions(online_);
  at::Tensor choice, worths;  // of the list, ⊥ first
  if (settings_.target == SlateSettings::kSarsa) {
    const at::Tensor place = positions.index_select(0, from_host(batch.next_position, {decisions * next})).view({decisions, next});
    choice = log_choice(at::cat({logits.narrow(1, 0, 1), logits.narrow(1, 1, next) + place}, 1), count).exp();
    worths = target;
  } else {
    const at::Tensor online = this->advantage(online_, lists, nothing).view({decisions, padded});  // V is the same for all
    const at::Tensor advantage = online.narrow(1, 1, next) - online.narrow(1, 0, 1);
    const at::Tensor v = (logits.narrow(1, 1, next) - logits.narrow(1, 0, 1)).clamp(-kLargestLogOdds, kLargestLogOdds).exp();
    const at::Tensor length = at::minimum(from_host(batch.next_length, {decisions}), count);
    const at::Tensor order = settings_.target == SlateSettings::kTopK
                                 ? top_k(v, advantage, count)
                                 : greedy(v, advantage, count, static_cast<std::int64_t>(length.max().item<float>()));
    const at::Tensor ranks = at::arange(next, order.options()).clamp_max(std::int64_t{SlateShape::kPositions - 1});
    const at::Tensor listed = logits.narrow(1, 1, next).gather(1, order) + positions.index_select(0, ranks).unsqueeze(0);
    choice = log_choice(at::cat({logits.narrow(1, 0, 1), listed}, 1), length).exp();
    worths = at::cat({target.narrow(1, 0, 1), target.narrow(1, 1, next).gather(1, order)}, 1);
  }
  return at::where(count.gt(0), (choice * worths).sum(1), at::zeros_like(count));
}

StepResult SlateNetwork::step(const SlateBatch& batch, float* td_errors) {
  const std::int64_t decisions = batch.decisions, slots = batch.slots, rows = batch.rows;
  const SlateShape& shape = settings_.shape;
  const at::Tensor decision_of_row = from_host(batch.row_decision, {rows});
  const at::Tensor bootstrap = next_values(batch).mul(from_host(batch.discount, {decisions}));
  const at::Tensor y = from_host(batch.row_return, {rows}) + bootstrap.index_select(0, decision_of_row);

  const at::AutoGradMode with_gradient(true);
  const at::Tensor shown = from_host(batch.shown, {decisions * (slots + 1), shape.inputs});
  const at::Tensor logits = output(part(online_, shape.choice()), shown).view({decisions, slots + 1});
  const at::Tensor place =
      positions(online_).index_select(0, from_host(batch.shown_position, {decisions * slots})).view({decisions, slots});
  const at::Tensor listed = at::cat({logits.narrow(1, 0, 1), logits.narrow(1, 1, slots) + place}, 1);
  const at::Tensor chosen = from_host(batch.chosen, {decisions, slots + 1});
  // Where nothing could be chosen the logarithm is −∞, and its share 0.
  const at::Tensor surprise =
      log_choice(listed, from_host(batch.shown_count, {decisions})).masked_fill(chosen.le(0), 0).mul(chosen).sum(1).neg();
  const at::Tensor nothing = shown.view({decisions, slots + 1, shape.inputs}).select(1, 0).index_select(0, decision_of_row);
  const at::Tensor scores =
      value(online_, nothing) + advantage(online_, from_host(batch.row_features, {rows, shape.inputs}), nothing);
  const at::Tensor errors_of_rows = at::huber_loss(scores, y, at::Reduction::None, settings_.huber);
  const at::Tensor loss = (surprise.mul(from_host(batch.weight, {decisions})).sum() +
                           errors_of_rows.mul(from_host(batch.row_weight, {rows})).sum()) / static_cast<double>(decisions);
  StepResult result;
  const at::Tensor errors = (scores.detach() - y).to(at::kCPU).contiguous();
  std::copy_n(errors.data_ptr<float>(), rows, td_errors);
  result.loss = loss.item<float>();
  result.largest_score = scores.detach().abs().max().item<float>();
  const at::Tensor gradient = torch::autograd::grad({loss}, {online_}).front();
  result.finite = std::isfinite(result.loss) && update(gradient);
  if (result.finite && settings_.advantage_decay > 0) decay();
  return result;
}

}  // namespace riffle::learner::network
