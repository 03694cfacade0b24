// Damage to a store's files is an error that says so or a whole prefix of batches, never a wrong
// row.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/rng.h"
#include "state/disk_stores.h"
#include "state/rocksdb_store.h"
#include "state/scratch.h"

namespace riffle::state {
namespace {

namespace fs = std::filesystem;

class DamagedStore : public testing::Test {
 protected:
  static constexpr std::uint64_t kRows = 12000;  // 2.4 MB: two flushed tables and a WAL

  void SetUp() override {
    const auto store = open(original());
    ASSERT_NE(store, nullptr);
    fill(*store, kRows);
  }
  std::string original() const { return scratch_ / "original"; }
  // A fresh copy to damage.
  std::string copy() {
    const std::string directory = scratch_ / ("copy" + std::to_string(++copies_));
    fs::copy(original(), directory, fs::copy_options::recursive);
    return directory;
  }
  // Reads every row: an error, or each right. Answers whether there was an error, and checks that
  // it is a clear one.
  static bool refused(const std::string& directory) {
    const auto check = [&](const absl::Status& status) {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
      EXPECT_EQ(error_class(status), ErrorClass::kFatal);
      expect_message(status, {directory, "checkpoint", "--rebuild"});
      return true;
    };
    const auto store = open_rocksdb_store(options_in(directory));
    if (!store.ok()) return check(store.status());
    std::uint64_t next = 0;
    const auto status =
        (*store)->scan(Column::kUsers, "", "", [&](std::string_view key, std::string_view value) {
          EXPECT_EQ(key, number_key(next));
          EXPECT_EQ(value, value_of(next));
          ++next;
          return true;
        });
    if (!status.ok()) return check(status);
    EXPECT_EQ(next, kRows) << "rows are missing, and nothing said so";
    for (std::uint64_t i = 0; i < kRows; i += 100) {
      const auto value = (*store)->get(Column::kUsers, number_key(i));
      if (!value.ok()) return check(value.status());
      EXPECT_EQ(*value, value_of(i));
    }
    return false;
  }

