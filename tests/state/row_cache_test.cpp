#include "state/row_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/rng.h"
#include "state/memory_store.h"
#include "state/rocksdb_store.h"
#include "state/scratch.h"

namespace riffle::test_rows {

// A row of a text; bytes that do not start with '=' cannot be decoded.
struct Note {
  std::string text;
};
inline void encode(const Note& note, std::string& out) { out = "=" + note.text; }
inline absl::Status decode(std::string_view bytes, Note& note) {
  if (!bytes.starts_with('=')) return absl::DataLossError("no equals sign");
  note.text = bytes.substr(1);
  return absl::OkStatus();
}

}  // namespace riffle::test_rows

namespace riffle::state {
namespace {

using test_rows::Note;
using Cache = RowCache<Note>;

class RowCacheTest : public testing::Test {
 protected:
  void put(std::string key, std::string bytes) {
    WriteBatch batch;
    batch.put(Column::kUsers, std::move(key), std::move(bytes));
    ASSERT_TRUE(store.write(batch, true).ok());
  }
  std::optional<std::string> stored(std::string_view key) const {
    return *store.get(Column::kUsers, key);
  }
  void commit(Cache& cache) {
    WriteBatch batch;
    cache.freeze().append_to(batch);
    ASSERT_TRUE(store.write(batch, true).ok());
    cache.committed();
  }

  MemoryStore store;
  Cache cache{&store, Column::kUsers, 100};
};

TEST_F(RowCacheTest, FindsWhatTheStoreHasAndNothingElse) {
  put("a", "=one");
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("a")->text, "one");
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_TRUE(cache.status().ok());
}

TEST_F(RowCacheTest, ARowIsReadFromTheStoreOnce) {
  put("a", "=one");
  cache.find("a");
  cache.find("absent");
  store.fail_next_read(absl::InternalError("read again"));
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("absent"), nullptr);
  EXPECT_TRUE(cache.status().ok());
}

TEST_F(RowCacheTest, PrefetchBringsManyRowsInWithOneRead) {
  put("a", "=one");
  put("b", "=two");
  cache.prefetch({"a", "b", "absent", "a"});
  EXPECT_EQ(cache.size(), 3u);
  store.fail_next_read(absl::InternalError("read again"));
  EXPECT_EQ(cache.find("a")->text, "one");
  EXPECT_EQ(cache.find("b")->text, "two");
  EXPECT_EQ(cache.find("absent"), nullptr);
  cache.prefetch({"a", "absent"});
  EXPECT_TRUE(cache.status().ok());
}

TEST_F(RowCacheTest, PrefetchLeavesAnEditedRowAlone) {
  put("a", "=one");
  cache.edit("a")->text = "edited";
  cache.prefetch({"a", "b"});
  EXPECT_EQ(cache.find("a")->text, "edited");
}

TEST_F(RowCacheTest, EditMakesARowWhereThereIsNone) {
  cache.edit("a")->text = "new";
  EXPECT_EQ(cache.find("a")->text, "new");
  EXPECT_EQ(cache.dirty(), 1u);
  EXPECT_EQ(stored("a"), std::nullopt);
  commit(cache);
  EXPECT_EQ(stored("a"), "=new");
  EXPECT_EQ(cache.dirty(), 0u);
}

TEST_F(RowCacheTest, AKeyKnownToHaveNoRowIsNotLookedForAndMayBeEdited) {
  put("b", "=two");
  cache.find("b");
  cache.known_absent("a");
  cache.known_absent("b");
  store.fail_next_read(absl::InternalError("read"));
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("b")->text, "two") << "what is in RAM is known better";
  cache.edit("a")->text = "new";
  cache.known_absent("a");
  EXPECT_EQ(cache.find("a")->text, "new");
  EXPECT_TRUE(cache.status().ok());
}

TEST_F(RowCacheTest, AFrozenRowStaysAsItIsWhoeverHoldsIt) {
  cache.edit("a")->text = "1";
  EXPECT_EQ(cache.frozen_row("a"), nullptr) << "not frozen yet";
  const auto frozen = cache.freeze();
  const std::shared_ptr<const Note> held = cache.frozen_row("a");
  ASSERT_NE(held, nullptr);
  cache.edit("a")->text = "2";
  EXPECT_EQ(held->text, "1");
  EXPECT_EQ(cache.frozen_row("a"), nullptr) << "edited since: what it answers would be changed";
  EXPECT_EQ(cache.frozen_row("absent"), nullptr);
  cache.committed();
}

