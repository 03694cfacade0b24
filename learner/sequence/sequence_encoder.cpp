#include "learner/sequence/sequence_encoder.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace riffle::learner {
namespace {

using Matrix = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using Vector = Eigen::Map<Eigen::VectorXf>;
using ConstVector = Eigen::Map<const Eigen::VectorXf>;

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

Vector vector(std::span<float> of) { return {of.data(), index(of.size())}; }

// In one order wherever the numbers lie: Eigen's sums, and its exponentials, begin where memory is aligned, and differ in the last bit.
template <class Term>
float sum(std::size_t count, const Term& term) {
  constexpr std::size_t kLanes = 8;
  std::array<float, kLanes> lanes{};
  for (std::size_t i = 0; i < count; ++i) lanes[i % kLanes] += term(i);
  float all = 0;
  for (const float lane : lanes) all += lane;
  return all;
}

void normalise(float* x, std::size_t width) {
  const float mean = sum(width, [x](std::size_t i) { return x[i]; }) / static_cast<float>(width);
  for (std::size_t i = 0; i < width; ++i) x[i] -= mean;
  const float variance = sum(width, [x](std::size_t i) { return x[i] * x[i]; }) / static_cast<float>(width);
  const float scale = 1 / std::sqrt(variance + network::kNormEpsilon);
  for (std::size_t i = 0; i < width; ++i) x[i] *= scale;
}

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

SequenceEncoder::SequenceEncoder(const network::SequenceShape& shape, std::span<const float> numbers)
    : shape_(shape), numbers_(numbers.begin(), numbers.end()) {
  RIFFLE_CHECK(numbers.size() == shape.parameters(), "another shape's numbers", numbers.size());
  const std::size_t d = shape.d();
  for (std::vector<float>* scratch : {&query_, &key_, &mixed_, &value_}) scratch->resize(d);
  hidden_gates_.resize(3 * d);
  inner_.resize(shape.inner());
}

void SequenceEncoder::encode(std::span<const SequenceEntry> history, std::int64_t now_ms, const SequenceTables& tables,
                             std::span<float> state) {
  const std::size_t d = shape_.d();
  tokens_of(history, shape_.length, tokens_);
  x_.resize(tokens_.size() * d);
  for (std::size_t t = 0; t < tokens_.size(); ++t) {
    const std::span<float> x(x_.data() + t * d, d);
    tables.input(tokens_[t].item, tokens_[t].category, x);
    vector(x) += ConstVector(at(shape_.types() + tokens_[t].type * d), index(d)) +
                 ConstVector(at(shape_.gaps() + tokens_[t].gap * d), index(d));
  }
  if (shape_.kind == network::SequenceShape::kMean) {
    weigh(now_ms, false);
    mean(state);
  } else if (shape_.kind == network::SequenceShape::kGru) {
    gru(state);
  } else {
    normal_ = x_;
    for (std::size_t t = 0; t < tokens_.size(); ++t) normalise(normal_.data() + t * d, d);
    weigh(now_ms, true);
    attention(state);
  }
  vector(state) += ConstVector(at(shape_.now() + tokens_.back().age(now_ms) * d), index(d));
}

void SequenceEncoder::weigh(std::int64_t now_ms, bool by_content) {
  const std::size_t d = shape_.d(), count = tokens_.size();
  weights_.resize(count);
  for (std::size_t t = 0; t < count; ++t)
    weights_[t] = network::kSteepness * (at(shape_.places())[count - 1 - t] + at(shape_.ages())[tokens_[t].age(now_ms)] +
                                         at(shape_.type_weights())[tokens_[t].type]);
  if (by_content) {
    const Matrix x(normal_.data(), index(count), index(d));
    vector(query_).noalias() = Matrix(at(shape_.query()), index(d), index(d)) * x.row(index(count - 1)).transpose();
    vector(key_).noalias() = Matrix(at(shape_.key()), index(d), index(d)).transpose() * vector(query_);
    vector(weights_).noalias() += x * (vector(key_) / std::sqrt(static_cast<float>(d)));
  }
  const float largest = *std::max_element(weights_.begin(), weights_.end());
  for (float& weight : weights_) weight = std::exp(weight - largest);
  const float all = sum(count, [this](std::size_t t) { return weights_[t]; });
  for (float& weight : weights_) weight /= all;
}

void SequenceEncoder::mean(std::span<float> state) {
  vector(state).noalias() = Matrix(x_.data(), index(tokens_.size()), index(shape_.d())).transpose() * vector(weights_);
}

void SequenceEncoder::gru(std::span<float> state) {
  const std::size_t d = shape_.d(), count = tokens_.size();
  gates_.resize(count * 3 * d);
  Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> gates(gates_.data(), index(count), index(3 * d));
  gates.noalias() = Matrix(x_.data(), index(count), index(d)) * Matrix(at(shape_.w_input()), index(3 * d), index(d)).transpose();
  const Matrix recurrent(at(shape_.w_hidden()), index(3 * d), index(d));
  const float* const input_bias = at(shape_.b_input());
  std::fill(state.begin(), state.end(), 0.0F);
  for (std::size_t t = 0; t < count; ++t) {
    vector(hidden_gates_).noalias() = recurrent * vector(state);
    vector(hidden_gates_) += ConstVector(at(shape_.b_hidden()), index(3 * d));
    const float* const given = gates_.data() + t * 3 * d;
    for (std::size_t i = 0; i < d; ++i) {
      const float reset = sigmoid(given[i] + input_bias[i] + hidden_gates_[i]);
      const float update = sigmoid(given[d + i] + input_bias[d + i] + hidden_gates_[d + i]);
      const float fresh = std::tanh(given[2 * d + i] + input_bias[2 * d + i] + reset * hidden_gates_[2 * d + i]);
      state[i] = fresh + update * (state[i] - fresh);
    }
  }
}

void SequenceEncoder::attention(std::span<float> state) {
  const std::size_t d = shape_.d(), inner = shape_.inner();
  mean(mixed_);
  vector(value_).noalias() = Matrix(at(shape_.value()), index(d), index(d)) * vector(mixed_);
  std::copy(value_.begin(), value_.end(), mixed_.begin());
  normalise(mixed_.data(), d);
  vector(inner_).noalias() = Matrix(at(shape_.w1()), index(inner), index(d)) * vector(mixed_);
  vector(inner_) = (vector(inner_) + ConstVector(at(shape_.b1()), index(inner))).cwiseMax(0.0F);
  vector(state).noalias() = Matrix(at(shape_.w2()), index(d), index(inner)) * vector(inner_);
  vector(state) += vector(value_) + ConstVector(at(shape_.b2()), index(d));
}

// Eight numbers at a time and always in the same order, wherever they lie; two sums side by side, as each waits for the one before.
void score_rows(std::span<const float> rows, std::span<const float> state, std::span<float> scores) {
  using Lanes = float __attribute__((vector_size(32)));
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(float);
  // Lanes do not leave a function by value: where the processor has narrower registers, that changes the calling convention.
  const auto add_product = [](Lanes& sum, const float* x, const float* y) {
    Lanes of_x, of_y;
    std::memcpy(&of_x, x, sizeof of_x);
    std::memcpy(&of_y, y, sizeof of_y);
    sum += of_x * of_y;
  };
  const std::size_t width = state.size(), pairs = width - width % (2 * kLanes);
  for (std::size_t row = 0; row < scores.size(); ++row) {
    const float* const of = rows.data() + row * width;
    Lanes even{}, odd{};
    for (std::size_t i = 0; i < pairs; i += 2 * kLanes) {
      add_product(even, of + i, state.data() + i);
      add_product(odd, of + i + kLanes, state.data() + i + kLanes);
    }
    even += odd;
    const Lanes halves = even + __builtin_shufflevector(even, even, 4, 5, 6, 7, 0, 1, 2, 3);
    const Lanes quarters = halves + __builtin_shufflevector(halves, halves, 2, 3, 0, 1, 6, 7, 4, 5);
    float sum = quarters[0] + quarters[1];
    for (std::size_t i = pairs; i < width; ++i) sum += of[i] * state[i];
    scores[row] = sum;
  }
}

}  // namespace riffle::learner
