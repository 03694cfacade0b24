// Training steps of the SlateQ network, computed by hand on one whose two parts read an input each.
#include <array>
#include <algorithm>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>

#include "learner/q_learning/network.h"
#include "learner/q_learning/slate_scorer.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT

constexpr std::size_t kInputs = features::kFeatureCount + 1;
using Pairs = std::vector<std::array<float, 2>>;

// f = x0, and c_1 = −1; V and A read x1, so that Q̄ = x1 where it is not below ⊥'s; Q̄⁻ = x1/2. All inputs are from 0.
class SlateStep : public WithNetwork {
 protected:
  void make(network::SlateSettings::Target target) {
    if (IsSkipped()) return;
    settings_.shape = {kInputs, 2, 2};
    settings_.target = target;
    settings_.learning_rate = .01F;
    settings_.target_rate = .5F;
    settings_.huber = 1;
    settings_.largest_gradient = 1e9F;
    const auto module = load_network_module("");
    ASSERT_TRUE(module.ok()) << module.status();
    auto network = make_network(**module, settings_, "cpu");
    ASSERT_TRUE(network.ok()) << network.status();
    network_ = *std::move(network);
    numbers_ = QNumbers(settings_.shape.parameters());
    const network::Shape part = settings_.shape.part();
    for (std::vector<float>* net : {&numbers_.online, &numbers_.target})
      for (const std::size_t from : {settings_.shape.choice(), settings_.shape.value(), settings_.shape.advantage()}) {
        (*net)[from + part.w1()] = 1;                // h1_0 = x0
        (*net)[from + part.w1() + kInputs + 1] = 1;  // h1_1 = x1
        (*net)[from + part.w2()] = 1;
        (*net)[from + part.w2() + 3] = 1;
      }
    numbers_.online[settings_.shape.choice() + part.u()] = 1;
    numbers_.online[settings_.shape.positions() + 1] = -1;
    for (const std::size_t from : {settings_.shape.value(), settings_.shape.advantage()}) {
      numbers_.online[from + part.u() + 1] = 1;
      numbers_.target[from + part.u() + 1] = .5F;
    }
    network_->write({numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(),
                     numbers_.second_moment.data(), numbers_.steps});
  }
  void read() {
    network::Numbers to{numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(),
                        numbers_.second_moment.data(), 0};
    network_->read(to);
  }

  static std::vector<float> rows(const Pairs& pairs) {
    std::vector<float> made;
    for (const auto& [x0, x1] : pairs) {
      made.push_back(x0);
      made.push_back(x1);
      made.resize(made.size() + kInputs - 2);
    }
    return made;
  }

  network::SlateSettings settings_;
  std::unique_ptr<Network> network_;
  QNumbers numbers_;
};

// A list of two, of which one thing was chosen; ⊥ is (0, 0) there and (0, 1) in the next.
struct OneList {
  std::vector<float> shown, row, next;
  std::vector<std::int64_t> shown_position{0, 1}, next_position{0, 1, 2};
  std::vector<float> chosen{0, 1, 0};
  std::int64_t decision = 0;
  float count = 2, weight = 1, reward = .5F, row_weight = 1, next_count = 0, next_length = 2, discount = .5F;
  network::SlateBatch view() const {
    network::SlateBatch batch;
    batch.decisions = batch.rows = 1;
    batch.slots = 2;
    batch.next = next.empty() ? 0 : static_cast<std::uint32_t>(next.size() / kInputs - 1);
    batch.shown = shown.data();
    batch.shown_position = shown_position.data();
    batch.shown_count = &count;
    batch.chosen = chosen.data();
    batch.weight = &weight;
    batch.row_features = row.data();
    batch.row_decision = &decision;
    batch.row_return = &reward;
    batch.row_weight = &row_weight;
    batch.next_features = next.data();
    batch.next_position = next_position.data();
    batch.next_count = &next_count;
    batch.next_length = &next_length;
    batch.discount = &discount;
    return batch;
  }
};

double huber(double error) { return std::abs(error) <= 1 ? error * error / 2 : std::abs(error) - .5; }

