// What the disk adds to the contract: owners, permissions, cuts and damage. tests/contract/state has the rest.
#include "state/rocksdb_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/rng.h"
#include "state/scratch.h"
#include "state/store.h"

namespace riffle::state {
namespace {

namespace fs = std::filesystem;

RocksDbOptions options_in(const std::string& directory) {
  RocksDbOptions options;
  options.directory = directory;
  options.write_buffer_bytes = 1 << 20;
  return options;
}

std::unique_ptr<Store> open(const std::string& directory) {
  auto store = open_rocksdb_store(options_in(directory));
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

void expect_message(const absl::Status& status, std::initializer_list<std::string> parts) {
  for (const std::string& part : parts)
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << "no \"" << part << "\" in: " << status;
}

std::vector<std::string> files_of(const std::string& directory, const std::string& extension) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == extension && entry.file_size() > 0) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string manifest_of(const std::string& directory) {
  std::string name;
  std::ifstream(directory + "/CURRENT") >> name;
  return directory + "/" + name;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string value_of(std::uint64_t i) {
  Rng rng(i);
  std::string value;
  while (value.size() < 200) value += number_key(rng());
  return value;
}

// Enough for tables on disk, and something in the WAL after them.
void fill(Store& store, std::uint64_t rows) {
  for (std::uint64_t i = 0; i < rows; i += 500) {
    WriteBatch batch;
    for (std::uint64_t j = i; j < i + 500; ++j) batch.put(Column::kUsers, number_key(j), value_of(j));
    batch.put(Column::kOffsets, "events", number_key(i + 500));
    ASSERT_TRUE(store.write(batch, true).ok());
  }
}

// ---- owners ---------------------------------------------------------------------------------------------------------

// Holds the store's LOCK as another RocksDB does, until it is told to let go.
class OtherOwner {
 public:
  explicit OtherOwner(const std::string& directory) {
    int ready[2], end[2];
    EXPECT_EQ(::pipe(ready) + ::pipe(end), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int fd = ::open((directory + "/LOCK").c_str(), O_RDWR | O_CREAT, 0644);
      struct flock lock{};
      lock.l_type = F_WRLCK;
      lock.l_whence = SEEK_SET;
      char c = ::fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
      ::close(end[1]);
      if (::write(ready[1], &c, 1) != 1 || ::read(end[0], &c, 1) < 0) ::_exit(1);
      ::_exit(0);
    }
    ::close(ready[1]);
    ::close(end[0]);
    char c = 'n';
    EXPECT_EQ(::read(ready[0], &c, 1), 1);
    EXPECT_EQ(c, 'y');
    ::close(ready[0]);
    end_ = end[1];
  }
  ~OtherOwner() { leave(); }
  void leave() {
    if (end_ < 0) return;
    ::close(std::exchange(end_, -1));
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int end_ = -1;
};

TEST(RocksDbStore, AStoreThatAnotherProcessOwnsIsRefusedWithItsProcessId) {
  const Scratch scratch;
  open(scratch / "store").reset();
  OtherOwner other(scratch / "store");
  const auto store = open_rocksdb_store(options_in(scratch / "store"));
  EXPECT_EQ(store.status().code(), absl::StatusCode::kUnavailable) << store.status();
  EXPECT_EQ(error_class(store.status()), ErrorClass::kRetriable);
  expect_message(store.status(), {scratch / "store", "process " + std::to_string(other.pid()), "stop it"});
  other.leave();
  EXPECT_NE(open(scratch / "store"), nullptr);
}

TEST(RocksDbStore, ANewOwnerWaitsForTheOldOne) {
  const Scratch scratch;
  open(scratch / "store").reset();
  OtherOwner other(scratch / "store");
  RocksDbOptions options = options_in(scratch / "store");
  options.wait_for_lock = std::chrono::minutes(1);
  absl::Status status = absl::UnknownError("not opened");
  std::thread opener([&] { status = open_rocksdb_store(options).status(); });
  other.leave();
  opener.join();
  EXPECT_TRUE(status.ok()) << status;
}

TEST(RocksDbStore, AStoreOpenInThisProcessIsRefusedAndStaysLocked) {
  const Scratch scratch;
  const auto first = open(scratch / "store");
  for (int i = 0; i < 2; ++i) {
    const auto second = open_rocksdb_store(options_in(scratch / "store"));
    EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable) << second.status();
    expect_message(second.status(), {"this process"});
  }
  // Finding that out did not give the first store's lock away.
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open((scratch / "store/LOCK").c_str(), O_RDWR);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    ::_exit(::fcntl(fd, F_SETLK, &lock) == 0 ? 1 : 0);
  }
  int result = -1;
  ::waitpid(child, &result, 0);
  EXPECT_EQ(result, 0) << "another process could lock a store that is open";
}

TEST(RocksDbStore, AReaderLooksAtAStoreThatAnotherOwns) {
  const Scratch scratch;
  const auto owner = open(scratch / "store");
  fill(*owner, 500);
  RocksDbOptions options = options_in(scratch / "store");
  options.read_only = true;
  const auto reader = open_rocksdb_store(options);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(*(*reader)->get(Column::kUsers, number_key(7)), value_of(7));
  WriteBatch batch;
  batch.put(Column::kUsers, "k", "v");
  EXPECT_EQ((*reader)->write(batch, false).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ((*reader)->sync().code(), absl::StatusCode::kFailedPrecondition);
  fill(*owner, 1000);
}

TEST(RocksDbStore, WhereThereIsNoStoreAReaderSaysSo) {
  const Scratch scratch;
  RocksDbOptions options = options_in(scratch / "none");
  options.read_only = true;
  EXPECT_EQ(open_rocksdb_store(options).status().code(), absl::StatusCode::kNotFound);
  options.read_only = false;
  options.create = false;
  EXPECT_EQ(open_rocksdb_store(options).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(scratch / "none"));
}

// ---- places ---------------------------------------------------------------------------------------------------------

TEST(RocksDbStore, AFileInPlaceOfTheDirectoryIsAClearError) {
  const Scratch scratch;
  overwrite(scratch / "file", "");
  for (const std::string& path : {scratch / "file", scratch / "file/store"}) {
    const auto store = open_rocksdb_store(options_in(path));
    EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition) << store.status();
    EXPECT_EQ(error_class(store.status()), ErrorClass::kFatal);
    expect_message(store.status(), {path, "another directory"});
  }
}

TEST(RocksDbStore, ADirectoryThatCannotBeWrittenIsAClearError) {
  // The super-user may write anywhere but in /proc; the others neither there nor here.
  const Scratch scratch;
  fs::create_directory(scratch / "closed");
  fs::permissions(scratch / "closed", fs::perms::owner_read | fs::perms::owner_exec);
  const std::string path = ::geteuid() == 0 ? "/proc/1/store" : scratch / "closed/store";
  const auto store = open_rocksdb_store(options_in(path));
  EXPECT_FALSE(store.ok());
  EXPECT_EQ(error_class(store.status()), ErrorClass::kFatal);
  expect_message(store.status(), {path});
  if (::geteuid() != 0) {
    EXPECT_EQ(store.status().code(), absl::StatusCode::kPermissionDenied) << store.status();
  }
}

// ---- formats --------------------------------------------------------------------------------------------------------

void make_with_columns(const std::string& directory, const std::vector<std::string>& columns, bool with_row) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, directory, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  for (const std::string& column : columns) {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily(rocksdb::ColumnFamilyOptions(), column, &handle).ok());
    if (with_row) {
      ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), handle, "k", "v").ok());
    }
    db->DestroyColumnFamilyHandle(handle);
  }
}

