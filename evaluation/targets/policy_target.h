// One of Riffle's policies: a scorer (as configured, or a saved version) and an explorer, on the lists
// of Riffle's own log.
//
// What it would have chosen can be told exactly only where the log holds all that the choice depends
// on: of fully logged decisions (`serving.full_log_share`), of which every candidate's features are
// there; without caps, in the log and in the policy; and with λ = 0, for the catalogue's vectors, which
// diversity is measured on, are not in the log. Decisions that are not fully logged are no evidence and
// are left out: which ones are is a hash's choice. A fully logged one where something else than the
// slots above was excluded cannot be answered.
//
// The scorer `random` draws evenly whatever the features: that is UniformTarget.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/targets/target.h"
#include "learner/scorer.h"
#include "serving/explorers/explorer.h"
#include "serving/options.h"

namespace riffle::evaluation {

class PolicyTarget final : public Target {
 public:
  // InvalidArgument: a policy whose choice the log cannot tell, with what to change.
  static absl::StatusOr<std::unique_ptr<Target>> make(const serving::PolicyOptions& policy,
                                                      const learner::PolicyVersion& version);

  Unanswerable weigh(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                     std::vector<TargetSlot>& out) override;
  bool concerns(const LoggedRound& round) const override {
    return round.outcome == nullptr || round.outcome->fully_logged();
  }
  std::string description() const override;

 private:
  PolicyTarget(const serving::PolicyOptions& policy, const learner::PolicyVersion& version);
  Unanswerable read(const LoggedRound& round);
  void score(const pb::Outcome& outcome);

  serving::PolicyOptions policy_;
  learner::PolicyVersion version_;
  std::unique_ptr<serving::Explorer> explorer_;
  serving::Distribution distribution_;
  // Of the round at hand, by candidate.
  std::vector<ItemKey> keys_;
  std::vector<CategoryKey> categories_;
  std::vector<float> features_, given_, scores_, utility_, draws_, widths_;
  std::vector<std::uint32_t> allowed_;
  std::vector<std::uint32_t> chosen_;  // by slot: which candidate
};

}  // namespace riffle::evaluation
