#include "pipeline/outcome_learner.h"

#include "base/errors.h"
#include "base/log.h"
#include "records/candidate_table.h"
#include "records/proto_codec.h"

namespace riffle::pipeline {

absl::StatusOr<std::unique_ptr<OutcomeLearner>> OutcomeLearner::create(std::string topic,
                                                                       const std::vector<serving::PolicyOptions>& policies,
                                                                       const learner::LearnerOptions& options, Metrics& metrics) {
  std::vector<learner::LearnedPolicy> learned;
  for (const serving::PolicyOptions& policy : policies) learned.push_back(serving::learned_policy(policy));
  RIFFLE_ASSIGN_OR_RETURN(auto made, learner::Learner::create(learned, options, metrics));
  return std::unique_ptr<OutcomeLearner>(new OutcomeLearner(std::move(topic), std::move(made)));
}

void OutcomeLearner::learn(const bus::Record& record) {
  const auto read = [&](std::string_view bytes) {
    return pb::decode(bytes, outcome_).ok() &&
           (learner_->reads_candidates() ? records::spread_candidates(outcome_) : records::spread_slots(outcome_)).ok();
  };
  if (!record.value || !read(*record.value)) {
    log::warn("learner: {}/{}/{} is not an outcome: left out", record.topic, record.partition.value(), record.offset.value());
    return;
  }
  learner_->on_outcome(outcome_, record.partition, record.offset);
}

}  // namespace riffle::pipeline
