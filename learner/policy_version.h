// A policy as the learner and the shards see it: what is learned for it, and a version of that made from its manifest and state.
// The state is the scorer's trainer's, and behind it, in the manifest's `weight_bytes`, the diversity weight's.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "learner/options.h"
#include "learner/scorer.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

struct LearnedPolicy {
  PolicyId id;
  std::string scorer;
  WeightOptions weight = {};   // kind `none`: its diversity weight is not learned
};

// Whether any version of it comes: its scorer learns, or its diversity weight is learned.
bool learns(const LearnedPolicy& policy);

struct VersionState {
  std::string_view scorer, weight;
};
// InvalidArgument: the manifest says that more of it is the weight's than there is.
absl::StatusOr<VersionState> split_state(const pb::PolicyManifest& manifest, std::string_view state);

// Before anything was learned. InvalidArgument: an unknown scorer, or options that cannot be.
absl::StatusOr<PolicyVersion> first_version(const LearnedPolicy& policy, const LearnerOptions& options);
// Of the manifest's scorer, which is to be the policy's. What is learned of the weight is left out where the policy learns none.
absl::StatusOr<PolicyVersion> make_version(const LearnedPolicy& policy, const pb::PolicyManifest& manifest, std::string_view state,
                                           const LearnerOptions& options);

}  // namespace riffle::learner
