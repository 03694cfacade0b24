#include "state/manifest_mark.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "state/disk_stores.h"
#include "state/scratch.h"

namespace riffle::state {
namespace {

namespace fs = std::filesystem;

class ManifestMark : public testing::Test {
 protected:
  void SetUp() override {
    overwrite(directory / "CURRENT", "MANIFEST-000007\n");
    overwrite(directory / "MANIFEST-000007", std::string(100, 'x'));
  }
  Scratch directory;
};

TEST_F(ManifestMark, AStoreWithoutAMarkIsFine) {
  EXPECT_TRUE(check_manifest(directory.path()).ok());
}

TEST_F(ManifestMark, AManifestMayGrowButNotShrink) {
  ASSERT_TRUE(mark_manifest(directory.path()).ok());
  EXPECT_TRUE(check_manifest(directory.path()).ok());
  fs::resize_file(directory / "MANIFEST-000007", 101);
  EXPECT_TRUE(check_manifest(directory.path()).ok());
  fs::resize_file(directory / "MANIFEST-000007", 99);
  const auto status = check_manifest(directory.path());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  expect_message(status, {directory.path(), "99 bytes of 100"});
}

TEST_F(ManifestMark, ANewerManifestIsFineAndAnOlderOneIsNot) {
  ASSERT_TRUE(mark_manifest(directory.path()).ok());
  overwrite(directory / "MANIFEST-000008", "");
  overwrite(directory / "CURRENT", "MANIFEST-000008\n");
  EXPECT_TRUE(check_manifest(directory.path()).ok());
  overwrite(directory / "MANIFEST-000006", std::string(1000, 'x'));
  overwrite(directory / "CURRENT", "MANIFEST-000006\n");
  EXPECT_EQ(check_manifest(directory.path()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ManifestMark, ManifestNumbersOfAnyLengthAreFound) {
  overwrite(directory / "CURRENT", "MANIFEST-12345678\n");
  overwrite(directory / "MANIFEST-12345678", "x");
  EXPECT_TRUE(mark_manifest(directory.path()).ok());
  EXPECT_EQ(read(directory / "MARK"), "12345678 1\n");
}

TEST_F(ManifestMark, GarbageInTheMarkOrInCurrentIsCorruption) {
  ASSERT_TRUE(mark_manifest(directory.path()).ok());
  for (const char* current :
       {"", "MANIFEST-", "MANIFEST-7", "OTHER-000007\n", "MANIFEST-000007\nx"}) {
    overwrite(directory / "CURRENT", current);
    EXPECT_EQ(check_manifest(directory.path()).code(), absl::StatusCode::kDataLoss) << current;
  }
  for (const char* mark : {"", "7", "7 ", "7 100", "x 100\n", "7 100\n\n"}) {
    overwrite(directory / "MARK", mark);
    EXPECT_EQ(check_manifest(directory.path()).code(), absl::StatusCode::kDataLoss) << mark;
  }
}

}  // namespace
}  // namespace riffle::state