 private:
  Scratch scratch_;
  int copies_ = 0;
};

TEST_F(DamagedStore, AnUndamagedCopyIsWhole) {
  ASSERT_FALSE(files_of(original(), ".sst").empty());
  ASSERT_FALSE(files_of(original(), ".log").empty());
  EXPECT_FALSE(refused(copy()));
}

TEST_F(DamagedStore, FlippedBytesInATableAreNeverAWrongRow) {
  constexpr std::uint64_t kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Rng rng(kSeed);
  int errors = 0;
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    const std::string directory = copy();
    const auto tables = files_of(directory, ".sst");
    const std::string& path = tables[rng.below(tables.size())];
    std::string bytes = read(path);
    const std::size_t at = rng.below(bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
    overwrite(path, bytes);
    errors += refused(directory);
    fs::remove_all(directory);
  }
  EXPECT_GE(errors, kRounds * 3 / 4)
      << "most bytes of a table are rows; few are padding or statistics";
}

TEST_F(DamagedStore, ACutOrMissingTableIsRefused) {
  std::string directory = copy();
  fs::resize_file(files_of(directory, ".sst")[0], 1000);
  EXPECT_TRUE(refused(directory));
  directory = copy();
  fs::remove(files_of(directory, ".sst")[0]);
  EXPECT_TRUE(refused(directory));
}

TEST_F(DamagedStore, AManifestThatIsCutAnywhereIsRefused) {
  constexpr std::uint64_t kSeed = 12;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Rng rng(kSeed);
  const std::uint64_t size = fs::file_size(manifest_of(original()));
  for (int round = 0; round < 20; ++round) {
    const std::string directory = copy();
    fs::resize_file(manifest_of(directory), rng.below(size));
    EXPECT_TRUE(refused(directory));
    fs::remove_all(directory);
  }
}

TEST_F(DamagedStore, AManifestWithAFlippedByteIsRefused) {
  constexpr std::uint64_t kSeed = 13;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Rng rng(kSeed);
  for (int round = 0; round < 20; ++round) {
    const std::string directory = copy();
    std::string bytes = read(manifest_of(directory));
    const std::size_t at = rng.below(bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    overwrite(manifest_of(directory), bytes);
    EXPECT_TRUE(refused(directory)) << "byte " << at << " of " << bytes.size();
    fs::remove_all(directory);
  }
}

// RocksDB takes a record that seems to go on beyond the file's end for one that was being written, and the store for older.
// A record's head: four bytes of checksum, two of length, one of type.
TEST_F(DamagedStore, AManifestRecordWithALargerLengthIsRefused) {
  const std::string whole = read(manifest_of(original()));
  std::size_t records = 0;
  for (std::size_t at = 0; at + 7 <= whole.size(); ++records) {
    const std::string directory = copy();
    std::string bytes = whole;
    bytes[at + 5] = static_cast<char>(bytes[at + 5] | 0x40);
    overwrite(manifest_of(directory), bytes);
    EXPECT_TRUE(refused(directory)) << "record at byte " << at << " of " << bytes.size();
    fs::remove_all(directory);
    at += 7 + static_cast<unsigned char>(whole[at + 4]) + 256 * static_cast<std::size_t>(static_cast<unsigned char>(whole[at + 5]));
  }
  EXPECT_GE(records, 2U);
}

TEST_F(DamagedStore, AStoreWithoutItsCurrentOrManifestIsNotTakenForANewOne) {
  std::string directory = copy();
  fs::remove(directory + "/CURRENT");
  EXPECT_TRUE(refused(directory));
  directory = copy();
  fs::remove(manifest_of(directory));
  EXPECT_TRUE(refused(directory));
  directory = copy();
  overwrite(directory + "/CURRENT", "nonsense");
  EXPECT_TRUE(refused(directory));
}

// ---- cuts
// -----------------------------------------------------------------------------------------------------------

TEST(CutStore, AWalCutAnywhereRecoversAPrefixOfBatches) {
  constexpr std::uint64_t kSeed = 14;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Rng rng(kSeed);
  const Scratch scratch;
  constexpr std::uint64_t kBatches = 200;
  {
    const auto store = open(scratch / "original");
    for (std::uint64_t n = 1; n <= kBatches; ++n) {
      WriteBatch batch;  // a row that changes, one that comes and one that goes, in three columns
      batch.put(Column::kOffsets, "events", std::to_string(n));
      batch.put(Column::kUsers, number_key(n), value_of(n));
      batch.put(Column::kItems, "last", value_of(n));
      batch.put(Column::kJournal, number_key(n), "");
      if (n > 1) batch.erase(Column::kJournal, number_key(n - 1));
      ASSERT_TRUE(store->write(batch, n == kBatches).ok());
    }
  }
  const auto logs = files_of(scratch / "original", ".log");
  ASSERT_EQ(logs.size(), 1u);
  const std::string log = fs::path(logs[0]).filename();
  const std::uint64_t size = fs::file_size(logs[0]);
  std::uint64_t last_recovered = 0;
  for (int round = 0; round < 30; ++round) {
    const std::string directory = scratch / ("cut" + std::to_string(round));
    fs::copy(scratch / "original", directory, fs::copy_options::recursive);
    const std::uint64_t cut = round == 0 ? size : rng.below(size);
    fs::resize_file(directory + "/" + log, cut);
    auto store = open(directory);
    ASSERT_NE(store, nullptr);
    const auto offset = *store->get(Column::kOffsets, "events");
    const std::uint64_t n = offset ? std::stoull(*offset) : 0;
    if (round == 0) {
      EXPECT_EQ(n, kBatches);
    }
    EXPECT_NEAR(static_cast<double>(n),
                static_cast<double>(kBatches * cut) / static_cast<double>(size), 2)
        << cut;
    for (std::uint64_t i = 1; i <= kBatches; ++i)
      ASSERT_EQ(*store->get(Column::kUsers, number_key(i)),
                i <= n ? std::optional(value_of(i)) : std::nullopt);
    ASSERT_EQ(*store->get(Column::kItems, "last"), n ? std::optional(value_of(n)) : std::nullopt);
    std::vector<std::string> journal;
    ASSERT_TRUE(store
                    ->scan(Column::kJournal, "", "",
                           [&](std::string_view key, std::string_view) {
                             journal.emplace_back(key);
                             return true;
                           })
                    .ok());
    ASSERT_EQ(journal, n ? std::vector{number_key(n)} : std::vector<std::string>());
    last_recovered = std::max(last_recovered, n);
    store.reset();
    fs::remove_all(directory);
  }
  EXPECT_EQ(last_recovered, kBatches);
}

}  // namespace
}  // namespace riffle::state
