#include "learner/dense_layer.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::learner {
namespace {

std::vector<float> drawn(Rng& rng, std::size_t count) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(rng.normal());
  return numbers;
}

TEST(DenseLayer, OutputsAreRectifiedSumsWhateverFillsNoVector) {
  Rng rng(1);
  for (const std::size_t inputs : {1, 3, 33})
    for (const std::size_t outputs : {1, 19, 32, 70})
      for (const std::size_t count : {1, 5, 6, 13}) {
        const auto weights = drawn(rng, inputs * outputs), bias = drawn(rng, outputs), rows = drawn(rng, inputs * count);
        const DenseLayer layer(weights, bias);
        ASSERT_EQ(layer.inputs(), inputs);
        ASSERT_GE(layer.width(), outputs);
        std::vector<float> out(count * layer.width(), -1);
        layer.run(rows.data(), count, inputs, inputs, out.data());
        for (std::size_t r = 0; r < count; ++r)
          for (std::size_t o = 0; o < layer.width(); ++o) {
            double sum = o < outputs ? bias[o] : 0;
            for (std::size_t i = 0; o < outputs && i < inputs; ++i) sum += weights[o * inputs + i] * rows[r * inputs + i];
            ASSERT_NEAR(out[r * layer.width() + o], std::max(sum, 0.0), 1e-5) << inputs << " " << outputs << " " << o;
          }
      }
}

TEST(DenseLayer, WithoutAnActivationOutputsAreTheSumsThemselves) {
  Rng rng(4);
  const auto weights = drawn(rng, 33 * 19), bias = drawn(rng, 19), rows = drawn(rng, 33 * 7);
  const DenseLayer rectified(weights, bias), plain(weights, bias, DenseLayer::Activation::kNone);
  std::vector<float> positive(7 * rectified.width()), out(7 * plain.width());
  rectified.run(rows.data(), 7, 33, 33, positive.data());
  plain.run(rows.data(), 7, 33, 33, out.data());
  std::size_t negative = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_EQ(std::max(out[i], 0.0F), positive[i]) << i;
    negative += out[i] < 0;
  }
  EXPECT_GT(negative, 20U);
  const float lowest = -std::numeric_limits<float>::infinity();
  const std::vector<float> one{1}, input{lowest};
  const DenseLayer through(one, std::vector<float>{0}, DenseLayer::Activation::kNone);
  std::vector<float> kept(through.width());
  through.run(input.data(), 1, 1, 1, kept.data());
  EXPECT_EQ(kept[0], lowest);
}

TEST(DenseLayer, ARowsNumbersAreTheSameWhereverItLiesAndWhoeverIsBeside) {
  Rng rng(2);
  const DenseLayer layer(drawn(rng, 33 * 50), drawn(rng, 50));
  const auto rows = drawn(rng, 33 * 20);
  std::vector<float> together(20 * layer.width());
  layer.run(rows.data(), 20, 33, 33, together.data());
  for (std::size_t r = 0; r < 20; ++r) {
    std::vector<float> moved(33 + r);  // another alignment each time
    std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(r * 33), 33, moved.begin() + static_cast<std::ptrdiff_t>(r));
    std::vector<float> alone(layer.width() + 1);
    layer.run(moved.data() + r, 1, 33, 33, alone.data() + 1);
    for (std::size_t o = 0; o < layer.width(); ++o) ASSERT_EQ(alone[1 + o], together[r * layer.width() + o]);
  }
}

TEST(DenseLayer, InputsThatAreNotGivenCountAsZero) {
  Rng rng(3);
  const DenseLayer layer(drawn(rng, 4 * 8), drawn(rng, 8));
  const std::vector<float> whole{1, -2, 3, 0}, part{1, -2, 3};
  std::vector<float> expected(layer.width()), out(layer.width());
  layer.run(whole.data(), 1, 4, 4, expected.data());
  layer.run(part.data(), 1, 3, 3, out.data());
  EXPECT_EQ(out, expected);
}

TEST(DenseLayer, WhatIsNoNumberStaysOneAndTakesNobodyAlong) {
  const DenseLayer layer(std::vector<float>{1, 1}, std::vector<float>{0, 0});
  const std::vector<float> rows{std::numeric_limits<float>::quiet_NaN(), 2};
  std::vector<float> out(2 * layer.width());
  layer.run(rows.data(), 2, 1, 1, out.data());
  EXPECT_TRUE(std::isnan(out[0]));
  EXPECT_EQ(out[layer.width()], 2);
}

}  // namespace
}  // namespace riffle::learner
