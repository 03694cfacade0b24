// Time inside Riffle is milliseconds of UTC since 1970, the resolution of Kafka's record times.
#pragma once

#include <chrono>
#include <cstdint>

namespace riffle {

using Milliseconds = std::chrono::milliseconds;
using TimePoint = std::chrono::sys_time<Milliseconds>;

constexpr std::int64_t to_ms(TimePoint t) { return t.time_since_epoch().count(); }
constexpr TimePoint from_ms(std::int64_t ms) { return TimePoint(Milliseconds(ms)); }
constexpr TimePoint kNoTime = TimePoint::min();  // "not yet": before every event

}  // namespace riffle
