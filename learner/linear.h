// `linear`: one reward model shared by all items, r̂ = w·x over the feature vector, by recursive least squares with
// forgetting in event time (DESIGN §6; FORMULAS 1.1, shared LinUCB without its bonus: exploring is the explorer's work).
//
// A slot's x xᵀ is added once, when it is newly exposed, and Δr·x at each revision, so learning at once equals waiting for
// the closed outcome, in any order of decisions. Positions are corrected by an examination factor (learner/examination.h)
// in learning; ranking compares candidates for the same slot, where it is 1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "learner/gaussian_posterior.h"
#include "learner/linear_statistics.h"
#include "learner/outcome_check.h"
#include "learner/trainer.h"

namespace riffle::learner {

class LinearScorer final : public Scorer {
 public:
  LinearScorer() = default;  // before anything was learned: 0 for all
  explicit LinearScorer(const LinearWeights& weights);  // sure of them
  LinearScorer(const LinearSolution& solution, const DrawOptions& draws, std::uint64_t seed);

  void score(const ScoringBatch& batch, std::span<float> scores) const override;
  std::size_t draw_count() const override { return posterior_ ? posterior_->draw_count() : 0; }
  void score_draws(const ScoringBatch& batch, std::span<float> draws) const override;
  bool has_widths() const override { return posterior_ != nullptr; }
  void score_widths(const ScoringBatch& batch, std::span<float> widths) const override;
  std::span<const float> weights() const { return weights_; }

 private:
  alignas(64) std::array<float, features::kFeatureCount> weights_{};
  std::shared_ptr<const GaussianPosterior> posterior_;  // null: none
};

class LinearTrainer final : public Trainer {
 public:
  explicit LinearTrainer(const LinearOptions& options);

  void learn(const pb::Outcome& outcome) override;
  // Where the regression has no solution the last good scorer stays (incident "unsolvable").
  std::shared_ptr<const Scorer> scorer() override;
  std::uint64_t slots_learned() const override { return slots_learned_; }
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

  std::vector<double> examination() const { return statistics_.examination(options_.position_prior); }

 private:
  LinearOptions options_;
  LinearStatistics statistics_;
  std::uint64_t slots_learned_ = 0;
  std::uint64_t ignored_ = 0;
  std::uint64_t unsolvable_ = 0;
  bool stale_ = false;                                // something was learned since `scorer_` was made
  std::shared_ptr<const LinearScorer> scorer_;        // never null
};

// Of a saved state; FailedPrecondition where its regression has no solution.
absl::StatusOr<std::shared_ptr<const Scorer>> linear_scorer(std::string_view state, const LinearOptions& options);

}  // namespace riffle::learner
