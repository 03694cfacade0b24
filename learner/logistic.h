// `logistic`: the probability of a click, p = σ(o + w·x), its posterior kept by Laplace's approximation, online (Chapelle & Li
// 2011, with the whole covariance instead of its diagonal). Rewards are cut to [0, 1], so a purchase that counts as more than
// a click does is one: the value of rewards is for `linear`.
//
// A slot's log likelihood is replaced by its second-order expansion about the weights of then,
//   h = p (1 − p),  m = w·x:   H += h x xᵀ,  b += (y − p + h m) x;   ŵ = (H + λI)⁻¹ b,   w ~ N(ŵ, (H + λI)⁻¹)
// with o the log odds of `first_rate`, where the expansion begins. At position k it is o + ln θ_k (learner/examination.h):
// p times θ_k as long as clicks are rare, up to a tenth beside it where they are not. All slots of an outcome are expanded
// about the same weights.
//
// y enters linearly, so a revision adds Δy·x: learning it at once equals waiting for it exactly where nothing was learned
// in between, and nearly where something was. That is one Newton step a slot: early slots, expanded far from where the
// weights end, are off until forgetting takes them.
//
//   score  σ(o + ŵ·x)    width  p (1 − p) ‖L⁻¹x‖: the click probability's posterior deviation    draws  σ(o + θ_s·x)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "learner/gaussian_posterior.h"
#include "learner/linear_statistics.h"
#include "learner/outcome_check.h"
#include "learner/trainer.h"

namespace riffle::learner {

class LogisticScorer final : public Scorer {
 public:
  LogisticScorer(const LinearSolution& solution, const LogisticOptions& options, std::uint64_t seed);

  void score(const ScoringBatch& batch, std::span<float> scores) const override;
  std::size_t draw_count() const override { return posterior_.draw_count(); }
  void score_draws(const ScoringBatch& batch, std::span<float> draws) const override;
  bool has_widths() const override { return true; }
  void score_widths(const ScoringBatch& batch, std::span<float> widths) const override;

 private:
  float probability(const float* row) const;

  GaussianPosterior posterior_;   // of the log odds beyond `offset_`
  float offset_;
};

class LogisticTrainer final : public Trainer {
 public:
  explicit LogisticTrainer(const LogisticOptions& options);

  void learn(const pb::Outcome& outcome) override;
  // Where the regression has no solution the last good scorer stays, and slots are expanded about 0 until it has one again
  // (incident "unsolvable").
  std::shared_ptr<const Scorer> scorer() override;
  std::uint64_t slots_learned() const override { return slots_learned_; }
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;

 private:
  const LinearSolution* solution();   // of all that was learned; null: none

  LogisticOptions options_;
  LinearStatistics statistics_;       // position 0 has the regression, all have what randomised slots tell
  std::uint64_t slots_learned_ = 0;
  std::uint64_t ignored_ = 0;
  std::uint64_t unsolvable_ = 0;
  std::unique_ptr<const LinearSolution> solved_;  // null: to be solved
  bool stale_ = false;                            // something was learned since `scorer_` was made
  std::shared_ptr<const Scorer> scorer_;          // never null
};

absl::StatusOr<std::shared_ptr<const Scorer>> logistic_scorer(std::string_view state, const LogisticOptions& options);

}  // namespace riffle::learner
