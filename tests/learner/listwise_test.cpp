#include "learner/listwise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace riffle::learner {
namespace {

void learn(ListwiseTrainer& trainer, const std::vector<float>& rows, const std::vector<std::uint32_t>& taken) {
  std::vector<float> scores;
  trainer.score(rows, scores);
  trainer.learn(rows, scores, taken);
}

TEST(Listwise, TakesTheStepByHand) {
  ListwiseTrainer trainer(2, {.step = .5, .first_square = 0});
  const std::vector<float> rows = {1, 0, 0, 1, 0, 0};
  const std::vector<std::uint32_t> taken = {0};
  learn(trainer, rows, taken);
  // Shares 1/3 each: gradient (1 − 1/3, −1/3), and AdaGrad's first step is η · sign.
  EXPECT_FLOAT_EQ(trainer.weights()[0], .5F);
  EXPECT_FLOAT_EQ(trainer.weights()[1], -.5F);
  learn(trainer, rows, taken);
  const double total = std::exp(.5) + std::exp(-.5) + 1;
  const double first = 1 - std::exp(.5) / total, second = -std::exp(-.5) / total;
  EXPECT_NEAR(trainer.weights()[0], .5 + .5 * first / std::sqrt(first * first + 4. / 9), 1e-6);
  EXPECT_NEAR(trainer.weights()[1], -.5 + .5 * second / std::sqrt(second * second + 1. / 9), 1e-6);
}

// Memory differs from run to run, and a report must not: sums over numbers that begin anywhere are added up in one order.
TEST(Listwise, LearnsTheSameWhereverItsNumbersLie) {
  constexpr std::size_t kColumns = 5, kRows = 37;
  std::vector<std::vector<float>> weights;
  std::vector<std::vector<char>> between;
  for (std::size_t moved = 0; moved < 16; ++moved) {
    Rng rng(7);
    ListwiseTrainer trainer(kColumns);
    for (int i = 0; i < 50; ++i) {
      between.emplace_back(16 * (moved % 4) + 8);  // what the trainer and the lists allocate next lies elsewhere
      std::vector<float> rows;
      for (std::size_t x = 0; x < kRows * kColumns; ++x) rows.push_back(static_cast<float>(rng.uniform()));
      learn(trainer, rows, std::vector<std::uint32_t>{static_cast<std::uint32_t>(rng.below(kRows))});
    }
    weights.emplace_back(trainer.weights().begin(), trainer.weights().end());
  }
  for (const std::vector<float>& other : weights) EXPECT_EQ(other, weights.front());
}

TEST(Listwise, SetsWhatWasTakenTogetherAgainstTheRestOnly) {
  ListwiseTrainer trainer(3, {.step = 1, .first_square = 1});
  const std::vector<float> rows = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  learn(trainer, rows, std::vector<std::uint32_t>{0, 1});
  // Each of the two against the third alone, ½ to ½: the mean of (½, 0, −½) and (0, ½, −½).
  EXPECT_NEAR(trainer.weights()[0], .25 / std::sqrt(1 + .25 * .25), 1e-6);
  EXPECT_NEAR(trainer.weights()[1], .25 / std::sqrt(1 + .25 * .25), 1e-6);
  EXPECT_NEAR(trainer.weights()[2], -.5 / std::sqrt(1 + .25), 1e-6);
}

TEST(Listwise, FindsTheWeightsThatChoicesWereMadeBy) {
  const std::vector<double> truth = {2, -1, 0};
  ListwiseTrainer trainer(3);
  Rng rng(4);
  for (int example = 0; example < 20000; ++example) {
    std::vector<float> rows(5 * 3);
    std::vector<double> shares(5);
    double total = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      double score = 0;
      for (std::size_t f = 0; f < 3; ++f) {
        rows[i * 3 + f] = static_cast<float>(rng.uniform() * 2 - 1);
        score += truth[f] * rows[i * 3 + f];
      }
      total += shares[i] = std::exp(score);
    }
    double draw = rng.uniform() * total;
    std::uint32_t taken = 0;
    while (taken < 4 && (draw -= shares[taken]) > 0) ++taken;
    learn(trainer, rows, std::vector<std::uint32_t>{taken});
  }
  for (std::size_t f = 0; f < 3; ++f) EXPECT_NEAR(trainer.weights()[f], truth[f], .15) << f;
}

TEST(Listwise, LearnsNothingWhereNothingWasTaken) {
  ListwiseTrainer trainer(1);
  learn(trainer, std::vector<float>{1, 2}, {});
  learn(trainer, std::vector<float>{1}, std::vector<std::uint32_t>{0});
  EXPECT_EQ(trainer.weights()[0], 0);
  EXPECT_EQ(trainer.examples(), 0U);
}

}  // namespace
}  // namespace riffle::learner
