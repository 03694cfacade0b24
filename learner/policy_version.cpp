#include "learner/policy_version.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "learner/diversity_weights.h"
#include "learner/trainer.h"

namespace riffle::learner {

bool learns(const LearnedPolicy& policy) { return is_trainable(policy.scorer) || learns(policy.weight); }

absl::StatusOr<VersionState> split_state(const pb::PolicyManifest& manifest, std::string_view state) {
  if (manifest.weight_bytes() > state.size())
    return absl::InvalidArgumentError(absl::StrCat("version ", manifest.version(), " of policy ", manifest.policy_id(), ": ",
                                                   manifest.weight_bytes(), " of its ", state.size(),
                                                   " bytes are said to be the diversity weight's"));
  const std::size_t scorer = state.size() - manifest.weight_bytes();
  return VersionState{state.substr(0, scorer), state.substr(scorer)};
}

absl::StatusOr<PolicyVersion> first_version(const LearnedPolicy& policy, const LearnerOptions& options) {
  PolicyVersion version;
  version.policy_id = policy.id;
  RIFFLE_ASSIGN_OR_RETURN(version.scorer, make_scorer(policy.scorer, "", options));
  if (learns(policy.weight)) {
    RIFFLE_ASSIGN_OR_RETURN(version.weights, make_weights("", policy.weight));
  }
  return version;
}

absl::StatusOr<PolicyVersion> make_version(const LearnedPolicy& policy, const pb::PolicyManifest& manifest, std::string_view state,
                                           const LearnerOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const VersionState parts, split_state(manifest, state));
  PolicyVersion version;
  version.policy_id = policy.id;
  version.version = manifest.version();
  version.slots_learned = manifest.slots_learned();
  RIFFLE_ASSIGN_OR_RETURN(version.scorer, make_scorer(policy.scorer, parts.scorer, options));
  if (learns(policy.weight)) {
    RIFFLE_ASSIGN_OR_RETURN(version.weights, make_weights(parts.weight, policy.weight));
  }
  return version;
}

}  // namespace riffle::learner
