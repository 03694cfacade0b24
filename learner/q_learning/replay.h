// Prioritised replay (Schaul et al. 2016, proportional): decision i is drawn with probability
//
//   P(i) = p_i^α / Σ p^α,    p_i = the mean |δ| of its slots when it was last drawn + kSmallestPriority; the largest so far at first
//
// and its slots weigh (N·P(i))^−β / max of the batch against the bias. A decision can be drawn once what follows it is known:
// the user's next decision, or that his outcome closed without one; or once it is among the oldest eighth of the buffer, for
// those who never come back count as well. (γ = 0: at once.)
//
// One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "learner/q_learning/decision_buffer.h"
#include "learner/q_learning/options.h"
#include "learner/q_learning/sum_tree.h"

namespace riffle::learner {

class Replay {
 public:
  static constexpr double kSmallestPriority = 0.001;  // so that what is known well is still drawn now and then

  explicit Replay(const ReplayedOptions& options);

  DecisionBuffer::Result take(const pb::Outcome& outcome, const OutcomePlace& place);
  bool refill(const pb::Outcome& outcome, const OutcomePlace& place);

  struct Drawn {
    DecisionBuffer::Place place = 0;
    double weight = 1;                 // of its slots, in (0, 1]
  };
  // Decisions with about `slots` exposed slots together, with replacement; `step` gives β. There is one to draw.
  void draw(std::size_t slots, std::uint64_t step, Rng& rng, std::vector<Drawn>& drawn) const;
  void set_priority(DecisionBuffer::Place place, double mean_error);

  std::size_t ready() const { return ready_; }          // decisions that can be drawn
  const DecisionBuffer& buffer() const { return buffer_; }

  void save(pb::DqnState& state) const;
  absl::Status load(const pb::DqnState& state);         // on error nothing is changed

 private:
  bool is_ready(DecisionBuffer::Place place) const;
  void refresh(DecisionBuffer::Place place);
  void refresh_around(DecisionBuffer::Place place);     // it, and who was waiting for it

  ReplayedOptions options_;
  DecisionBuffer buffer_;
  SumTree weights_;                                     // p^α of those that are ready, else 0
  std::vector<float> priorities_;
  float largest_priority_ = 1;
  std::size_t ready_ = 0;
};

}  // namespace riffle::learner
