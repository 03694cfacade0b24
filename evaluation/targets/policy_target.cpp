#include "evaluation/targets/policy_target.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "features/feature_vector.h"
#include "learner/user_clusters.h"

namespace riffle::evaluation {
namespace {

std::string in_words(const serving::PolicyOptions& policy) {
  std::string words(policy.explorer.kind);
  if (policy.diversifier.kind != "none" && policy.diversifier.adapt.kind != "none")
    absl::StrAppend(&words, ", ", policy.diversifier.kind, " with a learned λ (", policy.diversifier.adapt.kind, ")");
  else if (policy.diversifier.kind != "none" && policy.diversifier.weight != 0)
    absl::StrAppend(&words, ", ", policy.diversifier.kind, " λ ", policy.diversifier.weight);
  else
    words += ", no diversity";
  if (!policy.caps.empty()) absl::StrAppend(&words, ", ", policy.caps.size(), " caps");
  return words;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Target>> PolicyTarget::make(const serving::PolicyOptions& policy,
                                                           std::vector<learner::PolicyVersion> versions, bool trained) {
  RIFFLE_CHECK(!versions.empty(), "no version of the policy");
  if (policy.scorer == "given")
    return absl::InvalidArgumentError(
        absl::StrCat("policy ", policy.id.str(), ": the scorer `given` takes its scores from the requests, which the log "
                     "of outcomes does not have"));
  return std::unique_ptr<Target>(new PolicyTarget(policy, std::move(versions), trained));
}

PolicyTarget::PolicyTarget(const serving::PolicyOptions& policy, std::vector<learner::PolicyVersion> versions, bool trained)
    : policy_(policy), versions_(std::move(versions)), trained_(trained) {}

std::string PolicyTarget::description() const {
  std::string version;
  if (versions_.size() > 1)
    version = absl::StrCat(" trained on this log, cross-fitted over ", versions_.size(), " folds of users");
  else if (trained_)
    version = " trained on this log, in sample";
  else if (versions_[0].version > 0)
    version = absl::StrCat(" version ", versions_[0].version);
  return absl::StrCat("policy ", policy_.id.str(), ": ", policy_.scorer, version, ", ", in_words(policy_));
}

// Whether it chooses by what only a choice's log has.
bool PolicyTarget::wants_choice() const {
  return !policy_.caps.empty() || (policy_.diversifier.kind != "none" &&
                                   (policy_.diversifier.weight != 0 || policy_.diversifier.adapt.kind != "none"));
}

Unanswerable PolicyTarget::read_choice(const pb::Outcome& outcome) {
  input_ = serving::SlateInput{};
  input_.policy = &policy_;
  input_.slots = chosen_.size();
  input_.diversity = policy_.diversifier.weight;
  if (outcome.has_choice()) {
    if (const std::string_view why = choice_.read(outcome); !why.empty()) return why;
    input_.kernels = choice_.kernels();
    input_.category_paths = choice_.category_paths();
    input_.explore = outcome.choice().explore();
    if (outcome.choice().diversity_asked()) input_.diversity = outcome.choice().diversity();
    if (choice_.tastes()) {
      input_.tastes = *choice_.tastes();
    } else if (policy_.diversifier.kind == "calibration" && input_.diversity != 0) {
      return "a decision was logged without the user's tastes, which calibration asks for (by an older build)";
    }
    return {};
  }
  if (wants_choice())
    return "a decision was logged without what diversity and caps are measured on (by an older build, or of too many candidates)";
  for (int slot = 0; slot < outcome.slots_size(); ++slot)
    if (outcome.slots(slot).allowed() + static_cast<std::uint32_t>(slot) != keys_.size())
      return "caps excluded candidates, and the log does not say which";
  input_.diversity = 0;
  no_kernels_.assign(keys_.size(), nullptr);
  no_paths_.assign(keys_.size(), {});
  input_.kernels = no_kernels_;
  input_.category_paths = no_paths_;
  return {};
}

// Every candidate with its features, and where among them the slots are.
Unanswerable PolicyTarget::read(const LoggedRound& round) {
  if (round.outcome == nullptr) return "one of Riffle's policies chooses only in Riffle's own log";
  const pb::Outcome& outcome = *round.outcome;
  if (outcome.feature_fingerprint() != features::feature_fingerprint())
    return "a decision was logged with another feature specification than this build's";
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
  if (const Unanswerable why = find_chosen(outcome, chosen_); !why.empty()) return why;
  if (const Unanswerable why = read_choice(outcome); !why.empty()) return why;
  const learner::PolicyVersion& version = versions_[fold_of(round.cluster, versions_.size())];
  if (version.scorer->reads_user() && outcome.user_features().empty())
    return "a decision was logged without the user's features, which segments by k-means are found in (no policy of the worker read them)";
  const std::string segment = version.scorer->segment_of(learner::logged_user(outcome), outcome.segment());
  arms_.clear();
  if (outcome.has_choice() && !outcome.choice().diversity_asked())
    serving::find_arms(policy_, &version, segment, input_.explore, arms_);
  input_.arms = arms_;
  score(segment, version);
  return {};
}

void PolicyTarget::score(std::string_view segment, const learner::PolicyVersion& version) {
  given_.assign(keys_.size(), 0);
  scores_.resize(keys_.size());
  const learner::ScoringBatch batch{.features = features_,
                                    .categories = categories_,
                                    .given = given_,
                                    .segment = segment,
                                    .items = keys_};
  version.scorer->score(batch, scores_);
  const serving::ExplorerNeeds needs = builder_.needs(policy_);
  draws_.resize(needs.draws ? keys_.size() * version.scorer->draw_count() : 0);
  if (!draws_.empty()) version.scorer->score_draws(batch, draws_);
  widths_.resize(needs.widths && version.scorer->has_widths() ? keys_.size() : 0);
  if (!widths_.empty()) version.scorer->score_widths(batch, widths_);
  input_.keys = keys_;
  input_.scores = scores_;
  input_.draws = draws_;
  input_.widths = widths_;
  input_.slots_learned = static_cast<double>(version.slots_learned);
}

Unanswerable PolicyTarget::weigh(const LoggedRound& round, const RewardModel* model,
                                 std::size_t fold, std::vector<TargetSlot>& out) {
  out.clear();
  if (const Unanswerable why = read(round); !why.empty()) return why;
  const bool expects = model != nullptr && model->covers(round);
  builder_.walk(input_, [&](const serving::Distribution& distribution, std::span<const std::uint32_t> allowed) {
    const std::size_t slot = out.size();
    TargetSlot& target = out.emplace_back();
    target.probability = probability_among(distribution, allowed, chosen_[slot]);
    if (expects) {
      target.expected = 0;
      for (const std::uint32_t candidate : allowed)
        if (const double p = serving::probability(distribution, candidate); p > 0)
          target.expected += p * model->action(round, slot, fold, candidate);
    }
    return chosen_[slot];
  });
  return {};
}

Unanswerable PolicyTarget::marginals(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                                     const SlateDraws& draws, SlateMarginals& out) {
  if (const Unanswerable why = read(round); !why.empty()) return why;
  sampler_.sample(input_, chosen_, {round, model, fold}, draws, out);
  return {};
}

}  // namespace riffle::evaluation
