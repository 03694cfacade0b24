#include "state/refusals.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace riffle::state {
namespace {

constexpr LogRange kLog{Offset(100), Offset(950)};

TEST(Refusals, AnOffsetInsideTheLogOrAtItsEndsIsFine) {
  for (const std::int64_t stored : {100, 700, 950})
    EXPECT_TRUE(check_in_log("events/3", Offset(stored), kLog, false).ok());
}

TEST(Refusals, RecordsThatRetentionTookBeforeTheyWereAppliedAreDataLoss) {
  const auto status = check_in_log("events/3", Offset(50), kLog, false);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(error_class(status), ErrorClass::kFatal);
  for (const char* part : {"events/3", "50 records", "--rebuild"})
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << part << " in " << status;
  EXPECT_TRUE(check_in_log("users/3", Offset(50), kLog, true).ok())
      << "a compacted topic keeps the last of each key";
}

TEST(Refusals, AnOffsetBeyondTheLogMeansAnotherTopic) {
  const auto status = check_in_log("events/3", Offset(951), kLog, false);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("951"), absl::string_view::npos) << status;
  EXPECT_FALSE(check_in_log("users/3", Offset(951), kLog, true).ok());
}

TEST(Refusals, AGroupOffsetWithoutStateIsLostStateUnlessItIsToBeRebuilt) {
  const auto status = check_not_lost("events/3", std::nullopt, Offset(700), false);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  for (const char* part : {"events/3", "700", "--rebuild"})
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << part << " in " << status;
  EXPECT_TRUE(check_not_lost("events/3", std::nullopt, Offset(700), true).ok());
  EXPECT_TRUE(check_not_lost("events/3", std::nullopt, std::nullopt, false).ok());
  EXPECT_TRUE(check_not_lost("events/3", Offset(700), Offset(700), false).ok());
  EXPECT_TRUE(check_not_lost("events/3", Offset(700), std::nullopt, false).ok());
}

TEST(Refusals, AnotherRecordBeforeTheStoredOffsetMeansAnotherTopic) {
  pb::InputPosition stored;
  stored.set_offset(700);
  EXPECT_TRUE(check_same_topic("events/3", stored, 5).ok()) << "no checksum is stored";
  stored.set_has_checksum(true);
  stored.set_last_checksum(5);
  EXPECT_TRUE(check_same_topic("events/3", stored, 5).ok());
  EXPECT_TRUE(check_same_topic("events/3", stored, std::nullopt).ok())
      << "the record is gone, as retention does";
  const auto status = check_same_topic("events/3", stored, 6);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("made anew"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace riffle::state
