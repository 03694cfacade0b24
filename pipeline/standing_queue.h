// Tells a queue of requests that stands from one that drains (after Nichols and Jacobson, "Controlling Queue Delay", 2012: a burst
// passes, an overload does not). Only the queue in this process counts: neither clocks that differ nor a slow broker are an
// overload.
//
// First come, first served, with deadlines alone, an overload answers each request when its deadline is about to pass, so that
// its list is late, too. Who is refused early leaves his time to those who come after him: as many lists are made, and in time.
//
// Example: 10,000 requests a second with deadline_ms 50, where 3,000 can be answered. For kSpan no turn takes all that wait: the
// queue stands. From then on what has waited for longer than 12 ms is refused, and what has not gets a list made the short way,
// until turns have left nothing for kSpan.
#pragma once

#include <optional>

#include "base/time.h"

namespace riffle::pipeline {

// One shard's. Not thread-safe.
class StandingQueue {
 public:
  static constexpr Milliseconds kSpan{100};  // shorter takes a burst for an overload, longer lets more lists be late
  static constexpr int kShare = 4;           // of its deadline a request may wait here: the rest is for its list and its ways

  // At each turn that takes requests: whether it leaves others waiting.
  void note(TimePoint now, bool leaves_some);

  bool stands() const { return stands_; }
  // A request that has waited for longer is refused.
  Milliseconds patience(Milliseconds deadline) const { return stands_ ? deadline / kShare : deadline; }

 private:
  bool stands_ = false;
  TimePoint last_ = kNoTime;
  std::optional<TimePoint> otherwise_since_;  // turns say the contrary of stands_
};

}  // namespace riffle::pipeline
