#include "evaluation/targets/policy_target.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "features/feature_vector.h"

namespace riffle::evaluation {

absl::StatusOr<std::unique_ptr<Target>> PolicyTarget::make(const serving::PolicyOptions& policy,
                                                           const learner::PolicyVersion& version) {
  const std::string name = absl::StrCat("policy ", policy.id.str());
  if (policy.scorer == "given")
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": the scorer `given` takes its scores from the requests, which the log "
                           "of outcomes does not have"));
  if (policy.diversifier.kind != "none" && policy.diversifier.weight != 0)
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": what its diversifier would choose depends on the catalogue's vectors, "
                           "which the log does not have; ask for it without, by --set policies.",
                     policy.id.str(), ".diversifier.weight=0"));
  if (!policy.caps.empty())
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": what its caps exclude depends on whole category paths, which the log "
                           "does not have; ask for it without caps"));
  return std::unique_ptr<Target>(new PolicyTarget(policy, version));
}

PolicyTarget::PolicyTarget(const serving::PolicyOptions& policy,
                           const learner::PolicyVersion& version)
    : policy_(policy), version_(version), explorer_(serving::make_explorer(policy.explorer.kind)) {}

std::string PolicyTarget::description() const {
  return absl::StrCat("policy ", policy_.id.str(), ": ", policy_.scorer,
                      version_.version > 0 ? absl::StrCat(" version ", version_.version) : "", ", ",
                      policy_.explorer.kind, ", no diversifier, no caps");
}

// Every candidate with its features, and where among them the slots are.
Unanswerable PolicyTarget::read(const LoggedRound& round) {
  const pb::Outcome& outcome = *round.outcome;
  if (outcome.feature_fingerprint() != features::feature_fingerprint())
    return "a decision was logged with another feature specification than this build's";
  const auto count = static_cast<std::size_t>(outcome.candidates_size());
  keys_.clear();
  categories_.clear();
  features_.clear();
  for (const pb::CandidateLog& candidate : outcome.candidates()) {
    if (static_cast<std::size_t>(candidate.features_size()) != features::kFeatureCount)
      return "a candidate was logged without its features";
    keys_.emplace_back(candidate.item_key());
    categories_.emplace_back(candidate.category_key());
    features_.insert(features_.end(), candidate.features().begin(), candidate.features().end());
  }
  chosen_.clear();
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot) {
    const pb::OutcomeSlot& filled = outcome.slots(static_cast<int>(slot));
    const auto at = std::find(keys_.begin(), keys_.end(), ItemKey(filled.item_key()));
    if (at == keys_.end()) return "a slot holds an item that is not among the logged candidates";
    if (filled.allowed() + slot != count)
      return "caps excluded candidates, and the log does not say which";
    chosen_.push_back(static_cast<std::uint32_t>(at - keys_.begin()));
  }
  return {};
}

void PolicyTarget::score(const pb::Outcome& outcome) {
  given_.assign(keys_.size(), 0);
  scores_.resize(keys_.size());
  const learner::ScoringBatch batch{.features = features_,
                                    .categories = categories_,
                                    .given = given_,
                                    .segment = outcome.segment(),
                                    .items = keys_};
  version_.scorer->score(batch, scores_);
  const serving::ExplorerNeeds needs = explorer_->needs();
  draws_.resize(needs.draws ? keys_.size() * version_.scorer->draw_count() : 0);
  if (!draws_.empty()) version_.scorer->score_draws(batch, draws_);
  widths_.resize(needs.widths && version_.scorer->has_widths() ? keys_.size() : 0);
  if (!widths_.empty()) version_.scorer->score_widths(batch, widths_);
  // As serving/slate.cpp does, with λ = 0.
  const auto ceiling = static_cast<float>(policy_.reward_ceiling);
  utility_.resize(scores_.size());
  for (std::size_t i = 0; i < scores_.size(); ++i)
    utility_[i] = std::clamp(scores_[i] / ceiling, 0.F, 1.F);
  for (float& draw : draws_) draw /= ceiling;
}

Unanswerable PolicyTarget::weigh(const LoggedRound& round, const RewardModel* model,
                                 std::size_t fold, std::vector<TargetSlot>& out) {
  out.clear();
  if (round.outcome == nullptr) return "one of Riffle's policies chooses only in Riffle's own log";
  if (const Unanswerable why = read(round); !why.empty()) return why;
  score(*round.outcome);
  const bool expects = model != nullptr && model->covers(round);
  allowed_.resize(keys_.size());
  std::iota(allowed_.begin(), allowed_.end(), 0);
  for (std::size_t slot = 0; slot < chosen_.size(); ++slot) {
    explorer_->distribute(policy_.explorer,
                          {.utility = utility_,
                           .keys = keys_,
                           .allowed = allowed_,
                           .slots_learned = static_cast<double>(version_.slots_learned),
                           .draws = draws_,
                           .widths = widths_},
                          distribution_);
    TargetSlot& target = out.emplace_back();
    target.probability = serving::probability(distribution_, chosen_[slot]);
    if (expects) {
      target.expected = 0;
      for (const std::uint32_t candidate : allowed_)
        if (const double p = serving::probability(distribution_, candidate); p > 0)
          target.expected += p * model->action(round, slot, fold, candidate);
    }
    allowed_.erase(std::find(allowed_.begin(), allowed_.end(), chosen_[slot]));
  }
  return {};
}

}  // namespace riffle::evaluation
