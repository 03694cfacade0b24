// Ridge regression of a slot's reward on the features that Riffle logged with it, with a constant a
// position:
//
//   q̂(x, a, k) = c_k + θᵀx_a,   θ, c = argmin Σ (r − c_k − θᵀx)² + ridge·(‖θ‖² + ‖c‖²)
//
// For Riffle's own logs (LoggedRound::outcome is set). Positions from kPositions − 1 on share the
// last constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "evaluation/models/position_means.h"
#include "evaluation/models/reward_model.h"

namespace riffle::evaluation {

class LinearModel final : public RewardModel {
 public:
  explicit LinearModel(std::size_t folds, double ridge = 1.0);

  void learn(const LoggedRound& round, std::size_t fold) override;
  void fit() override;
  // Whether its features are of this build's specification.
  bool covers(const LoggedRound& round) const override;
  double logged(const LoggedRound& round, std::size_t slot, std::size_t fold) const override;
  double action(const LoggedRound& round, std::size_t slot, std::size_t fold,
                std::uint32_t action) const override;
  double below(const LoggedRound& round, std::size_t slot, std::size_t fold) const override {
    return positions_.below(round, slot, fold);
  }
  std::size_t folds() const override { return folds_; }

  static constexpr std::size_t kPositions = 20;

 private:
  struct Sums {
    std::vector<double> gram;    // Σ zzᵀ, lower triangle by rows
    std::vector<double> moment;  // Σ r·z
  };

  double predict(std::span<const float> features, std::size_t position, std::size_t fold) const;

  std::size_t folds_;
  double ridge_;
  std::vector<Sums> sums_;                    // by fold
  std::vector<std::vector<double>> weights_;  // by fold: θ, then c
  PositionMeans positions_;
};

// Solves A·x = b for a symmetric positive definite A, given as its lower triangle by rows (Cholesky).
// Exposed for its test.
std::vector<double> solve_positive_definite(std::vector<double> lower, std::vector<double> b);

}  // namespace riffle::evaluation
