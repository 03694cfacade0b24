// `dqn`: deep Q-learning over (user, candidate) features (Mnih et al. 2015), double (van Hasselt et al. 2016), duelling (Wang et
// al. 2016), with n-step returns (learner/q_learning/returns.h) and prioritised replay (learner/q_learning/replay.h). An action is
// an item shown in a slot; its position is an input of its own, 0 in ranking, so that lower slots' fewer clicks are not the
// items' fault.
//
// One step of batch slots follows every batch/replays newly exposed ones, once enough decisions can be drawn. The network
// trains in the network module; the state holds its numbers and names the buffer's decisions, which are read from `outcomes`
// again after a restart.
//
// Guards: where a step's loss or gradient is not finite, or a score leaves twice the range that rewards and discount allow,
// the numbers go back to those last saved (the last version): incidents "not_finite", "diverged". Others: "older_than_buffer"
// (a revision of a decision that is no longer held), "repeated_revision", "cut_reward", "bad_candidate", "step_failed".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "learner/network_module.h"
#include "learner/q_learning/options.h"
#include "learner/q_learning/q_state.h"
#include "learner/q_learning/replay.h"
#include "learner/q_learning/step_batch.h"
#include "learner/trainer.h"

namespace riffle::learner {

class DqnTrainer final : public Trainer {
 public:
  DqnTrainer(const DqnOptions& options, std::unique_ptr<Network> network);

  void learn(const pb::Outcome& outcome) override { learn_at(outcome, {}); }
  void learn_at(const pb::Outcome& outcome, const OutcomePlace& place) override;
  std::vector<OutcomePlace> held_from() const override { return replay_.buffer().held_from(); }
  bool remember(const pb::Outcome& outcome, const OutcomePlace& place) override;
  std::shared_ptr<const Scorer> scorer() override;
  std::uint64_t slots_learned() const override { return slots_learned_; }
  // What is saved is good from now on: where a later step goes wrong, the numbers come back to it.
  std::string save() const override;
  // FailedPrecondition: another shape than the options', or other features; InvalidArgument: not such a state.
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

  std::uint64_t steps() const { return steps_; }        // taken, those rolled back included
  const Replay& replay() const { return replay_; }

 private:
  void step();
  QNumbers read() const;
  void write(const QNumbers& numbers);
  void roll_back(const std::string& why, std::uint64_t& count);

  DqnOptions options_;
  network::Shape shape_;
  std::unique_ptr<Network> network_;
  Replay replay_;
  std::uint64_t steps_ = 0;
  std::uint64_t slots_learned_ = 0;
  std::uint64_t slots_since_step_ = 0;
  mutable QNumbers good_;                               // those last saved or loaded, else the first
  std::vector<Replay::Drawn> drawn_;                    // scratch
  StepBatch batch_;
  std::vector<float> errors_;
  std::uint64_t ignored_ = 0, too_old_ = 0, stale_ = 0, cut_rewards_ = 0, bad_candidates_ = 0;
  std::uint64_t not_finite_ = 0, diverged_ = 0, failed_ = 0;
};

// InvalidArgument: options out of range. What load_network_module() says: no module.
absl::StatusOr<std::unique_ptr<Trainer>> make_dqn_trainer(const DqnOptions& options, const NetworkOptions& network);
network::Settings settings_of(const DqnOptions& options);

}  // namespace riffle::learner
