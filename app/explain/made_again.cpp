#include "app/explain/made_again.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "app/system.h"
#include "base/errors.h"
#include "evaluation/logged_round.h"
#include "evaluation/saved_policy.h"
#include "evaluation/targets/policy_target.h"
#include "evaluation/targets/uniform_target.h"
#include "features/feature_vector.h"
#include "features/join_outcome.h"
#include "learner/trainer.h"

namespace riffle::app {
namespace {

constexpr double kEqual = 1e-6;

bool is_degraded(const pb::Decision& decision, std::string_view cause) {
  return std::find(decision.degraded().begin(), decision.degraded().end(), cause) != decision.degraded().end();
}

class Remake {
 public:
  Remake(const FoundDecision& found, const config::Config& config, bus::Bus* bus, const std::string& why_no_bus)
      : found_(found), decision_(found.decision), config_(config), bus_(bus), why_no_bus_(why_no_bus) {}

  MadeAgain run() {
    result_.why_no_scores = score();
    result_.why_no_propensities = result_.why_no_scores.empty() ? distribute() : result_.why_no_scores;
    return std::move(result_);
  }

 private:
  std::string find_policy() {
    const auto at =
        std::find_if(config_.policies.begin(), config_.policies.end(),
                     [&](const serving::PolicyOptions& policy) { return policy.id.str() == decision_.policy_id(); });
    if (at == config_.policies.end()) return absl::StrCat("the configuration has no policy ", decision_.policy_id());
    policy_ = *at;
    if (policy_.scorer == "given") return "its scores were the request's own";
    // Before anything is learned a policy ranks by popularity (serving/recommender.cpp).
    if (is_degraded(decision_, "untrained") || is_degraded(decision_, "no_policy")) policy_.scorer = "popularity";
    // What it knows of diversity's weight counts only where the list says it.
    if (!decision_.has_learned_weight()) policy_.diversifier.adapt.kind = "none";
    const learner::LearnedPolicy learned = serving::learned_policy(policy_);
    if (!learner::learns(learned) || (decision_.policy_version() == 0 && !learner::is_trainable(policy_.scorer))) {
      auto first = learner::first_version(learned, config_.learner);
      if (!first.ok()) return std::string(first.status().message());
      version_ = *std::move(first);
      return {};
    }
    if (bus_ == nullptr) return why_no_bus_;
    auto saved = evaluation::read_saved_policy(*bus_, topic_names(config_).policy, policy_, decision_.policy_version(),
                                               config_.learner);
    if (!saved.ok()) return std::string(saved.status().message());
    version_ = *std::move(saved);
    return {};
  }

  std::string score() {
    if (decision_.candidates_size() == 0) return "no candidate's features are in the log";
    if (decision_.feature_fingerprint() != features::feature_fingerprint())
      return "it was logged with another version of the features than this build's";
    if (std::string why = find_policy(); !why.empty()) return why;
    std::vector<float> features, scores(static_cast<std::size_t>(decision_.candidates_size()));
    std::vector<CategoryKey> categories;
    std::vector<ItemKey> items;
    for (const pb::CandidateLog& candidate : decision_.candidates()) {
      if (static_cast<std::size_t>(candidate.features_size()) != features::kFeatureCount)
        return "a candidate was logged without its features";
      features.insert(features.end(), candidate.features().begin(), candidate.features().end());
      categories.emplace_back(candidate.category_key());
      items.emplace_back(candidate.item_key());
    }
    const std::vector<float> given(scores.size(), 0);
    version_.scorer->score({.features = features,
                            .categories = categories,
                            .given = given,
                            .segment = decision_.segment(),
                            .items = items},
                           scores);
    result_.scorer =
        absl::StrCat(policy_.scorer, version_.version > 0 ? absl::StrCat(" version ", version_.version) : "");
    result_.scores = scores.size();
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double logged = decision_.candidates(static_cast<int>(i)).score(), made = scores[i];
      const double difference = std::abs(made - logged);
      result_.scores_equal += difference <= kEqual * std::max({std::abs(made), std::abs(logged), kEqual}) ? 1 : 0;
      result_.largest_score_difference = std::max(result_.largest_score_difference, difference);
    }
    return {};
  }

  std::string distribute() {
    if (!decision_.fully_logged()) return "only a sample of its candidates was logged (serving.full_log_share)";
    const bool whole = found_.place == FoundDecision::Place::kState;
    if (whole && !decision_.has_choice() && decision_.explore() != 1) return "its request scaled exploration";
    serving::PolicyOptions policy = policy_;
    if (whole) policy.diversifier.weight = decision_.diversity();  // the request's, where it said one
    evaluation::UniformTarget uniform;
    std::unique_ptr<evaluation::Target> made;
    if (policy.scorer != "random") {
      auto target = evaluation::PolicyTarget::make(policy, version_);
      if (!target.ok()) return std::string(target.status().message());
      made = *std::move(target);
    }
    const pb::Join join = features::make_join(decision_);
    pb::Outcome outcome;
    features::fill_outcome(decision_, join, join, true, decision_.time_ms(), found_.shard, outcome);
    evaluation::LoggedRound round;
    round.outcome = &outcome;
    for (int i = 0; i < outcome.slots_size(); ++i)
      round.slots.push_back({.position = static_cast<std::uint32_t>(i), .propensity = outcome.slots(i).propensity()});
    std::vector<evaluation::TargetSlot> slots;
    const auto why = (made ? *made : uniform).weigh(round, nullptr, 0, slots);
    if (!why.empty()) return std::string(why);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      result_.propensities.push_back(slots[i].probability);
      result_.largest_propensity_difference =
          std::max(result_.largest_propensity_difference, std::abs(slots[i].probability - round.slots[i].propensity));
    }
    return {};
  }

  const FoundDecision& found_;
  const pb::Decision& decision_;
  const config::Config& config_;
  bus::Bus* bus_;
  const std::string& why_no_bus_;
  serving::PolicyOptions policy_;
  learner::PolicyVersion version_;
  MadeAgain result_;
};

}  // namespace

MadeAgain make_again(const FoundDecision& found, const config::Config& config, bus::Bus* bus,
                     const std::string& why_no_bus) {
  return Remake(found, config, bus, why_no_bus).run();
}

}  // namespace riffle::app
