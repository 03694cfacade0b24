#include "state/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "state/memory_store.h"
#include "state/rocksdb_store.h"
#include "state/scratch.h"

namespace riffle::state {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(const std::string& directory) {
    RocksDbOptions options;
    options.directory = directory;
    options.write_buffer_bytes = 1 << 20;
    auto store = open_rocksdb_store(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  void put(Store& store, const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.put(Column::kUsers, key, value);
    ASSERT_TRUE(store.write(batch, true).ok());
  }
  // A store with a row, and its checkpoint.
  void make() {
    store = open(scratch / "store");
    put(*store, "u1", "before");
    ASSERT_TRUE(checkpoint(*store, directory).ok());
  }
  std::vector<std::string> files() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(directory)) paths.push_back(entry.path());
    return paths;
  }

  Scratch scratch;
  std::string directory = scratch / "backup/monday";
  std::unique_ptr<Store> store;
};

TEST_F(CheckpointTest, RestoresTheStoreAsItWas) {
  make();
  put(*store, "u1", "after");
  ASSERT_TRUE(verify_checkpoint(directory).ok());
  ASSERT_TRUE(restore_checkpoint(directory, scratch / "restored").ok());
  const auto restored = open(scratch / "restored");
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(*restored->get(Column::kUsers, "u1"), "before");
  put(*restored, "u1", "later");
  EXPECT_TRUE(verify_checkpoint(directory).ok())
      << "writing to the restored store leaves the checkpoint alone";
  EXPECT_EQ(*store->get(Column::kUsers, "u1"), "after");
}

TEST_F(CheckpointTest, WorksForTheMemoryStoreToo) {
  MemoryStore memory;
  put(memory, "u1", "row");
  ASSERT_TRUE(checkpoint(memory, directory).ok());
  ASSERT_TRUE(restore_checkpoint(directory, scratch / "restored").ok());
  const auto restored = open_memory_store(scratch / "restored");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(*(*restored)->get(Column::kUsers, "u1"), "row");
}

TEST_F(CheckpointTest, NeverOverwritesWhatIsThere) {
  make();
  EXPECT_EQ(checkpoint(*store, directory).code(), absl::StatusCode::kFailedPrecondition);
  fs::create_directory(scratch / "there");
  EXPECT_EQ(restore_checkpoint(directory, scratch / "there").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(fs::is_empty(scratch / "there"));
}

TEST_F(CheckpointTest, WhatIsNotACheckpointIsRefused) {
  EXPECT_EQ(verify_checkpoint(scratch / "none").code(), absl::StatusCode::kNotFound);
  fs::create_directory(scratch / "empty");
  EXPECT_EQ(restore_checkpoint(scratch / "empty", scratch / "to").code(),
            absl::StatusCode::kDataLoss);
  EXPECT_FALSE(fs::exists(scratch / "to"));
}

TEST_F(CheckpointTest, AnyFileMissingCutChangedOrAddedIsRefusedByName) {
  make();
  ASSERT_GE(files().size(), 4u);
  for (const std::string& path : files()) {
    const std::string name = fs::path(path).filename();
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const auto overwrite = [&](const std::string& other) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << other;
    };
    const auto expect_refused = [&](const char* how) {
      for (const auto& status :
           {verify_checkpoint(directory), restore_checkpoint(directory, scratch / "to")}) {
        EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss)
            << name << " " << how << ": " << status;
        EXPECT_TRUE(name == "CHECKPOINT" || status.message().find(name) != absl::string_view::npos)
            << status;
      }
      EXPECT_FALSE(fs::exists(scratch / "to")) << name << " " << how;
    };
    fs::remove(path);  // hard links: removed first, so that the store's own file stays as it is
    expect_refused("missing");
    if (!bytes.empty()) {
      overwrite(bytes.substr(0, bytes.size() - 1));
      expect_refused("cut");
      std::string changed = bytes;
      changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
      overwrite(changed);
      expect_refused("changed");
    }
    overwrite(bytes);
  }
  EXPECT_TRUE(verify_checkpoint(directory).ok());
  std::ofstream(directory + "/stranger") << "x";
  EXPECT_EQ(verify_checkpoint(directory).code(), absl::StatusCode::kDataLoss);
}

TEST_F(CheckpointTest, WhatACrashLeftHalfMadeIsMadeAnew) {
  fs::create_directories(directory + ".partial");
  std::ofstream(directory + ".partial/000001.sst") << "torn";
  fs::create_directories(scratch / "restored.partial");
  std::ofstream(scratch / "restored.partial/CURRENT") << "torn";
  make();
  ASSERT_TRUE(restore_checkpoint(directory, scratch / "restored").ok());
  EXPECT_FALSE(fs::exists(directory + ".partial"));
  EXPECT_FALSE(fs::exists(scratch / "restored.partial"));
  EXPECT_EQ(*open(scratch / "restored")->get(Column::kUsers, "u1"), "before");
}

}  // namespace
}  // namespace riffle::state
