// Serving's side of `neural_linear`: the network's last hidden layer of a request's candidates, and the head's mean, width and draws
// of it. A candidate's position is that of the first slot.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "learner/gaussian_posterior.h"
#include "learner/options.h"
#include "learner/q_learning/forward_pass.h"
#include "learner/scorer.h"

namespace riffle::learner {

// z of rows as ForwardPass::hidden_of() takes them, dimension_of(pass) numbers each: the last hidden layer, and a 1.
inline std::size_t dimension_of(const ForwardPass& pass) { return pass.hidden() + 1; }
void represent(const ForwardPass& pass, std::span<const float> rows, std::size_t inputs, std::span<float> z);

class NeuralLinearScorer final : public Scorer {
 public:
  NeuralLinearScorer() = default;  // before anything was learned: 0 for all
  NeuralLinearScorer(std::shared_ptr<const ForwardPass> representation, std::shared_ptr<const GaussianPosterior> head);

  // 0 for a candidate whose features make no finite number.
  void score(const ScoringBatch& batch, std::span<float> scores) const override;
  std::size_t draw_count() const override { return head_ ? head_->draw_count() : 0; }
  void score_draws(const ScoringBatch& batch, std::span<float> draws) const override;
  bool has_widths() const override { return head_ != nullptr; }
  void score_widths(const ScoringBatch& batch, std::span<float> widths) const override;

 private:
  // The same batch's z is made once, whichever of the three is asked first on this thread.
  std::span<const float> represented(const ScoringBatch& batch) const;

  std::shared_ptr<const ForwardPass> representation_;
  std::shared_ptr<const GaussianPosterior> head_;  // null: nothing was learned
  std::uint64_t number_ = 0;                       // of this scorer among all of the process
};

// Of a state that NeuralLinearTrainer saved. Errors as q_scorer(), and FailedPrecondition where its head has no solution.
absl::StatusOr<std::shared_ptr<const Scorer>> neural_linear_scorer(std::string_view state, const NeuralLinearOptions& options);

}  // namespace riffle::learner
