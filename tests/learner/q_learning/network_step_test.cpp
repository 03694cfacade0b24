// Training steps of the network module, computed by hand on a network that adds two of its inputs up.
#include <array>
#include <cmath>

#include <gmock/gmock.h>

#include "learner/q_learning/network.h"
#include "learner/q_learning/q_scorer.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT

constexpr std::size_t kInputs = features::kFeatureCount + 1;

// h(x) = (x0, x1) for inputs from 0; Q = u·h + b, the target network with other u.
class NetworkStep : public WithNetwork {
 protected:
  void make(bool duelling, bool double_q, double conservative = 0) {
    if (IsSkipped()) return;
    settings_.shape = {kInputs, 2, 2, duelling};
    settings_.double_q = double_q;
    settings_.learning_rate = .01F;
    settings_.target_rate = .5F;
    settings_.huber = 1;
    settings_.largest_gradient = 1e9F;
    settings_.conservative = static_cast<float>(conservative);
    const auto module = load_network_module("");
    ASSERT_TRUE(module.ok()) << module.status();
    auto network = make_network(**module, settings_, "cpu");
    ASSERT_TRUE(network.ok()) << network.status();
    network_ = *std::move(network);
    numbers_ = QNumbers(settings_.shape.parameters());
    for (std::vector<float>* net : {&numbers_.online, &numbers_.target}) {
      (*net)[settings_.shape.w1()] = 1;                // h1_0 = x0
      (*net)[settings_.shape.w1() + kInputs + 1] = 1;  // h1_1 = x1
      (*net)[settings_.shape.w2()] = 1;
      (*net)[settings_.shape.w2() + 3] = 1;
    }
  }

  void write() {
    network_->write({numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(),
                     numbers_.second_moment.data(), numbers_.steps});
  }
  void read() {
    network::Numbers to{numbers_.online.data(), numbers_.target.data(), numbers_.first_moment.data(),
                        numbers_.second_moment.data(), 0};
    network_->read(to);
    numbers_.steps = to.steps;
  }

  static std::vector<float> rows(const std::vector<std::array<float, 2>>& pairs) {
    std::vector<float> made;
    for (const auto& [x0, x1] : pairs) {
      made.push_back(x0);
      made.push_back(x1);
      made.resize(made.size() + kInputs - 2);
    }
    return made;
  }

  network::Settings settings_;
  std::unique_ptr<Network> network_;
  QNumbers numbers_;
};

// One row, one next decision of two actions.
struct OneRow {
  std::vector<float> row, pool, next;
  std::int64_t decision = 0;
  float reward = .5F, weight = 1, pool_count = 2, next_count = 2, next_pool_count = 2, discount = .5F;
  network::Batch view() const {
    network::Batch batch;
    batch.decisions = batch.rows = 1;
    batch.pool = static_cast<std::uint32_t>(pool.size() / kInputs);
    batch.next = static_cast<std::uint32_t>(next.size() / kInputs);
    batch.row_features = row.data();
    batch.row_decision = &decision;
    batch.row_return = &reward;
    batch.row_weight = &weight;
    batch.pool_features = pool.data();
    batch.pool_count = &pool_count;
    batch.next_features = next.data();
    batch.next_count = &next_count;
    batch.next_pool_count = &next_pool_count;
    batch.discount = &discount;
    return batch;
  }
};

TEST_F(NetworkStep, DoubleQTakesTheOnlineNetworksChoiceAndTheTargetNetworksWord) {
  for (const bool double_q : {true, false}) {
    make(false, double_q);
    numbers_.online[settings_.shape.u()] = 1;      // Q  = x0
    numbers_.target[settings_.shape.u() + 1] = 1;  // Q⁻ = x1
    write();
    OneRow one;
    one.row = rows({{4, 0}});
    one.next = rows({{3, 1}, {2, 5}});
    std::array<float, 1> errors{};
    const auto result = network_->step(one.view(), errors);
    ASSERT_TRUE(result.ok()) << result.status();
    // Double: the first action has the larger Q, its Q⁻ is 1: y = .5 + .5·1. Else the largest Q⁻ is 5: y = .5 + .5·5.
    EXPECT_FLOAT_EQ(errors[0], double_q ? 4 - 1.0F : 4 - 3.0F);
    EXPECT_FLOAT_EQ(result->loss, double_q ? 3 - .5F : .5F);  // Huber with its corner at 1
    EXPECT_FLOAT_EQ(result->largest_score, 4);
    EXPECT_TRUE(result->finite);
  }
}

