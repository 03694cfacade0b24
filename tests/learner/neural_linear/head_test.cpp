#include "learner/neural_linear/head.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::learner {
namespace {

NeuralLinearOptions simple() {
  NeuralLinearOptions options;
  options.ridge = 1;
  options.noise_shape = 2;
  options.noise_scale = 1;
  options.draws = {.count = 256, .scale = 1};
  return options;
}

// Two slots, by hand: z = (1, 1) earned 1, z = (2, 1) nothing; λ₀ = 1, a₀ = 2, b₀ = 1.
//   Λ = (6 3; 3 3), Λ⁻¹ = (3 −3; −3 6)/9, Σ r z = (1, 1), μ = (0, 1/3), a = 3, b = 1 + (1 − 1/3)/2 = 4/3
NeuralHead by_hand() {
  NeuralHead head(2);
  const float earned[] = {1, 1}, not_earned[] = {2, 1};
  head.add_slot(earned);
  head.add_reward(earned, 1, 1);
  head.add_slot(not_earned);
  return head;
}

TEST(NeuralHead, TwoSlotsMakeThePosteriorThatTheFormulaSays) {
  const auto posterior = by_hand().solve(simple(), 1);
  ASSERT_TRUE(posterior.ok()) << posterior.status();
  EXPECT_NEAR((*posterior)->weights()[0], 0, 1e-7);
  EXPECT_NEAR((*posterior)->weights()[1], 1.0 / 3, 1e-7);
  EXPECT_NEAR((*posterior)->noise(), std::sqrt(4.0 / 3 / 3), 1e-12);
  const float x[] = {1, 0}, y[] = {0, 1}, both[] = {1, 1};
  EXPECT_NEAR((*posterior)->width(x), std::sqrt(3.0 / 9), 1e-6);
  EXPECT_NEAR((*posterior)->width(y), std::sqrt(6.0 / 9), 1e-6);
  EXPECT_NEAR((*posterior)->width(both), std::sqrt(3.0 / 9), 1e-6);
}

// w·z is Student's t then: its variance is b/(a − 1) · zᵀΛ⁻¹z = 2/3 · 6/9 for z = (0, 1). 256 draws of each of 200 seeds.
TEST(NeuralHead, DrawsAreSpreadAsWhereTheVarianceItselfIsBelieved) {
  const float z[] = {0, 1};
  double sum = 0, squares = 0, count = 0;
  std::vector<float> draws(256);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    (*by_hand().solve(simple(), seed))->draws(z, draws);
    for (const float draw : draws) {
      sum += draw - 1.0 / 3;
      squares += (draw - 1.0 / 3) * (draw - 1.0 / 3);
      ++count;
    }
  }
  const double variance = 2.0 / 3 * 6 / 9;
  EXPECT_NEAR(sum / count, 0, 4 * std::sqrt(variance / count));
  EXPECT_NEAR(squares / count, variance, 4 * variance * std::sqrt(5 / count));  // a t of 6 degrees has a kurtosis of 6
}

TEST(NeuralHead, LearningEachRevisionEqualsWaitingForTheLast) {
  Rng rng(3);
  NeuralHead at_once(5), waited(5);
  for (int slot = 0; slot < 200; ++slot) {
    float z[5];
    for (float& x : z) x = static_cast<float>(rng.normal());
    at_once.add_slot(z);
    double reward = 0;
    for (int revision = 0; revision < 3; ++revision) {
      const double now = rng.uniform();
      at_once.add_reward(z, now - reward, now * now - reward * reward);
      reward = now;
    }
    waited.add_slot(z);
    waited.add_reward(z, reward, reward * reward);
  }
  const auto a = at_once.solve(simple(), 1), b = waited.solve(simple(), 1);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR((*a)->weights()[j], (*b)->weights()[j], 1e-7);
  EXPECT_NEAR((*a)->noise(), (*b)->noise(), 1e-9);
}

TEST(NeuralHead, BeforeAnySlotThePriorIsAllThereIs) {
  const auto posterior = NeuralHead(2).solve(simple(), 1);
  ASSERT_TRUE(posterior.ok());
  const float z[] = {3, 4};
  EXPECT_EQ((*posterior)->mean(z), 0);
  EXPECT_NEAR((*posterior)->width(z), 5, 1e-5);
  EXPECT_NEAR((*posterior)->noise(), std::sqrt(.5), 1e-12);
}

TEST(NeuralHead, WhatIsSavedIsLoadedBitForBitAndWhatCannotBeIsRefused) {
  pb::NeuralHead state, again;
  by_hand().save(state);
  NeuralHead loaded(2);
  ASSERT_TRUE(loaded.load(state).ok());
  loaded.save(again);
  EXPECT_EQ(again.SerializeAsString(), state.SerializeAsString());
  NeuralHead wider(3);
  EXPECT_EQ(wider.load(state).code(), absl::StatusCode::kInvalidArgument);
  state.set_gram(1, std::numeric_limits<double>::infinity());
  EXPECT_EQ(loaded.load(state).code(), absl::StatusCode::kInvalidArgument);
  again.Clear();
  loaded.save(again);
  EXPECT_EQ(again.count(), 2);
}

TEST(NeuralHead, AGramMatrixThatHasNoRootIsSaid) {
  pb::NeuralHead state;
  by_hand().save(state);
  state.set_gram(0, -1e6);
  NeuralHead broken(2);
  ASSERT_TRUE(broken.load(state).ok());
  EXPECT_EQ(broken.solve(simple(), 1).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace riffle::learner
