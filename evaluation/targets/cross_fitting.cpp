#include "evaluation/targets/cross_fitting.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"

namespace riffle::evaluation {
namespace {

constexpr std::uint64_t kRoundsBetweenNews = 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<CrossFitting>> CrossFitting::make(const serving::PolicyOptions& policy,
                                                                 const learner::LearnerOptions& options,
                                                                 std::size_t folds) {
  RIFFLE_CHECK(folds >= 1, "folds", folds);
  std::vector<std::unique_ptr<learner::Trainer>> trainers;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    auto trainer = learner::make_trainer(policy.scorer, options);
    RIFFLE_RETURN_IF_ERROR(annotate(trainer.status(), absl::StrCat("policy ", policy.id.str())));
    trainers.push_back(*std::move(trainer));
  }
  return std::unique_ptr<CrossFitting>(new CrossFitting(policy, std::move(trainers)));
}

CrossFitting::CrossFitting(const serving::PolicyOptions& policy, std::vector<std::unique_ptr<learner::Trainer>> trainers)
    : policy_(policy.id), trainers_(std::move(trainers)), outcomes_(trainers_.size(), 0) {}

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
      ++outcomes_[fold];
    }
    if (++progress.rounds % kRoundsBetweenNews != 0 || !watch) continue;
    progress.fraction = revisions.fraction();
    if (!watch(progress)) return absl::CancelledError("stopped while the policy was trained: nothing is known of it yet");
  }
}

std::vector<learner::PolicyVersion> CrossFitting::versions() {
  std::vector<learner::PolicyVersion> versions;
  for (const auto& trainer : trainers_) {
    learner::PolicyVersion& version = versions.emplace_back();
    version.policy_id = policy_;
    version.slots_learned = trainer->slots_learned();
    version.scorer = trainer->scorer();
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
