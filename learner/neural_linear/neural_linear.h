// `neural_linear`: what a network makes of (user, candidate, position), and a Bayesian linear regression of the reward on it
// (Riquelme, Tucker & Snoek 2018): products and thresholds of features as `dqn` sees them, and as sure of its estimates, or as
// unsure, as `linear` is. A list's later effects are not looked at.
//
// The network is trained on the reward alone, in the module and on the replay that `dqn` uses. The representation z is the last
// hidden layer of a copy of it. With every revision the head (learner/neural_linear/head.h) adds z zᵀ once a slot and Δr·z, so that
// within one representation learning at once equals waiting. Now and then the copy is renewed and the head rebuilt from what the
// buffer holds: its window. The first copy is the network before any step: random features, which a regression can use from the
// first slot on. A copy serves for a quarter of the slots learned before, from kFirstRebuild to `rebuild_slots`.
//
// A revision of a list that the buffer does not hold any more changes nothing (incident "older_than_buffer"). Where the head has no
// solution the last good scorer stays ("unsolvable"). The rest: learner/q_learning/replay_trainer.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "learner/neural_linear/head.h"
#include "learner/neural_linear/neural_linear_scorer.h"
#include "learner/q_learning/replay_trainer.h"
#include "learner/q_learning/step_batch.h"

namespace riffle::learner {

class NeuralLinearTrainer final : public ReplayTrainer {
 public:
  static constexpr std::uint64_t kFirstRebuild = 512;

  NeuralLinearTrainer(const NeuralLinearOptions& options, std::unique_ptr<Network> network);

  void learn_at(const pb::Outcome& outcome, const OutcomePlace& place) override;
  std::shared_ptr<const Scorer> scorer() override;
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

  const NeuralHead& head() const { return head_; }
  const ForwardPass& representation() const { return *pass_; }
  std::uint64_t rebuilds() const { return rebuilds_; }  // since it was made

 private:
  absl::StatusOr<network::StepResult> step_on(std::span<const Replay::Drawn> drawn) override;
  std::span<const std::int64_t> row_decision() const override { return batch_.row_decision(); }
  void taken(const pb::Outcome& outcome, const DecisionBuffer::Result& result) override;

  void represent_rows(std::span<const float> features, std::span<const std::uint16_t> positions);  // into z_
  void represent_by(std::vector<float> numbers);
  void rebuild();

  NeuralLinearOptions options_;
  DqnOptions step_options_;
  StepBatch batch_;
  std::vector<float> representation_;                  // the copy's numbers
  std::shared_ptr<const ForwardPass> pass_;            // of them; never null
  NeuralHead head_;
  std::uint64_t slots_since_rebuild_ = 0, rebuilds_ = 0, unsolvable_ = 0;
  bool stale_ = false;                                 // something was learned since scorer_ was made
  std::shared_ptr<const NeuralLinearScorer> scorer_;   // never null
  std::vector<float> rows_, z_;                        // scratch
};

// InvalidArgument: options out of range. What load_network_module() says: no module.
absl::StatusOr<std::unique_ptr<Trainer>> make_neural_linear_trainer(const NeuralLinearOptions& options,
                                                                    const NetworkOptions& network);
network::Settings settings_of(const NeuralLinearOptions& options);

}  // namespace riffle::learner
