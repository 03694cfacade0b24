// A policy trained on the very log that it is asked about, without having seen whom it is asked about: users are put into folds
// (models/reward_model.h fold_of), and each fold has a policy of its own, trained on the outcomes of all other folds' users. A
// policy that was trained on the rounds it is judged on has learned their noise, and looks better than it is; given the other
// folds, these are fixed policies (Zhou, Athey & Wager 2023, "Offline multi-action policy learning", §3, for the folds). The
// value is that of training on (folds − 1) / folds of such a log.
//
// Training is Riffle's own: every revision of every outcome, in the log's order, as the learner reads them. One fold trains and
// judges on the same rounds.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/ope.h"
#include "learner/diversity_weights.h"
#include "learner/options.h"
#include "learner/trainer.h"
#include "serving/options.h"

namespace riffle::evaluation {

class CrossFitting {
 public:
  // InvalidArgument: its scorer does not learn. `folds` ≥ 1.
  static absl::StatusOr<std::unique_ptr<CrossFitting>> make(const serving::PolicyOptions& policy,
                                                            const learner::LearnerOptions& options, std::size_t folds);

  // The whole log, which gives every revision. Cancelled: the watch stopped it.
  absl::Status train(RoundSource& revisions, const OpeWatch& watch, int passes);

  // By fold.
  std::vector<learner::PolicyVersion> versions();
  struct Fold {
    std::uint64_t outcomes = 0;  // revisions that its policy was trained on
    std::uint64_t slots = 0;     // that its policy learned from
  };
  std::vector<Fold> folds() const;

 private:
  explicit CrossFitting(PolicyId policy) : policy_(std::move(policy)) {}

  PolicyId policy_;
  std::vector<std::unique_ptr<learner::Trainer>> trainers_;  // by fold
  std::vector<std::unique_ptr<learner::WeightTrainer>> weights_;  // likewise, of the policy's own lists; none: it learns no weight
  std::vector<std::uint64_t> outcomes_;                      // likewise
};

}  // namespace riffle::evaluation
