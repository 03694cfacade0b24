#include "config/units.h"

#include <gtest/gtest.h>

#include "config/nearest.h"

namespace riffle::config {
namespace {

TEST(Units, DurationsAreReadInEveryUnit) {
  EXPECT_EQ(parse_duration("250ms"), Milliseconds(250));
  EXPECT_EQ(parse_duration("30s"), Milliseconds(30'000));
  EXPECT_EQ(parse_duration("30 m"), Milliseconds(1'800'000));
  EXPECT_EQ(parse_duration("1.5h"), Milliseconds(5'400'000));
  EXPECT_EQ(parse_duration("7d"), Milliseconds(604'800'000));
  EXPECT_EQ(parse_duration("0"), Milliseconds(0));
  for (const char* wrong : {"", "100", "ms", "-5s", "5 years", "1.5ms", "0.0001s", "1e30d", "nan s", "inf h", "5S", "5s5"})
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(Units, SizesAreReadInBytesBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_bytes("4096"), 4096);
  EXPECT_EQ(parse_bytes("512KiB"), 512 << 10);
  EXPECT_EQ(parse_bytes("1.5 MiB"), 3 << 19);
  EXPECT_EQ(parse_bytes("2GiB"), std::int64_t{2} << 30);
  EXPECT_EQ(parse_bytes("10MB"), 10'000'000);
  EXPECT_EQ(parse_bytes("7B"), 7);
  for (const char* wrong : {"", "KiB", "-1", "1.5", "2 gib", "1e40", "3XB"}) EXPECT_FALSE(parse_bytes(wrong)) << wrong;
}

TEST(Units, WhatIsWrittenReadsBack) {
  for (const std::int64_t ms : {0, 1, 999, 1000, 90'000, 3'600'000, 86'400'000, 86'400'001})
    EXPECT_EQ(parse_duration(format_duration(Milliseconds(ms))), Milliseconds(ms));
  EXPECT_EQ(format_duration(Milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(Milliseconds(7 * 86'400'000)), "7d");
  for (const std::int64_t bytes : {std::int64_t{0}, std::int64_t{1000}, std::int64_t{1024}, std::int64_t{3} << 30})
    EXPECT_EQ(parse_bytes(format_bytes(bytes)), bytes);
  EXPECT_EQ(format_bytes(512 << 10), "512KiB");
  for (const double value : {0.02, 1.0, 1e-9, 1e15, 0.1 + 0.2}) EXPECT_EQ(parse_real(format_real(value)), value);
  EXPECT_EQ(format_real(0.02), "0.02");
}

TEST(Units, NumbersAreWholeTextsAndFinite) {
  EXPECT_EQ(parse_whole("-3"), -3);
  for (const char* wrong : {"", "3.0", "3 ", "0x10", "99999999999999999999"}) EXPECT_FALSE(parse_whole(wrong)) << wrong;
  for (const char* wrong : {"", "nan", "inf", "1e999", "1,5"}) EXPECT_FALSE(parse_real(wrong)) << wrong;
}

TEST(Nearest, FindsWhatWasMeantAndNothingForStrangers) {
  const std::vector<std::string> known{"port", "address", "max_connections", "enabled"};
  EXPECT_EQ(nearest("prot", known), "port");
  EXPECT_EQ(nearest("adress", known), "address");
  EXPECT_EQ(nearest("max_conections", known), "max_connections");
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest("x", known), "");
  EXPECT_EQ(nearest(std::string(100000, 'a'), known), "");
}

}  // namespace
}  // namespace riffle::config