TEST_F(NetworkStep, OnlyAsManyActionsCountAsThereAre) {
  make(false, true);
  numbers_.online[settings_.shape.u()] = numbers_.target[settings_.shape.u()] = 1;
  write();
  OneRow one;
  one.row = rows({{4, 0}});
  one.next = rows({{3, 1}, {9, 9}});  // the second is padding
  one.next_count = 1;
  std::array<float, 1> errors{};
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  EXPECT_FLOAT_EQ(errors[0], 4 - (.5F + .5F * 3));
  make(false, true);
  numbers_.online[settings_.shape.u()] = numbers_.target[settings_.shape.u()] = 1;
  write();
  one.next_count = 0;  // no bootstrap
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  EXPECT_FLOAT_EQ(errors[0], 4 - .5F);
}

TEST_F(NetworkStep, AStepIsAdamsAndTheTargetFollowsSoftly) {
  make(false, true);
  numbers_.online[settings_.shape.u()] = 1;
  write();
  OneRow one;
  one.row = rows({{4, 0}});
  std::array<float, 1> errors{};
  const auto result = network_->step(one.view(), errors);  // δ = 4 − .5: the gradient of b is 1, of u0 it is h_0 = 4
  ASSERT_TRUE(result.ok()) << result.status();
  read();
  EXPECT_EQ(numbers_.steps, 1U);
  const network::Shape& shape = settings_.shape;
  EXPECT_NEAR(numbers_.first_moment[shape.u()], .1 * 4, 1e-6);
  EXPECT_NEAR(numbers_.second_moment[shape.u()], .001 * 16, 1e-6);
  EXPECT_NEAR(numbers_.online[shape.u()], 1 - .01, 1e-6);  // Adam's first step is the learning rate, whatever the gradient
  EXPECT_NEAR(numbers_.online[shape.b()], -.01, 1e-6);
  EXPECT_NEAR(numbers_.online[shape.u() + 1], 0, 1e-9);    // h_1 = 0: no gradient
  EXPECT_NEAR(numbers_.target[shape.b()], -.005, 1e-6);    // half the way
  EXPECT_NEAR(numbers_.target[shape.u()], .495, 1e-6);
}

TEST_F(NetworkStep, DuellingSetsTheItemAgainstTheMeanOfWhatThereWas) {
  make(true, true);
  for (std::vector<float>* net : {&numbers_.online, &numbers_.target}) {
    (*net)[settings_.shape.u()] = 1;      // A = x0
    (*net)[settings_.shape.v() + 1] = 2;  // V = 2·mean x1 + b
    (*net)[settings_.shape.b()] = .25F;
  }
  write();
  OneRow one;
  one.row = rows({{4, 1}});
  one.pool = rows({{1, 1}, {3, 2}});
  one.next = rows({{3, 1}, {2, 5}, {5, 7}});
  one.next_count = 3;
  one.next_pool_count = 2;  // the third was shown, but is not of the sample
  std::array<float, 1> errors{};
  ASSERT_TRUE(network_->step(one.view(), errors).ok());
  const float q = 4 - 2.0F + 2 * 1.5F + .25F;
  const float next = 5 - 2.5F + 2 * 3 + .25F;
  EXPECT_FLOAT_EQ(errors[0], q - (.5F + .5F * next));
}

TEST_F(NetworkStep, TheConservativePenaltyIsLogSumExpOverWhatThereWasLessWhatWasShown) {
  make(false, true, 2);
  numbers_.online[settings_.shape.u()] = 1;
  write();
  OneRow one;
  one.row = rows({{.5F, 0}});
  one.pool = rows({{.5F, 0}, {1, 0}});
  std::array<float, 1> errors{};
  const auto result = network_->step(one.view(), errors);
  ASSERT_TRUE(result.ok());
  EXPECT_FLOAT_EQ(errors[0], 0);  // Q = .5 = r: nothing but the penalty
  EXPECT_NEAR(result->loss, 2 * (std::log(std::exp(.5) + std::exp(1.0)) - .5), 1e-6);
  read();
  // It pushes u down: d/du = 2 (softmax-weighted mean of x − x shown) > 0.
  EXPECT_NEAR(numbers_.online[settings_.shape.u()], 1 - .01, 1e-6);
}

