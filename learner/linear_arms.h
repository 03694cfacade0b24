// `linear_arms`: a linear model of its own for every item, over the same feature vector (learner/arm_regressions.h): for
// surfaces with few items that differ in whom they suit, a banner or a strip of offers. An item not shown yet is thought of as
// the prior: 0, as unsure as can be.
//
// Positions are not corrected for: lists are short where it is used.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "learner/arm_regressions.h"
#include "learner/outcome_check.h"
#include "learner/trainer.h"

namespace riffle::learner {

class LinearArmsScorer final : public Scorer {
 public:
  // Rows of a batch have `dimension` numbers.
  LinearArmsScorer(ArmPosteriors arms, const LinearArmsOptions& options, std::size_t dimension);

  void score(const ScoringBatch& batch, std::span<float> scores) const override;
  std::size_t draw_count() const override { return prior_->draw_count(); }
  void score_draws(const ScoringBatch& batch, std::span<float> draws) const override;
  bool has_widths() const override { return true; }
  void score_widths(const ScoringBatch& batch, std::span<float> widths) const override;

 private:
  const GaussianPosterior& posterior_of(const ScoringBatch& batch, std::size_t candidate) const;
  const float* row_of(const ScoringBatch& batch, std::size_t candidate) const;

  ArmPosteriors arms_;
  std::size_t dimension_;
  std::shared_ptr<const GaussianPosterior> prior_;
};

class LinearArmsTrainer final : public Trainer {
 public:
  explicit LinearArmsTrainer(const LinearArmsOptions& options);

  void learn(const pb::Outcome& outcome) override;
  // Of an item whose regression has no solution the last good one stays (incident "unsolvable").
  std::shared_ptr<const Scorer> scorer() override;
  std::uint64_t slots_learned() const override { return slots_learned_; }
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

 private:
  LinearArmsOptions options_;
  ArmRegressions arms_;
  std::uint64_t slots_learned_ = 0;
  std::uint64_t ignored_ = 0;
  std::shared_ptr<const Scorer> scorer_;  // null: to be made anew
};

absl::StatusOr<std::shared_ptr<const Scorer>> linear_arms_scorer(std::string_view state, const LinearArmsOptions& options);

}  // namespace riffle::learner
