// `arms`: what each item earned so far, whoever saw it: context-free arms for small catalogues and surfaces. With the explorer
// `epsilon` it is ε-greedy, with `ucb1` UCB1 (Auer et al. 2002), with `thompson` Beta-Thompson (Chapelle & Li 2011):
//
//   r̂_i = (R_i + n₀ μ) / (N_i + n₀)     width_i = 1/√(N_i + n₀)     draws ~ Beta(α, β), α + β = N_i + n₀, α = (N_i + n₀) r̂_i
//
// N_i slots that showed item i (weighted, learner/forgetting.h), R_i their rewards, each cut to [0, 1]; μ the mean of all
// items and n₀ = prior_slots, so that a new item is thought of as the others are. `draws.scale` s draws from the posterior of
// 1/s² times as many slots.
//
// Positions are not corrected for. Revisions equal waiting. Items are bounded: at `max_items` the least shown eighth goes
// (incident "items_evicted").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "learner/forgetting.h"
#include "learner/outcome_check.h"
#include "learner/trainer.h"

namespace riffle::learner {

struct ArmSums {
  double count = 0;
  double reward = 0;
};

class ArmsScorer final : public Scorer {
 public:
  // Arms in order of their keys, sums scaled to now: the mean depends on the order in its last bits.
  ArmsScorer(const std::vector<std::pair<ItemKey, ArmSums>>& arms, const ArmsOptions& options, std::uint64_t seed);

  void score(const ScoringBatch& batch, std::span<float> scores) const override;
  std::size_t draw_count() const override { return draws_each_; }
  void score_draws(const ScoringBatch& batch, std::span<float> draws) const override;
  bool has_widths() const override { return true; }
  void score_widths(const ScoringBatch& batch, std::span<float> widths) const override;

 private:
  struct Arm {
    float mean = 0;
    float width = 0;
    std::uint32_t draws = 0;   // where its draws begin in draws_
  };
  const Arm& arm_of(const ScoringBatch& batch, std::size_t candidate) const;
  Arm make(const ArmSums& sums, const ArmsOptions& options, double mean, std::uint64_t seed);

  std::size_t draws_each_;
  absl::flat_hash_map<ItemKey, Arm> arms_;
  Arm unseen_;
  std::vector<float> draws_;
};

class ArmsTrainer final : public Trainer {
 public:
  explicit ArmsTrainer(const ArmsOptions& options);

  void learn(const pb::Outcome& outcome) override;
  std::shared_ptr<const Scorer> scorer() override;
  std::uint64_t slots_learned() const override { return slots_learned_; }
  std::string save() const override;
  absl::Status load(std::string_view state) override;
  std::vector<TrainerIncident> incidents() const override;
  std::size_t size() const { return arms_.size(); }

 private:
  std::vector<std::pair<ItemKey, ArmSums>> sorted() const;
  void scale(double factor);
  void make_room();

  ArmsOptions options_;
  Forgetting forgetting_;
  absl::flat_hash_map<ItemKey, ArmSums> arms_;
  std::uint64_t slots_learned_ = 0;
  std::uint64_t ignored_ = 0;
  std::uint64_t evicted_ = 0;
  std::shared_ptr<const Scorer> scorer_;  // null: to be made anew
};

absl::StatusOr<std::shared_ptr<const Scorer>> arms_scorer(std::string_view state, const ArmsOptions& options);

}  // namespace riffle::learner
