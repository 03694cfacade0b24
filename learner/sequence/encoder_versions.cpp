#include "learner/sequence/encoder_versions.h"

#include "base/check.h"

namespace riffle::learner {

const std::shared_ptr<const EncoderSnapshot>& EncoderVersions::at(TimePoint now, const SequenceTrainer& trainer) {
  if (due_ == kNoTime) due_ = now + options_.publish_interval;
  if (trainer.taken() == taken_ || now < due_) return served_;
  pb::SequenceState state;
  trainer.save_parts([&state](const pb::SequenceState& part) {
    if (!part.has_log()) state.MergeFrom(part);  // which nobody serves from
  });
  auto made = EncoderSnapshot::make(trainer.kind(), options_, state, ++version_);
  RIFFLE_CHECK(made.ok(), made.status().ToString());
  served_ = *std::move(made);
  due_ = now + options_.publish_interval;
  taken_ = trainer.taken();
  return served_;
}

}  // namespace riffle::learner
