// The live encoder of users' histories under prequential test: it learns from the stream as it goes, and serves what it had learned when
// the last version was due, as a worker does (learner.sequence.publish_interval, by the stream's time). One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/time.h"
#include "learner/sequence/encoder_versions.h"

namespace riffle::evaluation {

class LiveEncoder {
 public:
  LiveEncoder(std::unique_ptr<learner::SequenceTrainer> trainer, const learner::SequenceOptions& options)
      : trainer_(std::move(trainer)), versions_(options) {}

  void take(std::uint64_t user, const learner::SequenceEntry& entry, bool target) { trainer_->take(user, entry, target); }
  // The version that is served then; null before the first. Valid until the next call.
  const learner::EncoderSnapshot* at(TimePoint now) { return versions_.at(now, *trainer_).get(); }
  std::size_t memory_bytes() const { return trainer_->memory_bytes(); }

 private:
  std::unique_ptr<learner::SequenceTrainer> trainer_;
  learner::EncoderVersions versions_;
};

}  // namespace riffle::evaluation
