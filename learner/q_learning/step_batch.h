// The arrays of a training step, filled from the decisions that were drawn. Keeps its memory from step to step.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "learner/network/interface.h"
#include "learner/q_learning/options.h"
#include "learner/q_learning/replay.h"
#include "learner/q_learning/returns.h"

namespace riffle::learner {

// What the network reads of a position, counted from 0: 0 for the first, towards 1 down the list.
constexpr float position_input(std::size_t position) {
  return static_cast<float>(position) / static_cast<float>(position + 5);
}

class StepBatch {
 public:
  // At most `slots` slots of the decisions; a decision's next actions are the candidates logged with the decision that it
  // bootstraps on, which V and the mean of A are taken over, and the items shown with it.
  void fill(const DecisionBuffer& buffer, std::span<const Replay::Drawn> drawn, const DqnOptions& options);
  network::Batch view() const;
  std::size_t rows() const { return row_decision_.size(); }
  std::span<const std::int64_t> row_decision() const { return row_decision_; }

 private:
  void add_rows(const HeldDecision& decision, std::size_t index, const Return& future, float weight, std::size_t most);
  void add_pool(const HeldDecision& decision, std::size_t index);
  void add_next(const DecisionBuffer& buffer, const Return& future, std::size_t index);

  std::size_t decisions_ = 0, pool_ = 0, next_ = 0;
  std::vector<float> row_features_, row_return_, row_weight_;
  std::vector<std::int64_t> row_decision_;
  std::vector<float> pool_features_, pool_count_;
  std::vector<float> next_features_, next_count_, next_pool_count_, discount_;
  std::vector<Return> returns_;  // scratch
};

}  // namespace riffle::learner