TEST_F(NetworkStep, AStepThatIsNotFiniteChangesNothing) {
  make(false, true);
  numbers_.online[settings_.shape.u()] = 1;
  write();
  const QNumbers before = numbers_;
  OneRow one;
  one.row = rows({{std::numeric_limits<float>::quiet_NaN(), 0}});
  std::array<float, 1> errors{};
  const auto result = network_->step(one.view(), errors);
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->finite);
  read();
  EXPECT_EQ(numbers_.online, before.online);
  EXPECT_EQ(numbers_.target, before.target);
  EXPECT_EQ(numbers_.steps, 0U);
}

TEST_F(NetworkStep, ServingsForwardPassIsTheNetworks) {
  for (const bool duelling : {false, true}) {
    settings_.shape = {kInputs, 37, 19, duelling};  // widths that fit no vector register
    settings_.learning_rate = 1e-3F;
    settings_.target_rate = settings_.huber = settings_.largest_gradient = 1;
    auto network = make_network(**load_network_module(""), settings_, "cpu");
    ASSERT_TRUE(network.ok());
    network_ = *std::move(network);
    numbers_ = QNumbers(settings_.shape.parameters());
    Rng rng(5);
    for (float& x : numbers_.online) x = static_cast<float>(.3 * rng.normal());
    write();
    constexpr std::size_t kCount = 71;
    std::vector<float> features(kCount * features::kFeatureCount), padded;
    for (float& x : features) x = static_cast<float>(2 * rng.uniform() - 1);
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto row = features.begin() + static_cast<std::ptrdiff_t>(i * features::kFeatureCount);
      padded.insert(padded.end(), row, row + features::kFeatureCount);
      padded.push_back(0);
    }
    const std::vector<std::int64_t> decision(kCount, 0);
    const std::vector<float> zeros(kCount, 0.0F), ones(kCount, 1.0F);
    OneRow one;
    network::Batch batch = one.view();
    batch.rows = kCount;
    batch.row_features = batch.pool_features = padded.data();
    batch.row_decision = decision.data();
    batch.row_return = zeros.data();
    batch.row_weight = ones.data();
    batch.pool = kCount;
    const float count = kCount;
    batch.pool_count = &count;
    std::vector<float> scores(kCount), served(kCount), relative(kCount);
    ASSERT_TRUE(network_->step(batch, scores).ok());  // errors are the scores, as y = 0
    const std::vector<CategoryKey> categories(kCount);
    const ScoringBatch asked{features, categories, zeros, "s"};
    QScorer(settings_.shape, numbers_.online, false).score(asked, served);
    QScorer(settings_.shape, numbers_.online, true).score(asked, relative);
    const float least = *std::min_element(served.begin(), served.end());
    for (std::size_t i = 0; i < kCount; ++i) {
      EXPECT_NEAR(served[i], scores[i], 1e-5) << i;
      EXPECT_NEAR(relative[i], served[i] - least, 1e-5) << i;
    }
  }
}

TEST_F(NetworkStep, ADeviceThatIsNotHereIsRefused) {
  settings_.shape = {kInputs, 2, 2, false};
  const auto* module = *load_network_module("");
  const auto unknown = make_network(*module, settings_, "abacus").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), ::testing::HasSubstr("none of auto, cpu, cuda"));
  const auto cuda = make_network(*module, settings_, "cuda");
  EXPECT_TRUE(cuda.ok() || absl::IsInvalidArgument(cuda.status())) << cuda.status();
  const auto any = make_network(*module, settings_, "auto");
  ASSERT_TRUE(any.ok());
  EXPECT_EQ((*any)->device() == "cuda", cuda.ok());
}

}  // namespace
}  // namespace riffle::learner
