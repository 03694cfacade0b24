#include "pipeline/adopted_policies.h"

#include <algorithm>

#include "base/errors.h"
#include "base/log.h"
#include "learner/sequence/sequence_trainer.h"
#include "pipeline/encoder_learner.h"

namespace riffle::pipeline {

absl::StatusOr<AdoptedPolicies> AdoptedPolicies::create(std::vector<serving::PolicyOptions> policies,
                                                        const learner::LearnerOptions& options) {
  AdoptedPolicies adopted(std::move(policies), options);
  if (options.sequence.runs()) {
    RIFFLE_ASSIGN_OR_RETURN(adopted.encoder_, learner::sequence_kind(options.sequence.encoder));
  }
  for (const serving::PolicyOptions& policy : adopted.options_) {
    RIFFLE_ASSIGN_OR_RETURN(adopted.policies_.versions[policy.id],
                            learner::first_version(serving::learned_policy(policy), options));
    adopted.policies_.reads_users |= adopted.policies_.versions[policy.id].scorer->reads_user();
  }
  return adopted;
}

absl::Status AdoptedPolicies::apply(std::string_view key, std::optional<std::string_view> value) {
  if (learner::policy_of(key) != learner::kEncoderId) return log_.apply(key, value);
  return encoder_ ? encoder_log_.apply(key, value) : absl::OkStatus();
}

// Newest first: an older one only where those above it cannot be used.
void AdoptedPolicies::adopt_encoder() {
  if (!encoder_) return;
  const std::uint64_t has = policies_.encoder ? policies_.encoder->version() : 0;
  const auto versions = encoder_log_.complete_versions(PolicyId(std::string(learner::kEncoderId)));
  for (const pb::PolicyManifest* manifest : versions) {
    if (manifest->version() <= std::max(has, encoder_tried_)) break;
    if (manifest->scorer() != encoder_scorer(learner_.sequence.encoder)) continue;
    auto made = make_encoder(*manifest);
    if (made.ok()) {
      policies_.encoder = *std::move(made);
      break;
    }
    log::error("version {} of the encoder cannot be used, {} goes on: {}", manifest->version(), has, made.status().ToString());
  }
  if (!versions.empty()) encoder_tried_ = std::max(encoder_tried_, versions.front()->version());
}

absl::StatusOr<std::shared_ptr<const learner::EncoderSnapshot>> AdoptedPolicies::make_encoder(const pb::PolicyManifest& manifest) const {
  RIFFLE_ASSIGN_OR_RETURN(const std::string bytes, encoder_log_.state_of(manifest));
  RIFFLE_ASSIGN_OR_RETURN(const pb::EncoderState state, parse_encoder_state(bytes));
  return learner::EncoderSnapshot::make(*encoder_, learner_.sequence, state.trainer(), manifest.version());
}

void AdoptedPolicies::adopt() {
  for (const serving::PolicyOptions& policy : options_) {
    const pb::PolicyManifest* manifest = log_.newest(policy.id);
    learner::PolicyVersion& version = policies_.versions[policy.id];
    if (!manifest || manifest->version() <= version.version || manifest->scorer() != policy.scorer) continue;
    const auto state = log_.state_of(*manifest);
    if (!state.ok()) continue;
    auto made = learner::make_version(serving::learned_policy(policy), *manifest, *state, learner_);
    if (!made.ok()) {
      log::error("version {} of policy {} cannot be used, {} goes on: {}", manifest->version(), policy.id.str(),
                 version.version, made.status().ToString());
      continue;
    }
    version = *std::move(made);
  }
  adopt_encoder();
}

}  // namespace riffle::pipeline