TEST_F(SlateStep, SarsaTakesTheListThatWasShownWeighedByWhatIsChosenOfIt) {
  make(network::SlateSettings::kSarsa);
  OneList one;
  one.shown = rows({{0, 0}, {1, 3}, {2, 5}});
  one.row = rows({{1, 3}});
  one.next = rows({{0, 1}, {1, 4}, {0, 6}});
  one.next_count = 2;
  std::array<float, 1> errors{};
  const auto result = network_->step(one.view(), errors);
  ASSERT_TRUE(result.ok()) << result.status();
  // Weights of the next list: ⊥ 1, the first e, the second, one lower, e⁻¹; Q̄⁻ are 1/2, 2 and 3.
  const double e = std::exp(1.0), sum = 1 + e + 1 / e;
  const double y = .5 + .5 * (.5 + 2 * e + 3 / e) / sum;
  EXPECT_NEAR(errors[0], 3 - y, 1e-5);
  // Of the list shown: ⊥ 1, the first e, the second e^(2−1). The first was chosen.
  const double surprise = -std::log(e / (1 + e + e));
  EXPECT_NEAR(result->loss, surprise + huber(3 - y), 1e-5);
  EXPECT_TRUE(result->finite);
}

TEST_F(SlateStep, WithoutANextListTheReturnIsAll) {
  make(network::SlateSettings::kSarsa);
  OneList one;
  one.shown = rows({{0, 0}, {1, 3}, {2, 5}});
  one.row = rows({{1, 3}});
  std::array<float, 1> errors{};
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  EXPECT_FLOAT_EQ(errors[0], 2.5F);
}

TEST_F(SlateStep, DoubleQListsWhatTheOnlineNetworkRanksAndValuesItByTheTarget) {
  // v: e^0 … ; a = g − g(⊥) with g(⊥) = 1.   (0,9): v 1, a 8.  (2,3): v e², a 2.  (1,2): v e, a 1.
  // v·a: 8, 14.8, 2.7: top_k lists the second, then the first.
  make(network::SlateSettings::kTopK);
  OneList one;
  one.shown = rows({{0, 0}, {1, 3}, {2, 5}});
  one.row = rows({{1, 3}});
  one.next = rows({{0, 1}, {0, 9}, {2, 3}, {1, 2}});
  one.next_count = 3;
  std::array<float, 1> errors{};
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  const double e = std::exp(1.0);
  double sum = 1 + e * e + 1 / e;  // the first of the list at position 0, the other at 1
  EXPECT_NEAR(errors[0], 3 - (.5 + .5 * (.5 + 1.5 * e * e + 4.5 / e) / sum), 1e-5);

  // Greedily: 8/2 = 4 against 14.8/8.4 = 1.8 and 2.7/3.7: the first leads. Then (8 + 14.8)/(2 + 7.4) = 2.4 against
  // (8 + 2.7)/(2 + 2.7) = 2.3.
  make(network::SlateSettings::kGreedy);
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  sum = 1 + 1 + e;
  EXPECT_NEAR(errors[0], 3 - (.5 + .5 * (.5 + 4.5 + 1.5 * e) / sum), 1e-5);
}

TEST_F(SlateStep, OnlyAsManyActionsCountAsThereAre) {
  make(network::SlateSettings::kTopK);
  OneList one;
  one.shown = rows({{0, 0}, {1, 3}, {2, 5}});
  one.row = rows({{1, 3}});
  one.next = rows({{0, 1}, {2, 3}, {9, 9}, {9, 9}});  // the last two are padding
  one.next_count = 1;
  std::array<float, 1> errors{};
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  const double v = std::exp(2.0);
  EXPECT_NEAR(errors[0], 3 - (.5 + .5 * (.5 + 1.5 * v) / (1 + v)), 1e-5);
}

TEST_F(SlateStep, TheTwoPartsLearnApart) {
  make(network::SlateSettings::kSarsa);
  OneList one;
  one.shown = rows({{0, 0}, {1, 3}, {2, 5}});
  one.row = rows({{1, 3}});
  one.reward = 3;  // Q̄ = y: nothing to learn of worth
  std::array<float, 1> errors{};
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  EXPECT_FLOAT_EQ(errors[0], 0);
  const QNumbers before = numbers_;
  read();
  const auto value = static_cast<std::ptrdiff_t>(settings_.shape.value());
  EXPECT_TRUE(std::equal(before.online.begin() + value, before.online.end(), numbers_.online.begin() + value));
  // The second was too likely: its position's number falls, and so does the weight of x0, of which it has more.
  EXPECT_NEAR(numbers_.online[settings_.shape.positions() + 1], -1.01, 1e-6);
  EXPECT_NEAR(numbers_.online[settings_.shape.choice() + settings_.shape.part().u()], .99, 1e-6);
}

