#include "learner/gaussian_posterior.h"

#include <cmath>
#include <thread>

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::learner {
namespace {

struct Regression {
  Regression(Eigen::Index dimension, std::uint64_t seed) : precision(dimension, dimension), weights(dimension) {
    Rng rng(seed);
    Eigen::MatrixXd rows(3 * dimension, dimension);
    for (double& x : rows.reshaped()) x = rng.normal();
    precision = rows.transpose() * rows + Eigen::MatrixXd::Identity(dimension, dimension);
    for (float& w : weights) w = static_cast<float>(rng.normal());
    for (Eigen::Index j = 0; j < dimension; ++j) row.push_back(static_cast<float>(rng.normal()));
  }
  GaussianPosterior posterior(const DrawOptions& draws, std::uint64_t seed, double noise = 2) const {
    return {weights, precision.llt().matrixL(), noise, draws, seed};
  }
  Eigen::VectorXd x() const { return Eigen::Map<const Eigen::VectorXf>(row.data(), precision.rows()).cast<double>(); }

  Eigen::MatrixXd precision;
  std::vector<float> weights, row;
};

TEST(GaussianPosterior, MeansAndWidthsAreThoseOfTheInverseInEveryDimension) {
  for (const Eigen::Index dimension : {1, 2, 7, 8, 31, 32, 33, 65, 96}) {
    const Regression regression(dimension, 4);
    const auto posterior = regression.posterior({}, 1);
    const Eigen::VectorXd x = regression.x();
    const Eigen::VectorXd w = Eigen::Map<const Eigen::VectorXf>(regression.weights.data(), dimension).cast<double>();
    EXPECT_NEAR(posterior.mean(regression.row.data()), w.dot(x), 1e-4) << dimension;
    EXPECT_NEAR(posterior.width(regression.row.data()), std::sqrt(x.dot(regression.precision.inverse() * x)), 1e-5)
        << dimension;
  }
}

// 256 draws of each of 100 seeds: their mean is ŵ·x and their spread s·σ·width, within four standard errors.
TEST(GaussianPosterior, DrawsAreSpreadAsThePosteriorSays) {
  const Regression regression(33, 8);
  const double scale = .5, noise = 2;
  double sum = 0, squares = 0, count = 0;
  std::vector<float> draws(256);
  const double mean = regression.posterior({}, 0).mean(regression.row.data());
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    regression.posterior({.count = 256, .scale = scale}, seed, noise).draws(regression.row.data(), draws);
    for (const float draw : draws) {
      sum += draw - mean;
      squares += (draw - mean) * (draw - mean);
      ++count;
    }
  }
  const double spread = scale * noise * regression.posterior({}, 0).width(regression.row.data());
  EXPECT_NEAR(sum / count, 0, 4 * spread / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(squares / count) / spread, 1, 4 / std::sqrt(2 * count));
}

TEST(GaussianPosterior, TheSeedDecidesTheDrawsAndWhoAsksFirstDoesNot) {
  const Regression regression(20, 5);
  const auto once = regression.posterior({.count = 40, .scale = 1}, 7);
  const auto again = regression.posterior({.count = 40, .scale = 1}, 7);
  const auto other = regression.posterior({.count = 40, .scale = 1}, 8);
  std::vector<float> a(40), b(40), c(40);
  std::thread first([&] { once.draws(regression.row.data(), a); });
  std::vector<float> meanwhile(40);
  once.draws(regression.row.data(), meanwhile);
  first.join();
  again.width(regression.row.data());
  again.draws(regression.row.data(), b);
  other.draws(regression.row.data(), c);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, meanwhile);
  EXPECT_NE(a, c);
}

TEST(GaussianPosterior, WithoutDrawsThereAreNone) {
  const Regression regression(3, 5);
  const auto posterior = regression.posterior({.count = 0, .scale = 1}, 7);
  EXPECT_EQ(posterior.draw_count(), 0U);
  posterior.draws(regression.row.data(), {});
}

}  // namespace
}  // namespace riffle::learner
