#include "pipeline/adopted_policies.h"

#include "base/errors.h"
#include "base/log.h"

namespace riffle::pipeline {

absl::StatusOr<AdoptedPolicies> AdoptedPolicies::create(std::vector<serving::PolicyOptions> policies,
                                                        const learner::LearnerOptions& options) {
  AdoptedPolicies adopted(std::move(policies), options);
  for (const serving::PolicyOptions& policy : adopted.options_) {
    RIFFLE_ASSIGN_OR_RETURN(adopted.policies_.versions[policy.id],
                            learner::first_version(serving::learned_policy(policy), options));
    adopted.policies_.reads_users |= adopted.policies_.versions[policy.id].scorer->reads_user();
  }
  return adopted;
}

absl::Status AdoptedPolicies::apply(std::string_view key, std::optional<std::string_view> value) {
  return log_.apply(key, value);
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
}

}  // namespace riffle::pipeline
