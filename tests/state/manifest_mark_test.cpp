#include "state/manifest_mark.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "state/disk_stores.h"
#include "state/scratch.h"

namespace riffle::state {
namespace {

namespace fs = std::filesystem;

class ManifestMarkTest : public testing::Test {
 protected:
  void SetUp() override {
    overwrite(directory / "CURRENT", "MANIFEST-000007\n");
    overwrite(directory / "MANIFEST-000007", std::string(100, 'x'));
  }
  Scratch directory;
  ManifestMark mark{directory.path()};
};

TEST_F(ManifestMarkTest, AStoreWithoutAMarkIsFine) { EXPECT_TRUE(mark.check().ok()); }

TEST_F(ManifestMarkTest, AManifestMayGrowButNotShrink) {
  ASSERT_TRUE(mark.update().ok());
  EXPECT_TRUE(mark.check().ok());
  fs::resize_file(directory / "MANIFEST-000007", 101);
  EXPECT_TRUE(mark.check().ok());
  fs::resize_file(directory / "MANIFEST-000007", 99);
  const auto status = mark.check();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  expect_message(status, {directory.path(), "99 bytes of 100"});
}

TEST_F(ManifestMarkTest, NoMarkedByteMayChange) {
  ASSERT_TRUE(mark.update().ok());
  for (const std::size_t at : {0U, 57U, 99U}) {
    std::string bytes(110, 'x');  // it has grown since
    bytes[at] = 'y';
    overwrite(directory / "MANIFEST-000007", bytes);
    const auto status = mark.check();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << at;
    expect_message(status, {directory.path(), "other bytes than were written"});
  }
}

TEST_F(ManifestMarkTest, ANewerManifestIsFineAndAnOlderOneIsNot) {
  ASSERT_TRUE(mark.update().ok());
  overwrite(directory / "MANIFEST-000008", "");
  overwrite(directory / "CURRENT", "MANIFEST-000008\n");
  EXPECT_TRUE(mark.check().ok());
  overwrite(directory / "MANIFEST-000006", std::string(1000, 'x'));
  overwrite(directory / "CURRENT", "MANIFEST-000006\n");
  EXPECT_EQ(mark.check().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ManifestMarkTest, ManifestNumbersOfAnyLengthAreFound) {
  overwrite(directory / "CURRENT", "MANIFEST-12345678\n");
  overwrite(directory / "MANIFEST-12345678", "x");
  EXPECT_TRUE(mark.update().ok());
  EXPECT_EQ(read(directory / "MARK"), absl::StrCat("12345678 1 ", stable_hash("x"), "\n"));
}

TEST_F(ManifestMarkTest, UpdatesFromManyThreadsLeaveTheLastSize) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this] {
      for (int round = 0; round < 20; ++round) EXPECT_TRUE(mark.update().ok());
    });
  fs::resize_file(directory / "MANIFEST-000007", 200);
  EXPECT_TRUE(mark.update().ok());
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read(directory / "MARK").substr(0, 6), "7 200 ");
  EXPECT_TRUE(mark.check().ok());
}

TEST_F(ManifestMarkTest, GarbageInTheMarkOrInCurrentIsCorruption) {
  ASSERT_TRUE(mark.update().ok());
  for (const char* current :
       {"", "MANIFEST-", "MANIFEST-7", "OTHER-000007\n", "MANIFEST-000007\nx"}) {
    overwrite(directory / "CURRENT", current);
    EXPECT_EQ(mark.check().code(), absl::StatusCode::kDataLoss) << current;
  }
  for (const char* text : {"", "7", "7 ", "7 100", "x 100 1\n", "7 100\n", "7 100 x\n", "7 100 1", "7 100 1\n\n"}) {
    overwrite(directory / "MARK", text);
    EXPECT_EQ(mark.check().code(), absl::StatusCode::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace riffle::state
