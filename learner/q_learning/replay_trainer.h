// What `dqn`, `slateq`, `neural_linear` and `multi_task` share: decisions are held, replayed by priority, and learned from in steps
// of a network in the network module; the state holds the network's numbers and names the buffer's decisions, which are read from
// `outcomes` again after a restart.
//
// One step of batch slots follows every batch/replays newly exposed ones, once enough decisions can be drawn.
//
// Guards: where a step's loss or gradient is not finite, or a score leaves twice the range that rewards and discount allow,
// the numbers go back to those last saved (the last version): incidents "not_finite", "diverged". Others: "older_than_buffer"
// (a revision of a decision that is no longer held), "repeated_revision", "cut_reward", "bad_candidate", "step_failed".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "learner/network_module.h"
#include "learner/q_learning/options.h"
#include "learner/q_learning/q_state.h"
#include "learner/q_learning/replay.h"
#include "learner/trainer.h"

namespace riffle::learner {

class ReplayTrainer : public Trainer {
 public:
  void learn(const pb::Outcome& outcome) override { learn_at(outcome, {}); }
  void learn_at(const pb::Outcome& outcome, const OutcomePlace& place) override;
  bool reads_candidates() const override { return true; }
  std::vector<OutcomePlace> held_from() const override { return replay_.buffer().held_from(); }
  bool remember(const pb::Outcome& outcome, const OutcomePlace& place) override;
  std::uint64_t slots_learned() const override { return slots_learned_; }
  // What is saved is good from now on: where a later step goes wrong, the numbers come back to it.
  std::string save() const override;
  // FailedPrecondition: another shape than the options', or other features; InvalidArgument: not such a state.
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

  std::uint64_t steps() const { return steps_; }        // taken, those rolled back included
  const Replay& replay() const { return replay_; }

 protected:
  // `name`: the scorer's, and lives longer. `shape`: its layers; `first`: the numbers to begin with.
  ReplayTrainer(const char* name, const ReplayedOptions& options, const network::Shape& shape, QNumbers first,
                std::unique_ptr<Network> network);

  // A step on what was drawn. errors_: Q(s,a) − y of each row; row_decision(): the rows' decisions, neighbours, indices of `drawn`.
  virtual absl::StatusOr<network::StepResult> step_on(std::span<const Replay::Drawn> drawn) = 0;
  virtual std::span<const std::int64_t> row_decision() const = 0;
  // A revision that was taken into the buffer, before any step.
  virtual void taken(const pb::Outcome& /*outcome*/, const DecisionBuffer::Result& /*result*/) {}

  pb::DqnState state() const;                           // what save() writes
  QNumbers read() const;

  std::unique_ptr<Network> network_;
  Replay replay_;
  std::vector<float> errors_;                           // scratch

 private:
  void step();
  void write(const QNumbers& numbers);
  void roll_back(const std::string& why, std::uint64_t& count);

  const char* name_;
  ReplayedOptions options_;
  network::Shape shape_;
  std::uint64_t steps_ = 0;
  std::uint64_t slots_learned_ = 0;
  std::uint64_t slots_since_step_ = 0;
  mutable QNumbers good_;                               // those last saved or loaded, else the first
  std::vector<Replay::Drawn> drawn_;                    // scratch
  std::uint64_t ignored_ = 0, too_old_ = 0, stale_ = 0, cut_rewards_ = 0, bad_candidates_ = 0;
  std::uint64_t not_finite_ = 0, diverged_ = 0, failed_ = 0;
};

// InvalidArgument: options out of range, with the scorer's name.
absl::Status check(const ReplayedOptions& options, const char* scorer);

}  // namespace riffle::learner
