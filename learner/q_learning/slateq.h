// `slateq`: Q-learning over whole lists (Ie et al. 2019): the worth of a list is that of what may be chosen of it, each weighed by
// a learned model of the choice (learner/network/shape.h). Only what was chosen, or ⊥ where nothing was, teaches its Q̄; every list
// teaches the choice. What it shares with `dqn` is in learner/q_learning/replay_trainer.h.
#pragma once

#include <memory>
#include <span>

#include "learner/q_learning/replay_trainer.h"
#include "learner/q_learning/slate_batch.h"

namespace riffle::learner {

class SlateQTrainer final : public ReplayTrainer {
 public:
  SlateQTrainer(const SlateQOptions& options, std::unique_ptr<Network> network);
  std::shared_ptr<const Scorer> scorer() override;

 private:
  absl::StatusOr<network::StepResult> step_on(std::span<const Replay::Drawn> drawn) override;
  std::span<const std::int64_t> row_decision() const override { return batch_.row_decision(); }

  SlateQOptions options_;
  SlateBatch batch_;
};

// InvalidArgument: options out of range. What load_network_module() says: no module.
absl::StatusOr<std::unique_ptr<Trainer>> make_slateq_trainer(const SlateQOptions& options, const NetworkOptions& network);
network::SlateSettings settings_of(const SlateQOptions& options);

}  // namespace riffle::learner
