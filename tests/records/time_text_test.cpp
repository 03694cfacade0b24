#include "records/time_text.h"

#include <gtest/gtest.h>

namespace riffle::records {
namespace {

std::int64_t ms_of(std::string_view text) {
  const auto time = parse_time(text);
  EXPECT_TRUE(time) << text;
  return time ? to_ms(*time) : -1;
}

TEST(TimeText, OneInstantHasManySpellings) {
  for (const char* text :
       {"1760000000123", "2025-10-09T08:53:20.123Z", "2025-10-09 08:53:20.123Z",
        "2025-10-09t08:53:20.123z", "2025-10-09T16:53:20.123+08:00", "2025-10-09T16:53:20.123+0800",
        "2025-10-09T03:53:20.123-05", "2025-10-09T08:53:20,1239999Z"})
    EXPECT_EQ(ms_of(text), 1760000000123) << text;
  EXPECT_EQ(ms_of("2025-10-09T08:53Z"), 1759999980000);
  EXPECT_EQ(ms_of("2025-10-09T08:53:20.1Z"), 1760000000100);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ms_of("-1"), -1);
}

TEST(TimeText, ALeapDayAndALeapSecondExist) {
  EXPECT_EQ(ms_of("2024-02-29T00:00:00Z"), 1709164800000);
  EXPECT_EQ(ms_of("2016-12-31T23:59:60Z"), ms_of("2017-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_time("2025-02-29T00:00:00Z"));
}

TEST(TimeText, WhatIsNoInstantIsRefused) {
  for (const char* text :
       {"", " ", "yesterday", "2025-10-09", "2025-10-09T08:53:20", "2025-13-01T00:00:00Z",
        "2025-10-32T00:00:00Z", "2025-10-09T24:00:00Z", "2025-10-09T08:60:00Z",
        "2025-10-09T08:53:61Z", "2025-10-09T08:53:20.Z", "2025-10-09T08:53:20Zx",
        "2025-10-09T08:53:20+24:00", "2025-10-09T08:53:20+8", "1760000000123ms", "1.7e12",
        "99999999999999999999", "8640000000000001", "-8640000000000001"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(TimeText, WhatIsPrintedReadsBack) {
  for (const std::int64_t ms : {0LL, 1760000000123LL, -1LL, 946684800000LL, 4102444799999LL})
    EXPECT_EQ(ms_of(format_time(from_ms(ms))), ms);
  EXPECT_EQ(format_time(from_ms(1760000000123)), "2025-10-09T08:53:20.123Z");
}

}  // namespace
}  // namespace riffle::records
