// Training steps of the multi-task network: one computed by hand, and all against the formulas in double precision; serving's pass
// against the network that was trained.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "learner/multi_task/multi_task.h"
#include "learner/q_learning/network.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT
using network::Head;
using network::HeadSet;
using network::MultiTaskShape;

constexpr std::size_t kInputs = MultiTaskPass::kInputs;

double logistic(double o) { return 1 / (1 + std::exp(-o)); }

// learner/network/multi_task_shape.h, as it stands there: what each head says of a row, in Head's order.
std::array<double, network::kHeads> reference(const MultiTaskShape& s, const std::vector<double>& numbers, const double* x) {
  const auto layer = [&](std::size_t w, std::size_t b, std::size_t outputs, const std::vector<double>& in, bool rectified) {
    std::vector<double> out(outputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      out[o] = numbers[b + o];
      for (std::size_t i = 0; i < in.size(); ++i) out[o] += numbers[w + o * in.size() + i] * in[i];
      if (rectified) out[o] = std::max(out[o], 0.0);
    }
    return out;
  };
  const auto h = layer(s.w1(), s.b1(), s.hidden, {x, x + s.inputs}, true);
  const auto f = layer(s.w2(), s.b2(), s.mixed(), h, true);
  const auto gates = layer(s.gates(), s.gate_biases(), s.count() * s.experts, h, false);
  std::array<double, network::kHeads> said{};
  for (std::uint32_t head = 0; head < network::kHeads; ++head) {
    if (!s.has(static_cast<Head>(head))) continue;
    const std::size_t k = s.place(static_cast<Head>(head));
    double sum = 0, o = 0;
    for (std::size_t e = 0; e < s.experts; ++e) sum += std::exp(gates[k * s.experts + e]);
    for (std::size_t e = 0; e < s.experts; ++e)
      for (std::size_t j = 0; j < s.width; ++j)
        o += std::exp(gates[k * s.experts + e]) / sum * f[e * s.width + j] * numbers[s.u() + k * s.width + j];
    o += numbers[s.b() + k];
    said[head] = head == network::kOther ? o : logistic(o);
  }
  said[network::kPurchase] *= said[network::kClick];
  return said;
}

struct Rows {
  std::vector<float> features, weights, labels;
  network::MultiTaskBatch view() const {
    return {static_cast<std::uint32_t>(weights.size()), features.data(), weights.data(), labels.data()};
  }
};

double reference_loss(const network::MultiTaskSettings& settings, const std::vector<double>& numbers, const Rows& rows) {
  const MultiTaskShape& s = settings.shape;
  double loss = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.weights.size(); ++i) {
    const std::vector<double> x(rows.features.begin() + static_cast<std::ptrdiff_t>(i * s.inputs),
                                rows.features.begin() + static_cast<std::ptrdiff_t>((i + 1) * s.inputs));
    const auto p = reference(s, numbers, x.data());
    for (std::uint32_t head = 0; head < network::kHeads; ++head) {
      if (!s.has(static_cast<Head>(head))) continue;
      const double y = rows.labels[next++];
      const double missed = std::abs(p[head] - y), huber = settings.huber;
      const double of_head = head != network::kOther ? -y * std::log(p[head]) - (1 - y) * std::log(1 - p[head])
                             : missed <= huber       ? missed * missed / 2
                                                     : huber * (missed - huber / 2);
      loss += rows.weights[i] * of_head;
    }
  }
  return loss / static_cast<double>(rows.weights.size());
}