TEST_F(RowCacheTest, TheBytesOfAnEncodedRowStayUntilTheTrimWhateverBecomesOfIt) {
  const std::string long_enough(100, 'x');  // not inside the string itself
  const std::string_view decoded = cache.put_encoded("a", "=" + long_enough);
  const std::string_view erased = cache.put_encoded("b", "=" + long_enough);
  EXPECT_EQ(cache.find("a")->text, long_enough);
  cache.erase("b");
  EXPECT_EQ(decoded, "=" + long_enough);
  EXPECT_EQ(erased, "=" + long_enough);
  cache.trim();
}

TEST_F(RowCacheTest, FrozenRowsAreSortedByKeyAndKeepErasures) {
  put("b", "=old");
  cache.edit("c")->text = "3";
  cache.erase("b");
  cache.edit("a")->text = "1";
  WriteBatch batch;
  const auto frozen = cache.freeze();
  EXPECT_EQ(frozen.size(), 3u);
  frozen.append_to(batch);
  ASSERT_EQ(batch.operations().size(), 3u);
  EXPECT_EQ(batch.operations()[0].key, "a");
  EXPECT_EQ(batch.operations()[0].value, "=1");
  EXPECT_EQ(batch.operations()[1].key, "b");
  EXPECT_EQ(batch.operations()[1].value, std::nullopt);
  EXPECT_EQ(batch.operations()[2].key, "c");
}

TEST_F(RowCacheTest, ARowEditedAfterTheFreezeDoesNotChangeTheFrozenOne) {
  cache.edit("a")->text = "first";
  const auto frozen = cache.freeze();
  const Note* before = cache.find("a");
  cache.edit("a")->text = "second";
  WriteBatch batch;
  frozen.append_to(batch);
  EXPECT_EQ(batch.operations()[0].value, "=first");
  EXPECT_EQ(before->text, "first") << "what find() gave may be read until trim()";
  EXPECT_EQ(cache.find("a")->text, "second");
  cache.committed();
  commit(cache);
  EXPECT_EQ(stored("a"), "=second");
}

TEST_F(RowCacheTest, ASecondEditAfterTheFreezeCopiesNothing) {
  cache.edit("a")->text = "first";
  const auto frozen = cache.freeze();
  Note* copy = cache.edit("a");
  EXPECT_EQ(cache.edit("a"), copy);
}

TEST_F(RowCacheTest, ARowErasedWhileItIsFrozenComesAndGoesInOrder) {
  cache.edit("a")->text = "first";
  WriteBatch batch;
  cache.freeze().append_to(batch);
  cache.erase("a");
  EXPECT_EQ(cache.find("a"), nullptr);
  ASSERT_TRUE(store.write(batch, true).ok());
  EXPECT_EQ(stored("a"), "=first");
  cache.committed();
  commit(cache);
  EXPECT_EQ(stored("a"), std::nullopt);
  cache.edit("a")->text = "again";
  commit(cache);
  EXPECT_EQ(stored("a"), "=again");
}

TEST_F(RowCacheTest, ErasingAKeyKnownNotToExistWritesNothing) {
  cache.find("a");
  cache.erase("a");
  EXPECT_EQ(cache.dirty(), 0u);
}

TEST_F(RowCacheTest, AnEncodedRowIsThereWithoutAReadAndIsNotWritten) {
  cache.find("known to be missing");
  store.fail_next_read(absl::InternalError("read"));
  for (const char* key : {"known to be missing", "new"}) {
    std::string bytes;
    encode(Note{"on its way"}, bytes);
    cache.put_encoded(key, bytes);
    ASSERT_NE(cache.find(key), nullptr) << key;
    EXPECT_EQ(cache.find(key)->text, "on its way");
  }
  EXPECT_EQ(cache.dirty(), 0u);
  EXPECT_TRUE(cache.status().ok());
}

TEST_F(RowCacheTest, AnEncodedRowIsEditedAndErasedLikeAnyOther) {
  std::string bytes;
  encode(Note{"on its way"}, bytes);
  cache.put_encoded("edited", bytes);
  cache.edit("edited")->text += " and further";
  EXPECT_EQ(cache.find("edited")->text, "on its way and further");
  cache.put_encoded("erased", bytes);
  cache.erase("erased");
  EXPECT_EQ(cache.find("erased"), nullptr);
  EXPECT_EQ(cache.dirty(), 2u);
}

