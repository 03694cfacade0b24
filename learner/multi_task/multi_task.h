// `multi_task`: one network for all that may come of a slot, a click, a purchase, a dwell, the user's coming back and what else is
// rewarded, each with a head of its own over experts that they share (learner/network/multi_task_shape.h), and a combiner whose
// weights the configuration names (learner/multi_task/heads.h). What is common, the click, teaches the layers that what is rare,
// the purchase, reads as well; and what is wanted of lists can change without learning anew.
//
// Labels are what the log says was done with a slot (Outcome::engagements); a later revision takes the place of the one before, in
// the buffer that is replayed. Positions are an input, 0 in ranking, as for `dqn`; later effects are not looked at. The rest:
// learner/q_learning/replay_trainer.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "learner/multi_task/multi_task_scorer.h"
#include "learner/q_learning/replay_trainer.h"
#include "learner/q_learning/step_batch.h"

namespace riffle::learner {

class MultiTaskTrainer final : public ReplayTrainer {
 public:
  MultiTaskTrainer(const MultiTaskOptions& options, std::unique_ptr<Network> network);

  bool reads_candidates() const override { return false; }
  std::shared_ptr<const Scorer> scorer() override;
  std::string save() const override;
  // As ReplayTrainer::load(). FailedPrecondition also: other experts or heads than the options'.
  absl::Status load(std::string_view state) override;

 private:
  absl::StatusOr<network::StepResult> step_on(std::span<const Replay::Drawn> drawn) override;
  std::span<const std::int64_t> row_decision() const override { return batch_.row_decision(); }

  MultiTaskOptions options_;
  network::MultiTaskShape shape_;
  DqnOptions step_options_;
  StepBatch batch_;
  std::vector<float> labels_;  // scratch
};

// InvalidArgument: options out of range. What load_network_module() says: no module.
absl::StatusOr<std::unique_ptr<Trainer>> make_multi_task_trainer(const MultiTaskOptions& options, const NetworkOptions& network);
network::MultiTaskSettings settings_of(const MultiTaskOptions& options);

// He et al. 2015 for the shared layer and the experts; attention even, and each head at the rate that it is to begin with.
QNumbers first_numbers(const network::MultiTaskShape& shape, std::uint64_t seed);

}  // namespace riffle::learner
