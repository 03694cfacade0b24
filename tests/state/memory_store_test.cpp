#include "state/memory_store.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/rng.h"
#include "state/scratch.h"

namespace riffle::state {
namespace {

WriteBatch batch_of(const std::string& key, const std::string& value) {
  WriteBatch batch;
  batch.put(Column::kUsers, key, value);
  return batch;
}

std::optional<std::string> get(const Store& store, std::string_view key) {
  return *store.get(Column::kUsers, key);
}

TEST(MemoryStore, APowerCutKeepsAPrefixOfWhatWasNotSynced) {
  MemoryStore store;
  ASSERT_TRUE(store.write(batch_of("a", "1"), true).ok());
  ASSERT_TRUE(store.write(batch_of("a", "2"), false).ok());
  ASSERT_TRUE(store.write(batch_of("b", "1"), false).ok());
  ASSERT_TRUE(store.write(batch_of("a", "3"), false).ok());
  EXPECT_EQ(store.unsynced(), 3u);
  store.lose_unsynced(2);
  EXPECT_EQ(get(store, "a"), "2");
  EXPECT_EQ(get(store, "b"), "1");
  EXPECT_EQ(store.unsynced(), 0u);
  store.lose_unsynced(0);
  EXPECT_EQ(get(store, "a"), "2") << "what survived one power cut survives the next";
}

TEST(MemoryStore, WhatWasSyncedSurvivesAPowerCut) {
  MemoryStore store;
  ASSERT_TRUE(store.write(batch_of("a", "1"), false).ok());
  ASSERT_TRUE(store.write(batch_of("b", "1"), true).ok());
  ASSERT_TRUE(store.write(batch_of("c", "1"), false).ok());
  ASSERT_TRUE(store.sync().ok());
  ASSERT_TRUE(store.write(batch_of("d", "1"), false).ok());
  store.lose_unsynced(0);
  const auto restarted = store.reopen();
  EXPECT_EQ(get(*restarted, "a"), "1");
  EXPECT_EQ(get(*restarted, "b"), "1");
  EXPECT_EQ(get(*restarted, "c"), "1");
  EXPECT_EQ(get(*restarted, "d"), std::nullopt);
}

TEST(MemoryStore, PowerCutsInRandomWorkLeaveTheStateAfterSomeBatch) {
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Rng rng(kSeed);
  for (int round = 0; round < 200; ++round) {
    MemoryStore store;
    std::map<std::string, std::string> rows;
    std::vector<std::map<std::string, std::string>> states = {rows};
    for (std::uint64_t n = rng.below(10); n > 0; --n) {
      WriteBatch batch;
      for (std::uint64_t m = 1 + rng.below(5); m > 0; --m) {
        const std::string key(1, static_cast<char>('a' + rng.below(4)));
        if (rng.below(3) == 0) {
          batch.erase(Column::kUsers, key);
          rows.erase(key);
        } else {
          batch.put(Column::kUsers, key, rows[key] = std::to_string(rng.below(100)));
        }
      }
      ASSERT_TRUE(store.write(batch, false).ok());
      states.push_back(rows);
    }
    const std::size_t keep = rng.below(states.size());
    store.lose_unsynced(keep);
    std::map<std::string, std::string> left;
    ASSERT_TRUE(store
                    .scan(Column::kUsers, "", "",
                          [&](std::string_view key, std::string_view value) {
                            left.emplace(key, value);
                            return true;
                          })
                    .ok());
    ASSERT_EQ(left, states[keep]) << "round " << round;
    std::uint64_t bytes = 0;
    for (const auto& [key, value] : left) bytes += key.size() + value.size();
    ASSERT_EQ(store.bytes(), bytes);
  }
}

TEST(MemoryStore, AFaultHitsOneCallAndChangesNothing) {
  MemoryStore store;
  store.fail_next_write(absl::ResourceExhaustedError("full"));
  EXPECT_EQ(store.write(batch_of("a", "1"), true).message(), "full");
  EXPECT_EQ(get(store, "a"), std::nullopt);
  EXPECT_TRUE(store.write(batch_of("a", "1"), true).ok());
  store.fail_next_read(absl::DataLossError("broken"));
  EXPECT_EQ(store.get(Column::kUsers, "a").status().message(), "broken");
  EXPECT_EQ(get(store, "a"), "1");
}

TEST(MemoryStore, AWriteWhoseSyncFailsIsThereUntilThePowerIsCut) {
  MemoryStore store;
  store.fail_next_sync(absl::UnavailableError("slow disk"));
  EXPECT_FALSE(store.write(batch_of("a", "1"), true).ok());
  EXPECT_EQ(get(store, "a"), "1");
  store.lose_unsynced(0);
  EXPECT_EQ(get(store, "a"), std::nullopt);
}

TEST(MemoryStore, ADamagedCheckpointIsRefused) {
  const Scratch scratch;
  MemoryStore store;
  ASSERT_TRUE(store.write(batch_of("a", "1"), true).ok());
  ASSERT_TRUE(store.checkpoint(scratch / "c").ok());
  const std::string path = scratch / "c/rows";
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  ASSERT_TRUE(open_memory_store(scratch / "c").ok());
  EXPECT_EQ(open_memory_store(scratch / "none").status().code(), absl::StatusCode::kNotFound);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::ofstream(path, std::ios::trunc) << bytes.substr(0, size);
    ASSERT_EQ(open_memory_store(scratch / "c").status().code(), absl::StatusCode::kDataLoss)
        << size;
  }
}

}  // namespace
}  // namespace riffle::state
