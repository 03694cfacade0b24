// How fast a backlog of events is applied while lists are asked for. Lists go before events on the apply thread, but what events
// cause elsewhere (commits, statistics, what is sent and fetched, the broker's part of it) takes the processors from all that a
// list passes through. So where the apply thread does not get the processor for as long as it has something to do, events rest
// for a part of the time; where nobody else wants it, they do not.
//
// Example: rounds of turns take 10 ms, of which the thread had the processor for 5. After each kSpan of that the share of time
// that events get is a fifth less; once rounds of 10 ms get 9 it grows again. With a share of .25, events that took 2 ms are
// followed by 6 ms without events.
#pragma once

#include <chrono>

namespace riffle::pipeline {

// One apply thread's. Time and what a round took are told to it.
class EventPace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Span = std::chrono::nanoseconds;
  static constexpr Span kSpan = std::chrono::milliseconds(20);  // of work; shorter is noise, longer lets lists wait for longer
  static constexpr double kLost = .2;                           // of a span, without the processor: somebody waits for it
  static constexpr double kLeast = .1;                          // of the time, so that a backlog always ends
  static constexpr Span kLongestRest = std::chrono::milliseconds(20);  // events may have taken long for want of the processor

  // A round of turns has ended: how long it took, how long it had the processor, how long its events took, and whether lists are
  // asked for while there is a backlog.
  void round(Time end, Span took, Span processor, Span events, bool paced);

  bool rests(Time now) const { return now < until_; }
  Time until() const { return until_; }
  double share() const { return share_; }  // of the time, for events

 private:
  double share_ = 1;
  Span took_{0}, processor_{0};            // of this span
  Time until_ = Time::min();
};

}  // namespace riffle::pipeline