class MultiTaskStep : public WithNetwork {
 protected:
  void make(HeadSet heads, std::uint32_t hidden, std::uint32_t experts, std::uint32_t width) {
    settings_.shape = {kInputs, hidden, experts, width, heads};
    settings_.huber = 1;
    settings_.target_rate = .5F;
    settings_.largest_gradient = 1e9F;
    auto made = make_network(**load_network_module(""), settings_, "cpu");
    ASSERT_TRUE(made.ok()) << made.status();
    network_ = *std::move(made);
    numbers_ = QNumbers(settings_.shape.parameters());
  }
  void draw(std::uint64_t seed) {
    Rng rng(seed);
    for (float& x : numbers_.online) x = static_cast<float>(.4 * rng.normal());
    write();
  }
  void write() {
    network_->write({numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(), numbers_.second_moment.data(),
                     numbers_.steps});
  }
  void read() {
    network::Numbers to{numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(),
                        numbers_.second_moment.data(), 0};
    network_->read(to);
  }
  Rows some(std::size_t count, std::uint64_t seed) const {
    Rng rng(seed);
    Rows rows;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < kInputs; ++j) rows.features.push_back(static_cast<float>(2 * rng.uniform() - 1));
      rows.weights.push_back(static_cast<float>(.5 + rng.uniform()));
      const bool click = rng.below(2) == 0;
      for (std::uint32_t head = 0; head < network::kHeads; ++head) {
        if (!settings_.shape.has(static_cast<Head>(head))) continue;
        const double any[] = {click ? 1.0 : 0.0, click && rng.below(2) == 0 ? 1.0 : 0.0, rng.uniform(), rng.uniform(),
                              3 * rng.normal()};
        rows.labels.push_back(static_cast<float>(any[head]));
      }
    }
    return rows;
  }

  network::MultiTaskSettings settings_;
  std::unique_ptr<Network> network_;
  QNumbers numbers_;
};

// h = (x0, x1), the experts are f_0 = x0 and f_1 = x1; click attends to both alike, purchase as e : 1 where x0 = 1, and other
// says b.
TEST_F(MultiTaskStep, IsWhatTheFormulaSaysByHand) {
  make(network::kAlways | network::bit_of(network::kPurchase), 2, 2, 1);
  settings_.learning_rate = .01F;
  network_ = *make_network(**load_network_module(""), settings_, "cpu");
  const MultiTaskShape& s = settings_.shape;
  std::vector<float>& n = numbers_.online;
  n[s.w1()] = n[s.w1() + kInputs + 1] = 1;
  n[s.w2()] = n[s.w2() + 3] = 1;
  n[s.gates() + 1 * 2 * 2] = 1;  // purchase's gate to f_0 reads h_0
  n[s.u()] = 1;
  n[s.u() + 1] = 2;
  n[s.b()] = -1;
  n[s.b() + 2] = .25F;
  write();
  Rows rows;
  rows.features.assign(kInputs, 0);
  rows.features[0] = 1;
  rows.features[1] = 3;
  rows.weights = {.5F};
  rows.labels = {1, 0, 1};  // a click, no purchase, and 1 more
  const double e = std::exp(1.0);
  const double click = logistic((1 + 3) / 2.0 - 1);
  const double then = logistic(2 * (e * 1 + 3) / (e + 1));
  const double expected = -std::log(click) - std::log(1 - click * then) + .75 * .75 / 2;
  std::array<float, 1> missed{};
  const auto result = network_->step(rows.view(), missed);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->finite);
  EXPECT_NEAR(result->loss, .5 * expected, 1e-6);
  EXPECT_NEAR(missed[0], (1 - click) + click * then + .75, 1e-6);
  EXPECT_NEAR(result->largest_score, .25, 1e-6);
  // Adam's first step is the learning rate, whatever the gradient's size: a purchase less likely, and more of the rest.
  read();
  EXPECT_NEAR(numbers_.online[s.b() + 1], -.01, 1e-6);
  EXPECT_NEAR(numbers_.online[s.b() + 2], .26, 1e-6);
}

