// Serving's side of `multi_task`: what the heads say of a request's candidates, combined (learner/multi_task/heads.h). A
// candidate's position is that of the first slot. The combiner is the configuration's, not the version's: other weights hold at
// once, and nothing is learned anew.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "learner/multi_task/multi_task_pass.h"
#include "learner/options.h"
#include "learner/scorer.h"

namespace riffle::learner {

class MultiTaskScorer final : public Scorer {
 public:
  MultiTaskScorer() = default;  // before anything was learned: 0 for all
  MultiTaskScorer(std::shared_ptr<const MultiTaskPass> pass, const HeadValues& factors)
      : pass_(std::move(pass)), factors_(factors) {}

  // 0 for a candidate whose features make no finite number.
  void score(const ScoringBatch& batch, std::span<float> scores) const override;

 private:
  std::shared_ptr<const MultiTaskPass> pass_;  // null: nothing was learned
  HeadValues factors_{};
};

// Of a state that MultiTaskTrainer saved. Errors as q_scorer().
absl::StatusOr<std::shared_ptr<const Scorer>> multi_task_scorer(std::string_view state, const MultiTaskOptions& options);

}  // namespace riffle::learner