std::vector<std::string> column_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.emplace_back(name_of(static_cast<Column>(i)));
  return names;
}

TEST(RocksDbStore, AStoreWithFewerColumnsHasAnotherFormat) {
  const Scratch scratch;
  make_with_columns(scratch / "store", column_names(kColumns - 2), true);
  const auto store = open_rocksdb_store(options_in(scratch / "store"));
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition) << store.status();
  expect_message(store.status(), {scratch / "store", "catalogue, stats", "riffle state migrate"});
}

TEST(RocksDbStore, AStoreWithUnknownColumnsIsANewerOnes) {
  const Scratch scratch;
  auto names = column_names(kColumns);
  names.emplace_back("receipts");
  make_with_columns(scratch / "store", names, false);
  const auto store = open_rocksdb_store(options_in(scratch / "store"));
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition) << store.status();
  expect_message(store.status(), {scratch / "store", "receipts", "newer"});
}

TEST(RocksDbStore, AStoreWhoseMakingWasCutOffIsFinished) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{5}}) {
    const Scratch scratch;
    make_with_columns(scratch / "store", column_names(count), false);
    const auto store = open(scratch / "store");
    ASSERT_NE(store, nullptr);
    fill(*store, 500);
  }
}

// ---- damage ---------------------------------------------------------------------------------------------------------

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
  // Reads every row: an error, or each right. Answers whether there was an error, and checks that it is a clear one.
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
    const auto status = (*store)->scan(Column::kUsers, "", "", [&](std::string_view key, std::string_view value) {
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
  EXPECT_GE(errors, kRounds * 3 / 4) << "most bytes of a table are rows; few are padding or statistics";
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

// ---- cuts -----------------------------------------------------------------------------------------------------------

TEST(RocksDbStore, AWalCutAnywhereRecoversAPrefixOfBatches) {
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
    const auto store = open(directory);
    ASSERT_NE(store, nullptr);
    const auto offset = *store->get(Column::kOffsets, "events");
    const std::uint64_t n = offset ? std::stoull(*offset) : 0;
    if (round == 0) {
      EXPECT_EQ(n, kBatches);
    }
    EXPECT_NEAR(static_cast<double>(n), static_cast<double>(kBatches * cut) / static_cast<double>(size), 2) << cut;
    for (std::uint64_t i = 1; i <= kBatches; ++i)
      ASSERT_EQ(*store->get(Column::kUsers, number_key(i)), i <= n ? std::optional(value_of(i)) : std::nullopt);
    ASSERT_EQ(*store->get(Column::kItems, "last"), n ? std::optional(value_of(n)) : std::nullopt);
    std::vector<std::string> journal;
    ASSERT_TRUE(store->scan(Column::kJournal, "", "", [&](std::string_view key, std::string_view) {
      journal.emplace_back(key);
      return true;
    }).ok());
    ASSERT_EQ(journal, n ? std::vector{number_key(n)} : std::vector<std::string>());
    last_recovered = std::max(last_recovered, n);
    fs::remove_all(directory);
  }
  EXPECT_EQ(last_recovered, kBatches);
}

TEST(RocksDbStore, OneBlockCacheServesManyStores) {
  const Scratch scratch;
  RocksDbOptions options = options_in(scratch / "a");
  options.block_cache = make_block_cache(1 << 20);
  auto a = open_rocksdb_store(options);
  options.directory = scratch / "b";
  auto b = open_rocksdb_store(options);
  ASSERT_TRUE(a.ok() && b.ok());
  fill(**a, 10000);
  fill(**b, 500);
  EXPECT_EQ(*(*a)->get(Column::kUsers, number_key(1)), value_of(1));
  EXPECT_EQ(*(*b)->get(Column::kUsers, number_key(9000)), std::nullopt);
}

}  // namespace
}  // namespace riffle::state
