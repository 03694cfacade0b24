// Times as text: what shops write and what messages show.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace riffle::records {

// The farthest that a timestamp may lie from 1970, in ms: what JavaScript's Date holds. Sums of
// times cannot overflow.
constexpr std::int64_t kFarthestMs = 8'640'000'000'000'000;

// Integer ms ("1760000000123") or ISO 8601 / RFC 3339 with a zone ("2025-10-09T08:53:20.123Z",
// "+08:00", "+0800"; a space may stand for the T). Parts finer than a ms are cut. Nothing where it
// is neither, or names no zone.
std::optional<TimePoint> parse_time(std::string_view text);

// "2025-10-09T08:53:20.123Z"
std::string format_time(TimePoint time);

}  // namespace riffle::records
