// The newest usable version of every configured policy and of the encoder, by the records of the `policy` topic.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/options.h"
#include "learner/policy_log.h"
#include "learner/sequence/encoder_snapshot.h"
#include "pipeline/micro_batch.h"
#include "serving/options.h"

namespace riffle::pipeline {

class AdoptedPolicies {
 public:
  // Every policy at version 0, before anything was learned, and no encoder. InvalidArgument: an unknown scorer, or encoder.
  static absl::StatusOr<AdoptedPolicies> create(std::vector<serving::PolicyOptions> policies,
                                                const learner::LearnerOptions& options);

  // A record of the topic. Errors as PolicyLog::apply's: what is broken is left out.
  absl::Status apply(std::string_view key, std::optional<std::string_view> value);

  // Adopts what is newer; a version that cannot be used is logged, and the one before goes on.
  void adopt();
  const PolicySet& policies() const { return policies_; }

 private:
  static constexpr std::size_t kEncoderStates = 2;  // of some megabytes each: the one in use does not need its own

  void adopt_encoder();
  absl::StatusOr<std::shared_ptr<const learner::EncoderSnapshot>> make_encoder(const pb::PolicyManifest& manifest) const;

  AdoptedPolicies(std::vector<serving::PolicyOptions> options, const learner::LearnerOptions& learner)
      : options_(std::move(options)), learner_(learner) {}

  std::vector<serving::PolicyOptions> options_;
  learner::LearnerOptions learner_;
  learner::PolicyLog log_;
  std::optional<learner::network::SequenceShape::Kind> encoder_;  // none: its versions are not read
  learner::PolicyLog encoder_log_{kEncoderStates};
  std::uint64_t encoder_tried_ = 0;                               // versions up to it
  PolicySet policies_;
};

}  // namespace riffle::pipeline