TEST_F(SlateStep, WhatItemsDifferByIsDrawnToNothingAndNothingElseIs) {
  settings_.advantage_decay = 10;  // times the learning rate of .01: a tenth a step
  make(network::SlateSettings::kSarsa);
  const network::Shape part = settings_.shape.part();
  const std::size_t advantage = settings_.shape.advantage(), is_nothing = advantage + part.w1() + kInputs - 1;
  numbers_.online[is_nothing] = .7F;
  network_->write({numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(), numbers_.second_moment.data(),
                   numbers_.steps});
  OneList one;
  one.shown = rows({{0, 0}, {1, 3}, {2, 5}});
  one.row = rows({{1, 3}});
  one.reward = 3;  // Q̄ = y: nothing else moves
  std::array<float, 1> errors{};
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  const QNumbers before = numbers_;
  read();
  EXPECT_FLOAT_EQ(numbers_.online[advantage + part.w1()], .9F);
  EXPECT_FLOAT_EQ(numbers_.online[advantage + part.w1() + kInputs + 1], .9F);
  EXPECT_EQ(numbers_.online[is_nothing], .7F);
  for (std::size_t i = settings_.shape.value(); i < before.online.size(); ++i)
    if (i < advantage || i >= advantage + part.b1()) {
      EXPECT_EQ(numbers_.online[i], before.online[i]) << i;
    }
}

TEST_F(SlateStep, AStepThatIsNotFiniteChangesNothing) {
  make(network::SlateSettings::kSarsa);
  OneList one;
  one.shown = rows({{0, 0}, {std::numeric_limits<float>::quiet_NaN(), 3}, {2, 5}});
  one.row = rows({{1, 3}});
  std::array<float, 1> errors{};
  const QNumbers before = numbers_;
  const auto result = network_->step(one.view(), errors);
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->finite);
  read();
  EXPECT_EQ(numbers_.online, before.online);
}

TEST_F(SlateStep, ServingsForwardPassIsTheNetworks) {
  settings_.shape = {kInputs, 37, 19};
  settings_.learning_rate = 1e-3F;
  settings_.target_rate = settings_.huber = settings_.largest_gradient = 1;
  auto network = make_network(**load_network_module(""), settings_, "cpu");
  ASSERT_TRUE(network.ok());
  network_ = *std::move(network);
  numbers_ = QNumbers(settings_.shape.parameters());
  Rng rng(5);
  for (float& x : numbers_.online) x = static_cast<float>(.3 * rng.normal());
  network_->write({numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(),
                   numbers_.second_moment.data(), 0});
  std::vector<float> features(2 * features::kFeatureCount), mean(features::kFeatureCount);
  for (std::size_t i = 0; i < features.size(); ++i) {
    features[i] = static_cast<float>(2 * rng.uniform() - 1);
    mean[i % features::kFeatureCount] += features[i] / 2;
  }
  const auto row = [&](std::size_t i) { return std::span(features).subspan(i * features::kFeatureCount, features::kFeatureCount); };
  OneList one;
  const auto append = [](std::span<const float> from, float last, std::vector<float>& to) {
    to.insert(to.end(), from.begin(), from.end());
    to.push_back(last);
  };
  append(mean, 1, one.shown);
  append(row(0), 0, one.shown);
  append(row(1), 0, one.shown);
  append(row(0), 0, one.row);
  one.reward = 0;
  one.row_weight = 0;
  std::array<float, 1> errors{};
  const auto result = network_->step(one.view(), errors);  // the error is the score, as y = 0; the loss is the surprise
  ASSERT_TRUE(result.ok());
  const network::SlateShape& shape = settings_.shape;
  const std::span<const float> online = numbers_.online;
  const ForwardPass choice(shape.part(), online.subspan(shape.choice(), shape.part().parameters()));
  const ForwardPass value(shape.part(), online.subspan(shape.value(), shape.part().parameters()));
  const ForwardPass advantage(shape.part(), online.subspan(shape.advantage(), shape.part().parameters()));
  std::vector<float> f(2), a(2), differences = features;
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= mean[i % features::kFeatureCount];
  choice.run(features, f);
  advantage.run(differences, a);
  EXPECT_NEAR(value.run_one(mean, 1) + value.bias() + a[0] + advantage.bias(), errors[0], 1e-5);
  EXPECT_NEAR(choice.run_one(row(0), 0), f[0], 1e-5);
  const double nothing = choice.run_one(mean, 1), c0 = online[shape.positions()], c1 = online[shape.positions() + 1];
  const double first = std::exp(f[0] + c0), all = std::exp(nothing) + first + std::exp(f[1] + c1);
  EXPECT_NEAR(result->loss, -std::log(first / all), 1e-5);
}

// What the candidates earn in the only list of a request, by the formula.
class SlateScores : public ::testing::TestWithParam<SlateOrder> {};

