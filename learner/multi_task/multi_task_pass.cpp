#include "learner/multi_task/multi_task_pass.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "features/packet_math.h"

namespace riffle::learner {
namespace {

using features::kFeatureCount;
using network::Head;

// Rows at a time: all layers of so many stay in the first-level cache.
constexpr std::size_t kTile = 36;

// Head after head of `experts` logits each, in the place of which comes e^(logit − the head's largest).
void take_softmax_exps(std::span<float> logits, std::size_t stride, std::size_t heads, std::size_t experts) {
  for (std::size_t row = 0; row < logits.size(); row += stride) {
    for (std::size_t k = 0; k < heads; ++k) {
      float* const first = logits.data() + row + k * experts;
      const float largest = *std::max_element(first, first + experts);
      for (std::size_t e = 0; e < experts; ++e) first[e] -= largest;
    }
  }
  features::take_exps(logits);
}

}  // namespace

MultiTaskPass::MultiTaskPass(const network::MultiTaskShape& shape, std::span<const float> parameters)
    : shape_(shape), padded_(features::whole_packets(shape.width)), u_(shape.count() * padded_) {
  RIFFLE_CHECK(shape.inputs == kInputs && parameters.size() == shape.parameters(), "inputs", shape.inputs);
  const auto part = [&](std::size_t from, std::size_t to) { return parameters.subspan(from, to - from); };
  shared_ = DenseLayer(part(shape.w1(), shape.b1()), part(shape.b1(), shape.w2()));
  std::vector<float> weights(shape.experts * padded_ * shape.hidden), biases(shape.experts * padded_);
  for (std::size_t e = 0; e < shape.experts; ++e) {
    const std::size_t inputs = shape.width * shape.hidden;
    std::copy_n(parameters.data() + shape.w2() + e * inputs, inputs, weights.data() + e * padded_ * shape.hidden);
    std::copy_n(parameters.data() + shape.b2() + e * shape.width, shape.width, biases.data() + e * padded_);
  }
  experts_ = DenseLayer(weights, biases);
  gates_ = DenseLayer(part(shape.gates(), shape.gate_biases()), part(shape.gate_biases(), shape.u()),
                      DenseLayer::Activation::kNone);
  for (std::size_t k = 0; k < shape.count(); ++k)
    std::copy_n(parameters.data() + shape.u() + k * shape.width, shape.width, u_.data() + k * padded_);
  bias_.assign(parameters.begin() + static_cast<std::ptrdiff_t>(shape.b()), parameters.end());
}

void MultiTaskPass::outputs(const float* experts, const float* attention, float* out) const {
  thread_local std::vector<float> mixed;  // Σ_e α_e f_e, and zeros behind it
  mixed.resize(padded_);
  for (std::size_t k = 0; k < shape_.count(); ++k) {
    std::fill(mixed.begin(), mixed.end(), 0.0F);
    float sum = 0;
    for (std::size_t e = 0; e < shape_.experts; ++e) {
      const float weight = attention[k * shape_.experts + e];
      const float* const units = experts + e * padded_;
      sum += weight;
      for (std::size_t j = 0; j < padded_; j += features::kPacket)
        for (std::size_t lane = 0; lane < features::kPacket; ++lane) mixed[j + lane] += weight * units[j + lane];
    }
    out[k] = dot(mixed.data(), u_.data() + k * padded_, padded_) / sum + bias_[k];
  }
}

void MultiTaskPass::predict(std::span<const float> rows, std::span<HeadValues> predictions) const {
  RIFFLE_CHECK(rows.size() == predictions.size() * kFeatureCount, "features", rows.size(), "rows", predictions.size());
  thread_local std::vector<float> shared, experts, gates, odds;  // scratch: the layers of a tile
  const std::size_t heads = shape_.count();
  shared.resize(kTile * shared_.width());
  experts.resize(kTile * experts_.width());
  gates.resize(kTile * gates_.width());
  for (std::size_t from = 0; from < predictions.size(); from += kTile) {
    const std::size_t here = std::min(kTile, predictions.size() - from);
    shared_.run(rows.data() + from * kFeatureCount, here, kFeatureCount, kFeatureCount, shared.data());
    experts_.run(shared.data(), here, shared_.width(), experts_.inputs(), experts.data());
    gates_.run(shared.data(), here, shared_.width(), gates_.inputs(), gates.data());
    take_softmax_exps(std::span(gates).first(here * gates_.width()), gates_.width(), heads, shape_.experts);
    odds.assign(features::whole_packets(here * heads), 0.0F);
    for (std::size_t i = 0; i < here; ++i)
      outputs(experts.data() + i * experts_.width(), gates.data() + i * gates_.width(), odds.data() + i * heads);
    for (std::size_t i = 0; i < here; ++i) predictions[from + i] = {};
    const std::size_t other = shape_.place(network::kOther);
    for (std::size_t i = 0; i < here; ++i) predictions[from + i][network::kOther] = odds[i * heads + other];
    for (float& x : odds) x = -x;
    features::take_exps(odds);
    for (std::size_t i = 0; i < here; ++i) {
      HeadValues& said = predictions[from + i];
      for (const Head head : {network::kClick, network::kPurchase, network::kDwell, network::kComeback})
        if (shape_.has(head)) said[head] = 1 / (1 + odds[i * heads + shape_.place(head)]);
      said[network::kPurchase] *= said[network::kClick];
    }
  }
}

}  // namespace riffle::learner
