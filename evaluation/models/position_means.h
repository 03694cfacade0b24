// Mean reward by position, fold by fold: what both reward models take as the worth of the slots
// below.
#pragma once

#include <cstddef>
#include <vector>

#include "evaluation/logged_round.h"

namespace riffle::evaluation {

class PositionMeans {
 public:
  explicit PositionMeans(std::size_t folds) : folds_(folds), sums_(folds) {}

  void learn(const LoggedRound& round, std::size_t fold);
  // What a model of `fold` is made from: every fold but that one, or all where there is only one.
  void fit();

  double below(const LoggedRound& round, std::size_t slot, std::size_t fold) const;
  double overall(std::size_t fold) const { return overall_[fold]; }

 private:
  struct Sum {
    double reward = 0, slots = 0;
  };

  std::size_t folds_;
  std::vector<std::vector<Sum>> sums_;          // by fold, by position
  std::vector<std::vector<double>> cumulative_;  // by fold: [k] = Σ of the means of positions 0 … k − 1
  std::vector<double> overall_;                  // by fold: the mean over all slots
};

}  // namespace riffle::evaluation
