// The live encoder of users' histories where a log is applied again or a world is simulated: what the learner's thread does with `events`
// (pipeline/encoder_learner.h: admission, duplicates, erasures, weights by type), one call after the other, and its versions by the
// records' time without the topic between. One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "base/published.h"
#include "base/time.h"
#include "bus/bus.h"
#include "learner/options.h"
#include "learner/sequence/encoder_versions.h"
#include "pipeline/encoder_learner.h"
#include "pipeline/micro_batch.h"

namespace riffle::pipeline {

class InProcessEncoder {
 public:
  struct Setup {
    ingest::AdmissionOptions admission;
    features::RowOptions rows;
    learner::LearnerOptions learner;
    std::int32_t partitions = 1;  // of events
  };
  // Null where learner.sequence.encoder is "none". What EncoderLearner::create() says; `metrics` outlives it.
  static absl::StatusOr<std::unique_ptr<InProcessEncoder>> create(Setup setup, Metrics& metrics);

  // A record of `events`; those of a partition in its order.
  void learn(const bus::Record& event) { learner_->learn(event); }
  // Items' categories, from now on.
  void know(std::shared_ptr<const features::Catalogue> catalogue);
  // As EncoderVersions::at().
  const std::shared_ptr<const learner::EncoderSnapshot>& at(TimePoint now) { return versions_.at(now, learner_->trainer()); }

 private:
  explicit InProcessEncoder(const learner::SequenceOptions& options) : versions_(options) {}

  Published<World> world_;  // the learner's
  std::unique_ptr<EncoderLearner> learner_;
  learner::EncoderVersions versions_;
};

}  // namespace riffle::pipeline
