#include "pipeline/standing_queue.h"

namespace riffle::pipeline {

void StandingQueue::note(TimePoint now, bool leaves_some) {
  if (last_ == kNoTime || now - last_ >= kSpan) {  // nobody asked for so long: there was no queue
    stands_ = false;
    otherwise_since_.reset();
  }
  last_ = now;
  if (leaves_some == stands_) {
    otherwise_since_.reset();
    return;
  }
  if (!otherwise_since_) otherwise_since_ = now;
  if (now - *otherwise_since_ < kSpan) return;
  stands_ = leaves_some;
  otherwise_since_.reset();
}

}  // namespace riffle::pipeline
