// The newest usable version of every configured policy, by the records of the `policy` topic.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/options.h"
#include "learner/policy_log.h"
#include "pipeline/micro_batch.h"
#include "serving/options.h"

namespace riffle::pipeline {

class AdoptedPolicies {
 public:
  // Every policy at version 0, before anything was learned. InvalidArgument: an unknown scorer.
  static absl::StatusOr<AdoptedPolicies> create(std::vector<serving::PolicyOptions> policies,
                                                const learner::LearnerOptions& options);

  // A record of the topic. Errors as PolicyLog::apply's: what is broken is left out.
  absl::Status apply(std::string_view key, std::optional<std::string_view> value);

  // Adopts what is newer; a version that cannot be used is logged, and the one before goes on.
  void adopt();
  const PolicySet& policies() const { return policies_; }

 private:
  AdoptedPolicies(std::vector<serving::PolicyOptions> options, const learner::LearnerOptions& learner)
      : options_(std::move(options)), learner_(learner) {}

  std::vector<serving::PolicyOptions> options_;
  learner::LearnerOptions learner_;
  learner::PolicyLog log_;
  PolicySet policies_;
};

}  // namespace riffle::pipeline
