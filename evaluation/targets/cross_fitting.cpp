#include "evaluation/targets/cross_fitting.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "learner/outcome_check.h"

namespace riffle::evaluation {
namespace {

constexpr std::uint64_t kRoundsBetweenNews = 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<CrossFitting>> CrossFitting::make(const serving::PolicyOptions& policy,
                                                                 const learner::LearnerOptions& options,
                                                                 std::size_t folds) {
  RIFFLE_CHECK(folds >= 1, "folds", folds);
  const learner::WeightOptions weight = serving::learned_policy(policy).weight;
  std::unique_ptr<CrossFitting> fitting(new CrossFitting(policy.id));
  for (std::size_t fold = 0; fold < folds; ++fold) {
    auto trainer = learner::make_trainer(policy.scorer, options);
    RIFFLE_RETURN_IF_ERROR(annotate(trainer.status(), absl::StrCat("policy ", policy.id.str())));
    fitting->trainers_.push_back(*std::move(trainer));
    fitting->outcomes_.push_back(0);
    if (!learner::learns(weight)) continue;
    RIFFLE_ASSIGN_OR_RETURN(auto weights, learner::make_weight_trainer(weight));
    fitting->weights_.push_back(std::move(weights));
  }
  return fitting;
}

absl::Status CrossFitting::train(RoundSource& revisions, const OpeWatch& watch, int passes) {
  OpeProgress progress;
  progress.passes = passes;
  LoggedRound round;
  for (;;) {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, revisions.next(round));
    if (!more) return absl::OkStatus();
    const std::size_t own = fold_of(round.cluster, trainers_.size());
    for (std::size_t fold = 0; fold < trainers_.size(); ++fold) {
      if (fold == own && trainers_.size() > 1) continue;
      trainers_[fold]->learn(*round.outcome);
      if (!weights_.empty() && round.outcome->policy_id() == policy_.str() && learner::outcome_problem(*round.outcome).empty())
        weights_[fold]->learn(*round.outcome);
      ++outcomes_[fold];
    }
    if (++progress.rounds % kRoundsBetweenNews != 0 || !watch) continue;
    progress.fraction = revisions.fraction();
    if (!watch(progress)) return absl::CancelledError("stopped while the policy was trained: nothing is known of it yet");
  }
}

std::vector<learner::PolicyVersion> CrossFitting::versions() {
  std::vector<learner::PolicyVersion> versions;
  for (std::size_t fold = 0; fold < trainers_.size(); ++fold) {
    learner::PolicyVersion& version = versions.emplace_back();
    version.policy_id = policy_;
    version.slots_learned = trainers_[fold]->slots_learned();
    version.scorer = trainers_[fold]->scorer();
    if (!weights_.empty()) version.weights = weights_[fold]->weights();
  }
  return versions;
}

std::vector<CrossFitting::Fold> CrossFitting::folds() const {
  std::vector<Fold> folds;
  for (std::size_t fold = 0; fold < trainers_.size(); ++fold)
    folds.push_back({outcomes_[fold], trainers_[fold]->slots_learned()});
  return folds;
}

}  // namespace riffle::evaluation
