// What the disk adds to the contract: owners, permissions, room and formats. tests/contract/state
// has the rest, rocksdb_damage_test.cpp what is left after cuts and flipped bits.
#include "state/rocksdb_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "state/disk_stores.h"
#include "state/scratch.h"
#include "state/store.h"

namespace riffle::state {
namespace {

namespace fs = std::filesystem;

// ---- owners
// ---------------------------------------------------------------------------------------------------------

// Holds the store's LOCK as another RocksDB does, until it is told to let go.
class OtherOwner {
 public:
  explicit OtherOwner(const std::string& directory) {
    int ready[2], end[2];
    EXPECT_EQ(::pipe(ready) + ::pipe(end), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int fd = ::open((directory + "/LOCK").c_str(), O_RDWR | O_CREAT, 0644);
      struct flock lock {};
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
  expect_message(store.status(),
                 {scratch / "store", "process " + std::to_string(other.pid()), "stop it"});
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
    struct flock lock {};
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

// ---- places
// ---------------------------------------------------------------------------------------------------------

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

// ---- a full disk
// ----------------------------------------------------------------------------------------------------

// A file system of a few megabytes; mounting one takes the super-user.
class SmallDisk {
 public:
  SmallDisk() { mounted_ = ::mount("tmpfs", scratch_.path().c_str(), "tmpfs", 0, "size=16m") == 0; }
  ~SmallDisk() {
    if (mounted_) ::umount2(scratch_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const { return scratch_ / name; }

 private:
  Scratch scratch_;
  bool mounted_ = false;
};

TEST(RocksDbStore, AFullDiskIsRetriableAndLosesNothingThatWasCommitted) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "a small disk can only be mounted by the super-user";
  auto store = open(disk / "store");
  fill(*store, 5000);
  const auto write = [&](std::uint64_t n) {
    WriteBatch batch;
    for (std::uint64_t i = 0; i < 500; ++i)
      batch.put(Column::kItems, number_key(i), value_of(n * 500 + i));
    batch.put(Column::kOffsets, "items", number_key(n));
    return store->write(batch, true);
  };
  std::uint64_t written = 1;
  ASSERT_TRUE(write(written).ok());
  {
    std::ofstream ballast(disk / "ballast", std::ios::binary);
    for (const std::string megabyte(1 << 20, 'x'); ballast.good(); ballast.flush())
      ballast << megabyte;
  }
  absl::Status status;
  while (status.ok() && written < 1000) {
    status = write(written + 1);
    written += status.ok();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(error_class(status), ErrorClass::kRetriable);
  expect_message(status, {disk / "store", "full", "make room"});
  EXPECT_EQ(*store->get(Column::kOffsets, "items"), number_key(written));
  EXPECT_EQ(*store->get(Column::kItems, number_key(7)), value_of(written * 500 + 7));

  fs::remove(disk / "ballast");
  // RocksDB looks for room every 5 s; until then the error stays the same.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  do {
    status = write(written + 1);
    EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
  } while (!status.ok() && std::chrono::steady_clock::now() < deadline);
  EXPECT_TRUE(status.ok()) << status;
  store.reset();
  store = open(disk / "store");
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(*store->get(Column::kOffsets, "items"), number_key(written + 1));
  EXPECT_EQ(*store->get(Column::kItems, number_key(7)), value_of((written + 1) * 500 + 7));
  EXPECT_EQ(*store->get(Column::kUsers, number_key(4999)), value_of(4999));
}

// ---- formats
// --------------------------------------------------------------------------------------------------------

void make_with_columns(const std::string& directory, const std::vector<std::string>& columns,
                       bool with_row) {
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
  expect_message(store.status(), {scratch / "store", "catalogue, stats", "--rebuild"});
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