TEST_F(MultiTaskStep, LossAndGradientsAreThoseOfTheFormulas) {
  for (const HeadSet heads : {network::kAlways, network::kEveryHead, network::kEveryHead & ~network::bit_of(network::kPurchase)}) {
    SCOPED_TRACE(heads);
    make(heads, 5, 3, 4);
    draw(7 + heads);
    const Rows rows = some(11, heads);
    std::vector<float> missed(rows.weights.size());
    std::vector<double> numbers(numbers_.online.begin(), numbers_.online.end());
    const auto result = network_->step(rows.view(), missed);  // a learning rate of 0: numbers stay, moments tell the gradient
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_NEAR(result->loss, reference_loss(settings_, numbers, rows), 1e-5);
    read();
    std::size_t moved = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      constexpr double kStep = 1e-5;
      const double at = numbers[i];
      numbers[i] = at + kStep;
      const double up = reference_loss(settings_, numbers, rows);
      numbers[i] = at - kStep;
      const double down = reference_loss(settings_, numbers, rows);
      numbers[i] = at;
      const double slope = (up - down) / (2 * kStep);
      ASSERT_NEAR(numbers_.first_moment[i] / .1F, slope, 2e-5) << "number " << i;
      moved += slope != 0;
    }
    EXPECT_GT(moved, numbers.size() / 2);
  }
}

// Where a rounded probability of 1 would make the loss infinite.
TEST_F(MultiTaskStep, HopelessPredictionsHaveAFiniteLoss) {
  make(network::kEveryHead, 2, 1, 1);
  for (const float odds : {60.0F, -60.0F}) {
    std::fill_n(numbers_.online.begin() + static_cast<std::ptrdiff_t>(settings_.shape.b()), network::kHeads, odds);
    write();
    Rows rows = some(1, 1);
    for (const float label : {0.0F, 1.0F}) {
      rows.labels.assign(network::kHeads, label);
      std::array<float, 1> missed{};
      const auto result = network_->step(rows.view(), missed);
      ASSERT_TRUE(result.ok());
      EXPECT_TRUE(result->finite) << odds << " " << label << " " << result->loss;
      EXPECT_LT(result->loss, 1000);
    }
  }
}

TEST_F(MultiTaskStep, AStepThatIsNotFiniteChangesNothing) {
  make(network::kEveryHead, 4, 2, 3);
  draw(3);
  const auto before = numbers_.online;
  Rows rows = some(4, 2);
  rows.features[kInputs + 3] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> missed(4);
  const auto result = network_->step(rows.view(), missed);
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->finite);
  read();
  EXPECT_EQ(numbers_.online, before);
}

TEST_F(MultiTaskStep, WhatServingSaysIsWhatWasTrained) {
  for (const HeadSet heads : {network::kAlways, network::kEveryHead, network::kEveryHead & ~network::bit_of(network::kComeback)}) {
    for (const auto& [hidden, experts, width] : {std::array{37U, 3U, 5U}, std::array{8U, 1U, 1U}, std::array{128U, 4U, 16U}}) {
      make(heads, hidden, experts, width);
      draw(heads + hidden);
      const MultiTaskShape& s = settings_.shape;
      constexpr std::size_t kCount = 41;  // no whole tiles
      Rng rng(5);
      std::vector<float> rows(kCount * features::kFeatureCount);
      for (float& x : rows) x = static_cast<float>(2 * rng.uniform() - 1);
      std::vector<HeadValues> said(kCount);
      MultiTaskPass(s, numbers_.online).predict(rows, said);
      const std::vector<double> numbers(numbers_.online.begin(), numbers_.online.end());
      Rows batch;
      for (std::size_t i = 0; i < kCount; ++i) {
        std::vector<double> x(rows.begin() + static_cast<std::ptrdiff_t>(i * features::kFeatureCount),
                              rows.begin() + static_cast<std::ptrdiff_t>((i + 1) * features::kFeatureCount));
        x.push_back(0);
        batch.features.insert(batch.features.end(), x.begin(), x.end());
        batch.weights.push_back(1);
        const auto expected = reference(s, numbers, x.data());
        for (std::uint32_t head = 0; head < network::kHeads; ++head) {
          EXPECT_NEAR(said[i][head], expected[head], 2e-5) << i << " " << head;
          if (s.has(static_cast<Head>(head))) batch.labels.push_back(said[i][head]);
        }
      }
      std::vector<float> missed(kCount);
      ASSERT_TRUE(network_->step(batch.view(), missed).ok());
      for (const float of_row : missed) EXPECT_LT(of_row, 1e-4);
    }
  }
}

}  // namespace
}  // namespace riffle::learner
