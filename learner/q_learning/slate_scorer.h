// Serving's side of a SlateQ network (learner/network/shape.h): how much each candidate adds to Q(s,A), the worth of the list.
//
//   v_i = exp(ln v_i − ln v_⊥),   a_i = Q̄_i − Q̄_⊥ = A_i − A_⊥        Q(s,A) = Q̄_⊥ + Σ_A v_i a_i / (1 + Σ_A v_i)
//
//   top_k    score = v_i a_i / (1 + Σ of the kTypicalList largest v): the k largest make the list
//   greedy   the candidates are taken one by one, each time the i with the largest (N + v_i a_i)/(D + v_i), N = Σ v a and
//            D = 1 + Σ v over those before; its score is what it adds then, v_i (a_i − N/D)/(D + v_i), which falls from one to the
//            next. After kGreedyPicks the rest follow by what they would add as the next.
//
// Served is the target network: the mean of the online one's last 1/target_rate steps or so, which the noise of single steps hardly
// reaches (Polyak & Juditsky 1992); Q̄ differs little from item to item beside what all share.
//
// (Ie et al. 2019, section 4; with ⊥'s worth taken off all, which changes no list's order of Q and leaves scores that say what
// choosing the item is worth against choosing nothing.) Where a score is below 0, all are lifted by the least. A list that exploration or
// diversity changes is filled by the same scores.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "learner/network/shape.h"
#include "learner/q_learning/forward_pass.h"
#include "learner/q_learning/options.h"
#include "learner/scorer.h"

namespace riffle::learner {

class SlateScorer final : public Scorer {
 public:
  static constexpr std::size_t kTypicalList = 10;
  static constexpr std::size_t kGreedyPicks = 32;

  explicit SlateScorer(SlateOrder order) : order_(order) {}  // before anything was learned: 0 for all
  // `parameters`: shape.parameters() finite numbers. The shape's inputs are kFeatureCount + 1.
  SlateScorer(const network::SlateShape& shape, std::span<const float> parameters, SlateOrder order);

  // 0 for a candidate whose features make no finite number.
  void score(const ScoringBatch& batch, std::span<float> scores) const override;

 private:
  SlateOrder order_;
  ForwardPass choice_, advantage_;
};

// Of a state that SlateQTrainer saved, to be served in that order. Errors as q_scorer().
absl::StatusOr<std::shared_ptr<const Scorer>> slate_scorer(std::string_view state, SlateOrder order);

}  // namespace riffle::learner
