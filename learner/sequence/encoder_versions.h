// Versions of an encoder for who learns and serves from it on one thread, without a topic between: one each options.publish_interval, by
// the time of what it learns from, as a worker's learner publishes them (pipeline/encoder_learner.h).
#pragma once

#include <cstdint>
#include <memory>

#include "base/time.h"
#include "learner/sequence/encoder_snapshot.h"
#include "learner/sequence/sequence_trainer.h"

namespace riffle::learner {

class EncoderVersions {
 public:
  explicit EncoderVersions(const SequenceOptions& options) : options_(options) {}

  // The version that is served at `now`; null before the first, an interval after the first call. One that is due is made of what `trainer`
  // has learned; where that has taken nothing since, the one before stays. The same trainer every time.
  const std::shared_ptr<const EncoderSnapshot>& at(TimePoint now, const SequenceTrainer& trainer);

 private:
  SequenceOptions options_;
  std::shared_ptr<const EncoderSnapshot> served_;
  TimePoint due_ = kNoTime;
  std::uint64_t version_ = 0;
  std::uint64_t taken_ = 0;  // by the trainer, when it was made
};

}  // namespace riffle::learner
