// One of Riffle's policies: a scorer (as configured, a saved version, or trained on the log by folds), an explorer, a
// diversifier and caps, on the lists of Riffle's own log.
//
// What it would have chosen can be told exactly only where the log holds all that the choice depends on: of fully logged
// decisions (`serving.full_log_share`), of which every candidate's features are there, and (records/riffle.proto ChoiceLog) what
// diversity and caps are measured on. Decisions that are not fully logged are no evidence and are left out: which ones are is a
// hash's choice. The slots are walked by the code that serves (serving/slate.h), so that of the policy that served the
// probabilities are the logged ones.
//
// The request's dials are obeyed, as serving does: `explore`, and `diversity` where the request said it, else the policy's λ. Of
// logs from before the choice was logged, the dial is taken for 1, and a policy with λ > 0 or caps cannot be told.
//
// The scorer `random` draws evenly whatever the features: that is UniformTarget.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/targets/target.h"
#include "learner/diversity_weights.h"
#include "learner/scorer.h"
#include "serving/choice_log.h"
#include "serving/options.h"
#include "serving/slate.h"

namespace riffle::evaluation {

class PolicyTarget final : public Target {
 public:
  // `versions`: one, or one a fold of users (fold_of): a round is asked of its user's fold's. `trained`: on this log.
  // InvalidArgument: a policy whose choice the log cannot tell, with what to change.
  static absl::StatusOr<std::unique_ptr<Target>> make(const serving::PolicyOptions& policy,
                                                      std::vector<learner::PolicyVersion> versions, bool trained = false);
  static absl::StatusOr<std::unique_ptr<Target>> make(const serving::PolicyOptions& policy,
                                                      const learner::PolicyVersion& version) {
    return make(policy, std::vector<learner::PolicyVersion>{version});
  }

  Unanswerable weigh(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                     std::vector<TargetSlot>& out) override;
  Unanswerable marginals(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                         const SlateDraws& draws, SlateMarginals& out) override;
  bool concerns(const LoggedRound& round) const override {
    return round.outcome == nullptr || round.outcome->fully_logged();
  }
  std::string description() const override;

 private:
  PolicyTarget(const serving::PolicyOptions& policy, std::vector<learner::PolicyVersion> versions, bool trained);
  Unanswerable read(const LoggedRound& round);
  Unanswerable read_choice(const pb::Outcome& outcome);
  void score(std::string_view segment, const learner::PolicyVersion& version);
  bool wants_choice() const;

  serving::PolicyOptions policy_;
  std::vector<learner::PolicyVersion> versions_;  // by fold
  bool trained_;
  serving::SlateBuilder builder_;
  SlateSampler sampler_;
  serving::LoggedChoice choice_;
  // Of the round at hand, by candidate.
  std::vector<ItemKey> keys_;
  std::vector<CategoryKey> categories_;
  std::vector<float> features_, given_, scores_, draws_, widths_;
  std::vector<const features::KernelVector*> no_kernels_;
  std::vector<std::span<const CategoryKey>> no_paths_;
  serving::SlateInput input_;          // that serving would have filled
  std::vector<learner::WeightArm> arms_;
  std::vector<std::uint32_t> chosen_;  // by slot: which candidate
};

}  // namespace riffle::evaluation