TEST_P(SlateScores, AreWhatTheFormulaSays) {
  const network::SlateShape shape{kInputs, 5, 4};
  Rng rng(3);
  std::vector<float> parameters(shape.parameters());
  for (float& x : parameters) x = static_cast<float>(.5 * rng.normal());
  constexpr std::size_t kCount = 40;
  std::vector<float> features(kCount * features::kFeatureCount), mean(features::kFeatureCount), given(kCount), scores(kCount);
  for (std::size_t i = 0; i < features.size(); ++i) {
    features[i] = static_cast<float>(2 * rng.uniform() - 1);
    mean[i % features::kFeatureCount] += features[i] / kCount;
  }
  const SlateScorer scorer(shape, parameters, GetParam());
  scorer.score({features, std::vector<CategoryKey>(kCount), given, "s"}, scores);

  const std::span<const float> all = parameters;
  const ForwardPass choice(shape.part(), all.subspan(shape.choice(), shape.part().parameters()));
  const ForwardPass advantage(shape.part(), all.subspan(shape.advantage(), shape.part().parameters()));
  std::vector<double> v, a;
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto row = std::span(features).subspan(i * features::kFeatureCount, features::kFeatureCount);
    v.push_back(std::exp(static_cast<double>(choice.run_one(row, 0) - choice.run_one(mean, 1))));
    std::vector<float> difference(row.begin(), row.end());
    for (std::size_t f = 0; f < difference.size(); ++f) difference[f] -= mean[f];
    const std::vector<float> none(features::kFeatureCount);
    a.push_back(static_cast<double>(advantage.run_one(difference, 0) - advantage.run_one(none, 1)));
  }
  std::vector<std::size_t> by_score(kCount), expected;
  for (std::size_t i = 0; i < kCount; ++i) by_score[i] = i;
  std::sort(by_score.begin(), by_score.end(), [&](std::size_t i, std::size_t j) { return scores[i] > scores[j]; });
  if (GetParam() == SlateOrder::kTopK) {
    std::vector<double> largest = v;
    std::sort(largest.begin(), largest.end(), std::greater<>());
    double all_likely = 1, least = 0;
    for (std::size_t i = 0; i < SlateScorer::kTypicalList; ++i) all_likely += largest[i];
    for (std::size_t i = 0; i < kCount; ++i) least = std::min(least, v[i] * a[i] / all_likely);
    for (std::size_t i = 0; i < kCount; ++i) EXPECT_NEAR(scores[i], v[i] * a[i] / all_likely - least, 1e-4) << i;
  } else {
    double n = 0, d = 1;
    for (std::size_t k = 0; k < 10; ++k) {
      std::size_t best = kCount;
      for (std::size_t i = 0; i < kCount; ++i) {
        if (std::find(expected.begin(), expected.end(), i) != expected.end()) continue;
        if (best == kCount || (n + v[i] * a[i]) / (d + v[i]) > (n + v[best] * a[best]) / (d + v[best])) best = i;
      }
      if (v[best] * (a[best] - n / d) <= 0) break;  // from here on every further item takes something away
      expected.push_back(best);
      n += v[best] * a[best];
      d += v[best];
    }
    ASSERT_GE(expected.size(), 2u);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), by_score.begin()));
  }
  EXPECT_GE(*std::min_element(scores.begin(), scores.end()), 0);
}

INSTANTIATE_TEST_SUITE_P(BothOrders, SlateScores, ::testing::Values(SlateOrder::kTopK, SlateOrder::kGreedy));

TEST(SlateScorer, BeforeAnythingWasLearnedAllAreEqualAndWhatIsNotFiniteTakesNobodyAlong) {
  std::vector<float> features(3 * features::kFeatureCount, 1.0F), given(3), scores(3, 7);
  const std::vector<CategoryKey> categories(3);
  SlateScorer(SlateOrder::kTopK).score({features, categories, given, "s"}, scores);
  EXPECT_THAT(scores, ::testing::Each(0));
  const network::SlateShape shape{kInputs, 4, 4};
  Rng rng(4);
  std::vector<float> parameters(shape.parameters());
  for (float& x : parameters) x = static_cast<float>(rng.normal());
  features[features::kFeatureCount] = std::numeric_limits<float>::infinity();
  features[2 * features::kFeatureCount] = -1;
  for (const SlateOrder order : {SlateOrder::kTopK, SlateOrder::kGreedy}) {
    const SlateScorer scorer(shape, parameters, order);
    scorer.score({features, categories, given, "s"}, scores);
    for (const float score : scores) EXPECT_TRUE(std::isfinite(score));
    EXPECT_NE(scores[0], scores[2]);
    scorer.score({{}, {}, {}, "s"}, {});
  }
}

}  // namespace
}  // namespace riffle::learner
