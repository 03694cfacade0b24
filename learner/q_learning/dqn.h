// `dqn`: deep Q-learning over (user, candidate) features (Mnih et al. 2015), double (van Hasselt et al. 2016), duelling (Wang et
// al. 2016), with n-step returns (learner/q_learning/returns.h) and prioritised replay (learner/q_learning/replay.h). An action is
// an item shown in a slot; its position is an input of its own, 0 in ranking, so that lower slots' fewer clicks are not the
// items' fault.
// What it shares with `slateq` is in learner/q_learning/replay_trainer.h.
#pragma once

#include <memory>
#include <span>

#include "learner/q_learning/replay_trainer.h"
#include "learner/q_learning/step_batch.h"

namespace riffle::learner {

class DqnTrainer final : public ReplayTrainer {
 public:
  DqnTrainer(const DqnOptions& options, std::unique_ptr<Network> network);
  std::shared_ptr<const Scorer> scorer() override;

 private:
  absl::StatusOr<network::StepResult> step_on(std::span<const Replay::Drawn> drawn) override;
  std::span<const std::int64_t> row_decision() const override { return batch_.row_decision(); }

  DqnOptions options_;
  StepBatch batch_;
};

// InvalidArgument: options out of range. What load_network_module() says: no module.
absl::StatusOr<std::unique_ptr<Trainer>> make_dqn_trainer(const DqnOptions& options, const NetworkOptions& network);
network::Settings settings_of(const DqnOptions& options);
// A plain network's that looks at nothing but the reward, or what else the rows are labelled with.
DqnOptions plain_dqn(const ReplayedOptions& options);

}  // namespace riffle::learner
