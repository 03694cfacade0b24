// A mean a cell of context stratum × position × action, drawn towards the mean of everything:
//
//   q̂ = (S + prior·g) / (N + prior)      S rewards and N rounds of the cell, g the mean reward
//
// For logs whose actions are one fixed set and bring no features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "evaluation/models/position_means.h"
#include "evaluation/models/reward_model.h"

namespace riffle::evaluation {

class TableModel final : public RewardModel {
 public:
  // `prior`: pseudo-rounds behind g. Beyond kMostCells cells, new ones know only g.
  TableModel(std::size_t folds, double prior = 50);

  void learn(const LoggedRound& round, std::size_t fold) override;
  void fit() override;
  bool covers(const LoggedRound&) const override { return true; }
  double logged(const LoggedRound& round, std::size_t slot, std::size_t fold) const override;
  double action(const LoggedRound& round, std::size_t slot, std::size_t fold,
                std::uint32_t action) const override;
  double below(const LoggedRound& round, std::size_t slot, std::size_t fold) const override {
    return positions_.below(round, slot, fold);
  }
  std::size_t folds() const override { return folds_; }

  static constexpr std::size_t kMostCells = 4 << 20;

 private:
  struct Sum {
    double reward = 0, rounds = 0;
  };
  struct Row {  // of one stratum and position
    std::vector<Sum> sums;       // action × fold
    std::vector<double> values;  // likewise, once fitted
  };

  static std::uint64_t row_key(const LoggedRound& round, std::size_t slot) {
    return std::uint64_t{round.stratum} << 32 | round.slots[slot].position;
  }

  std::size_t folds_;
  double prior_;
  std::size_t cells_ = 0;
  absl::flat_hash_map<std::uint64_t, Row> rows_;
  PositionMeans positions_;
};

}  // namespace riffle::evaluation
