#include "pipeline/event_pace.h"

#include <algorithm>

namespace riffle::pipeline {
namespace {

constexpr double kLess = .8, kMore = 1.1;

}  // namespace

void EventPace::round(Time end, Span took, Span processor, Span events, bool paced) {
  if (!paced) {
    *this = EventPace();
    return;
  }
  took_ += took;
  processor_ += processor;
  if (took_ >= kSpan) {
    const double lost = 1 - static_cast<double>(processor_.count()) / static_cast<double>(took_.count());
    share_ = std::clamp(share_ * (lost > kLost ? kLess : kMore), kLeast, 1.0);
    took_ = processor_ = Span(0);
  }
  const auto rest = std::chrono::duration<double, std::nano>(static_cast<double>(events.count()) * (1 / share_ - 1));
  if (events.count() > 0) until_ = end + std::min(std::chrono::duration_cast<Span>(rest), kLongestRest);
}

}  // namespace riffle::pipeline
