// The learner of the policies (learner/learner.h) as a thread runs it: `outcomes` in, policy versions out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "learner/learner.h"
#include "learner/options.h"
#include "pipeline/stream_learner.h"
#include "records/riffle.pb.h"
#include "serving/options.h"

namespace riffle::pipeline {

class OutcomeLearner final : public StreamLearner {
 public:
  // `topic`: of outcomes. What Learner::create() says of policies and options that no learner can be made of. `metrics` outlives it.
  static absl::StatusOr<std::unique_ptr<OutcomeLearner>> create(std::string topic, const std::vector<serving::PolicyOptions>& policies,
                                                                const learner::LearnerOptions& options, Metrics& metrics);

  bool learns() const override { return learner_->learns(); }
  const std::string& topic() const override { return topic_; }
  // Those too that are no longer configured: their old versions go as the others' do.
  bool owns(std::string_view policy) const override { return policy != learner::kEncoderId; }
  absl::Status boot(const learner::PolicyLog& log, std::int32_t /*partitions*/) override { return learner_->boot(log); }
  std::map<Partition, Offset> positions() const override { return learner_->positions(); }
  void learn(const bus::Record& record) override;
  std::vector<learner::PolicyRecord> publish(TimePoint now, bool at_once) override { return learner_->publish(now, at_once); }

 private:
  OutcomeLearner(std::string topic, std::unique_ptr<learner::Learner> learner) : topic_(std::move(topic)), learner_(std::move(learner)) {}

  std::string topic_;
  std::unique_ptr<learner::Learner> learner_;
  pb::Outcome outcome_;  // scratch: emptied, it keeps the memory of its many small parts
};

}  // namespace riffle::pipeline
