#include "app/exit_codes.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "state/store_errors.h"

namespace riffle::app {
namespace {

TEST(ExitCodes, ABusThatIsAwayOrRefusesIsThree) {
  EXPECT_EQ(exit_code(retriable_error("away"), Origin::kBus), ExitCode::kBusUnreachable);
  EXPECT_EQ(exit_code(fatal_error(absl::StatusCode::kPermissionDenied, "no"), Origin::kTopics),
            ExitCode::kBusUnreachable);
}

TEST(ExitCodes, AMissingTopicAndAnotherCountAreFour) {
  EXPECT_EQ(exit_code(fatal_error(absl::StatusCode::kNotFound, "topic"), Origin::kTopics),
            ExitCode::kTopics);
  EXPECT_EQ(
      exit_code(fatal_error(absl::StatusCode::kFailedPrecondition, "4, not 3"), Origin::kTopics),
      ExitCode::kTopics);
}

TEST(ExitCodes, EveryKindOfStateErrorHasItsNumber) {
  EXPECT_EQ(exit_code(state::in_use_error("/s", "another"), Origin::kState), ExitCode::kStateInUse);
  EXPECT_EQ(exit_code(state::disk_full_error("/s", "full"), Origin::kState),
            ExitCode::kStateUnwritable);
  EXPECT_EQ(exit_code(state::not_writable_error("/s", "no"), Origin::kState),
            ExitCode::kStateUnwritable);
  EXPECT_EQ(exit_code(state::corruption_error("/s", "bad"), Origin::kState),
            ExitCode::kStateCorrupt);
  EXPECT_EQ(exit_code(state::format_error("/s", "old"), Origin::kState), ExitCode::kLost);
  EXPECT_EQ(exit_code(fatal_error(absl::StatusCode::kOutOfRange, "gone"), Origin::kState),
            ExitCode::kLost);
}

TEST(ExitCodes, WhatHasNoNumberOfItsOwnIsOne) {
  EXPECT_EQ(exit_code(absl::InternalError("odd"), Origin::kBus), ExitCode::kFailed);
  EXPECT_EQ(exit_code(absl::OkStatus(), Origin::kState), ExitCode::kOk);
}

}  // namespace
}  // namespace riffle::app