TEST_F(RowCacheTest, AnEncodedRowThatCannotBeDecodedIsAnErrorThatNamesIt) {
  cache.put_encoded("hurt", "garbage");
  EXPECT_EQ(cache.find("hurt"), nullptr);
  EXPECT_NE(cache.status().message().find("hurt"), std::string::npos) << cache.status();
}

TEST_F(RowCacheTest, AFoundRowIsTheNewestWhileTheGenerationIsTheSame) {
  cache.edit("a")->text = "one";
  const Note* const found = cache.find("a");
  std::uint64_t generation = cache.generation();
  cache.edit("a")->text = "two";
  EXPECT_EQ(cache.generation(), generation);
  EXPECT_EQ(cache.find("a"), found);
  const auto raised = [&] { return std::exchange(generation, cache.generation()) != generation; };
  const auto frozen = cache.freeze();
  EXPECT_TRUE(raised());
  cache.edit("a")->text = "three";
  EXPECT_NE(cache.find("a"), found);
  cache.committed();
  cache.trim();
  EXPECT_TRUE(raised());
  cache.erase("a");
  EXPECT_TRUE(raised());
  cache.put_encoded("b", "=four");
  EXPECT_TRUE(raised());
}

TEST_F(RowCacheTest, TrimEvictsCleanRowsBeyondTheBound) {
  Cache small(&store, Column::kUsers, 10);
  for (int i = 0; i < 50; ++i) small.edit("k" + std::to_string(i))->text = "x";
  for (int i = 0; i < 50; ++i) small.find("absent" + std::to_string(i));
  small.trim();
  EXPECT_EQ(small.size(), 50u) << "dirty rows stay, keys known to have no row go";
  WriteBatch batch;
  small.freeze().append_to(batch);
  small.trim();
  EXPECT_EQ(small.size(), 50u) << "frozen rows stay";
  ASSERT_TRUE(store.write(batch, true).ok());
  small.committed();
  small.trim();
  EXPECT_EQ(small.size(), 10u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(small.find("k" + std::to_string(i))->text, "x");
}

TEST_F(RowCacheTest, ARowInUseGetsASecondChance) {
  Cache small(&store, Column::kUsers, 10);
  for (int i = 0; i < 10; ++i) put("k" + std::to_string(i), "=x");
  const auto fill = [&](int round) {
    for (int i = 0; i < 5; ++i)
      small.find("absent" + std::to_string(round) + "." + std::to_string(i));
  };
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 3; ++i) small.find("k" + std::to_string(i));
    fill(round);
    small.trim();
  }
  for (int i = 0; i < 3; ++i) small.find("k" + std::to_string(i));
  fill(20);
  small.trim();
  store.fail_next_read(absl::InternalError("not in RAM"));
  for (int i = 0; i < 3; ++i) EXPECT_NE(small.find("k" + std::to_string(i)), nullptr);
}

TEST_F(RowCacheTest, AStoreErrorIsKeptAndNothingMoreIsRead) {
  put("a", "=one");
  put("b", "=two");
  cache.find("a");
  store.fail_next_read(absl::DataLossError("first"));
  EXPECT_EQ(cache.edit("b"), nullptr);
  EXPECT_EQ(cache.status().message(), "first");
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(cache.edit("b"), nullptr);
  cache.prefetch({"b"});
  EXPECT_EQ(cache.status().message(), "first");
  EXPECT_EQ(cache.find("a")->text, "one") << "rows in RAM are still there";
  EXPECT_EQ(cache.dirty(), 0u);
}

TEST_F(RowCacheTest, ARowThatCannotBeDecodedIsAnErrorThatNamesIt) {
  put(std::string("\0key", 4), "garbage");
  EXPECT_EQ(cache.find(std::string_view("\0key", 4)), nullptr);
  EXPECT_EQ(cache.status().code(), absl::StatusCode::kDataLoss);
  for (const char* part : {"\\x00key", "users", "no equals sign", "checkpoint"})
    EXPECT_NE(cache.status().message().find(part), absl::string_view::npos)
        << part << " in " << cache.status();
}

TEST(RowCacheDeathTest, TwoFrozenSetsAtOnceAreAProgrammersError) {
  MemoryStore store;
  Cache cache(&store, Column::kUsers, 10);
  cache.edit("a");
  const auto first = cache.freeze();
  cache.edit("b");
  EXPECT_DEATH(cache.freeze(), "not committed");
}

