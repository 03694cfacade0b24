// The arrays of a SlateQ training step (learner/network/interface.h), filled from the decisions that were drawn. Keeps its memory from
// step to step.
//
// What was chosen of a list: the slots that earned or cost something; where several did, each has its share of the choice and its own
// reward; where none did, ⊥ was chosen. ⊥'s row is the mean of the candidates logged (of what was shown, where none were), then 1.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "learner/network/interface.h"
#include "learner/q_learning/options.h"
#include "learner/q_learning/replay.h"
#include "learner/q_learning/returns.h"

namespace riffle::learner {

class SlateBatch {
 public:
  // What a decision bootstraps on: with the target sarsa the list shown there; else the candidates logged with it, each once,
  // and what was shown, to fill as long a list with.
  void fill(const DecisionBuffer& buffer, std::span<const Replay::Drawn> drawn, const SlateQOptions& options);
  network::SlateBatch view() const;
  std::size_t rows() const { return row_decision_.size(); }
  std::span<const std::int64_t> row_decision() const { return row_decision_; }

 private:
  void add_shown(const HeldDecision& decision, std::size_t index);
  void add_choice(const HeldDecision& decision, std::size_t index, double later, float weight);
  void add_next(const HeldDecision& next, const Return& future, std::size_t index, bool sarsa);

  std::size_t decisions_ = 0, slots_ = 0, next_ = 0;
  std::vector<float> shown_, shown_count_, chosen_, weight_, row_features_, row_return_, row_weight_;
  std::vector<std::int64_t> shown_position_, row_decision_, next_position_;
  std::vector<float> next_features_, next_count_, next_length_, discount_;
  std::vector<Return> returns_;                       // scratch
};

}  // namespace riffle::learner
