#include "evaluation/prequential/live_encoder.h"

#include "base/check.h"

namespace riffle::evaluation {

void LiveEncoder::take(std::uint64_t user, const learner::SequenceEntry& entry, bool target) {
  trainer_->take(user, entry, target);
  changed_ = true;
}

const learner::EncoderSnapshot* LiveEncoder::at(TimePoint now) {
  if (due_ == kNoTime) due_ = now + options_.publish_interval;
  if (!changed_ || now < due_) return served_.get();
  pb::SequenceState state;
  trainer_->save_parts([&state](const pb::SequenceState& part) {
    if (!part.has_log()) state.MergeFrom(part);  // which nobody serves from
  });
  auto made = learner::EncoderSnapshot::make(trainer_->encoder().shape().kind, options_, state, ++version_);
  RIFFLE_CHECK(made.ok(), made.status().ToString());
  served_ = *std::move(made);
  due_ = now + options_.publish_interval;
  changed_ = false;
  return served_.get();
}

}  // namespace riffle::evaluation
