// A log that lies in memory: outcomes, a round each.
#pragma once

#include <memory>
#include <vector>

#include "base/hash.h"
#include "evaluation/logs/round_source.h"
#include "records/riffle.pb.h"

namespace riffle::evaluation {

class OutcomeList final : public RoundSource {
 public:
  explicit OutcomeList(const std::vector<pb::Outcome>& outcomes) : outcomes_(outcomes) {}

  absl::StatusOr<bool> next(LoggedRound& round) override {
    if (at_ == outcomes_.size()) return false;
    const pb::Outcome& outcome = outcomes_[at_++];
    round.clear();
    round.outcome = &outcome;
    round.cluster = stable_hash(outcome.user_id());
    round.identity = stable_hash(outcome.recommendation_id());
    for (int k = 0; k < outcome.slots_size(); ++k)
      round.slots.push_back({.action = 0,
                             .position = static_cast<std::uint32_t>(k),
                             .propensity = outcome.slots(k).propensity(),
                             .reward = outcome.slots(k).reward()});
    return true;
  }
  std::vector<ingest::RowCount> counts() const override { return {{"closed outcomes", true, at_}}; }
  const std::vector<std::string>& problems() const override { return problems_; }
  std::optional<double> fraction() const override { return std::nullopt; }

 private:
  const std::vector<pb::Outcome>& outcomes_;
  std::size_t at_ = 0;
  std::vector<std::string> problems_;
};

inline OpenRounds open_list(const std::vector<pb::Outcome>& outcomes) {
  return [&outcomes]() -> absl::StatusOr<std::unique_ptr<RoundSource>> { return std::make_unique<OutcomeList>(outcomes); };
}

}  // namespace riffle::evaluation