TEST_F(RowCacheTest, AWriterEncodesFrozenRowsWhileTheOwnerEditsThem) {
  for (int epoch = 0; epoch < 50; ++epoch) {
    for (int i = 0; i < 200; ++i) cache.edit("k" + std::to_string(i))->text = std::to_string(epoch);
    auto frozen = std::make_unique<Cache::FrozenRows>(cache.freeze());
    std::thread writer([this, epoch, rows = std::move(frozen)]() mutable {
      WriteBatch batch;
      rows->append_to(batch);
      for (const auto& operation : batch.operations())
        EXPECT_EQ(operation.value, "=" + std::to_string(epoch));
      EXPECT_TRUE(store.write(batch, true).ok());
      rows.reset();
    });
    for (int i = 0; i < 200; i += 2) cache.edit("k" + std::to_string(i))->text = "next";
    for (int i = 1; i < 200; i += 2)
      EXPECT_EQ(cache.find("k" + std::to_string(i))->text, std::to_string(epoch));
    writer.join();
    cache.committed();
    cache.trim();
  }
}

// Epochs of random edits, with commits late, trims, and restarts that lose what was not committed.
template <class Reopen>
void random_epochs_equal_a_map(std::uint64_t seed, int steps, Reopen&& reopen) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Rng rng(seed);
  std::unique_ptr<Store> store = reopen(nullptr);
  auto cache = std::make_unique<Cache>(store.get(), Column::kUsers, 20);
  using Model = std::map<std::string, std::string>;
  Model live, frozen, committed;
  std::optional<Cache::FrozenRows> outstanding;
  const auto commit = [&] {
    WriteBatch batch;
    outstanding->append_to(batch);
    ASSERT_TRUE(store->write(batch, rng.below(2) == 0).ok());
    cache->committed();
    outstanding.reset();
    committed = frozen;
  };
  for (int step = 0; step < steps; ++step) {
    const std::string key = "k" + std::to_string(rng.below(60));
    switch (rng.below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: {
        Note* note = cache->edit(key);
        ASSERT_NE(note, nullptr);
        ASSERT_EQ(note->text, live.contains(key) ? live[key] : "");
        live[key] = note->text = std::to_string(step) + std::string(rng.below(100), 'x');
        break;
      }
      case 6:
      case 7:
        cache->erase(key);
        live.erase(key);
        break;
      case 8:
        cache->prefetch({key, "k1", "k2", key});
        break;
      case 9:
        cache->trim();
        ASSERT_LE(cache->size(), std::max<std::size_t>(20, cache->dirty() + cache->frozen()));
        break;
      case 10:
        if (!outstanding) {
          frozen = live;
          outstanding = cache->freeze();
        }
        break;
      case 11:
        if (outstanding) commit();
        break;
      case 12:
        if (rng.below(20) == 0) {  // a restart
          cache.reset();
          outstanding.reset();
          store = reopen(std::move(store));
          cache = std::make_unique<Cache>(store.get(), Column::kUsers, 20);
          live = committed;
        }
        break;
      default: {
        const Note* note = cache->find(key);
        ASSERT_EQ(note != nullptr, live.contains(key)) << key << " at step " << step;
        if (note) {
          ASSERT_EQ(note->text, live[key]) << key << " at step " << step;
        }
      }
    }
    ASSERT_TRUE(cache->status().ok()) << cache->status();
  }
  if (outstanding) commit();
  Model stored;
  ASSERT_TRUE(store
                  ->scan(Column::kUsers, "", "",
                         [&](std::string_view key, std::string_view value) {
                           stored.emplace(key, value.substr(1));
                           return true;
                         })
                  .ok());
  EXPECT_EQ(stored, committed);
}

TEST(RowCacheModel, RandomEpochsInMemoryEqualAMap) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    MemoryStore disk;
    random_epochs_equal_a_map(seed, 3000, [&](std::unique_ptr<Store>) { return disk.reopen(); });
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(RowCacheModel, RandomEpochsOnDiskEqualAMap) {
  for (std::uint64_t seed = 101; seed <= 103; ++seed) {
    const Scratch scratch;
    RocksDbOptions options;
    options.directory = scratch / "store";
    options.write_buffer_bytes = 1 << 20;
    random_epochs_equal_a_map(seed, 3000, [&](std::unique_ptr<Store> old) {
      old.reset();
      auto store = open_rocksdb_store(options);
      EXPECT_TRUE(store.ok()) << store.status();
      return *std::move(store);
    });
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace riffle::state
