// What every Store keeps, on each of them.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/rng.h"
#include "state/memory_store.h"
#include "state/rocksdb_store.h"
#include "state/scratch.h"
#include "state/store.h"

namespace riffle::state {
namespace {

// Where a store lies, and how it is opened again there or from a checkpoint.
class OnDisk {
 public:
  std::unique_ptr<Store> open() { return open_at(scratch_ / "store"); }
  std::unique_ptr<Store> open_at(const std::string& directory) {
    RocksDbOptions options;
    options.directory = directory;
    options.write_buffer_bytes = 1 << 20;  // small: flushes and compactions happen within a test
    auto store = open_rocksdb_store(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  const Scratch& scratch() const { return scratch_; }

 private:
  Scratch scratch_;
};

class InMemory {
 public:
  std::unique_ptr<Store> open() { return disk_.reopen(); }
  std::unique_ptr<Store> open_at(const std::string& directory) {
    auto store = open_memory_store(directory);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  const Scratch& scratch() const { return scratch_; }

 private:
  Scratch scratch_;
  MemoryStore disk_;
};

template <class Place>
class StoreContract : public testing::Test {
 protected:
  void reopen() {
    store.reset();
    store = place.open();
    ASSERT_NE(store, nullptr);
  }
  std::optional<std::string> get(Column column, std::string_view key) const {
    auto value = store->get(column, key);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *value : std::nullopt;
  }
  void put(Column column, std::string key, std::string value) {
    WriteBatch batch;
    batch.put(column, std::move(key), std::move(value));
    ASSERT_TRUE(store->write(batch, false).ok());
  }
  std::vector<std::string> keys(Column column, std::string_view prefix, std::string_view from,
                                std::size_t at_most = 1000) const {
    std::vector<std::string> found;
    const auto status =
        store->scan(column, prefix, from, [&](std::string_view key, std::string_view) {
          found.emplace_back(key);
          return found.size() < at_most;
        });
    EXPECT_TRUE(status.ok()) << status;
    return found;
  }

  Place place;
  std::unique_ptr<Store> store = place.open();
};

using Places = testing::Types<OnDisk, InMemory>;
struct PlaceNames {
  template <class Place>
  static std::string GetName(int) {
    return std::is_same_v<Place, OnDisk> ? "RocksDb" : "Memory";
  }
};
TYPED_TEST_SUITE(StoreContract, Places, PlaceNames);

using Keys = std::vector<std::string>;

TYPED_TEST(StoreContract, ANewStoreIsEmpty) {
  for (std::size_t i = 0; i < kColumns; ++i) {
    EXPECT_EQ(this->get(static_cast<Column>(i), "k"), std::nullopt);
    EXPECT_EQ(this->keys(static_cast<Column>(i), "", ""), Keys());
  }
}

TYPED_TEST(StoreContract, ColumnsDoNotSeeEachOther) {
  for (std::size_t i = 0; i < kColumns; ++i)
    this->put(static_cast<Column>(i), "k", std::to_string(i));
  for (std::size_t i = 0; i < kColumns; ++i)
    EXPECT_EQ(this->get(static_cast<Column>(i), "k"), std::to_string(i));
}

TYPED_TEST(StoreContract, ABorrowedValueIsWrittenLikeOneThatTheBatchOwns) {
  const std::string value(3000, 'v');
  WriteBatch batch;
  batch.put_borrowed(Column::kDecisions, "d", value);
  batch.put_borrowed(Column::kUsers, "u", "");
  EXPECT_EQ(batch.bytes(), 3002u);
  ASSERT_TRUE(this->store->write(batch, false).ok());
  this->reopen();
  EXPECT_EQ(this->get(Column::kDecisions, "d"), value);
  EXPECT_EQ(this->get(Column::kUsers, "u"), "");
}

TYPED_TEST(StoreContract, ABatchIsAppliedInItsOrderAcrossColumns) {
  WriteBatch batch;
  batch.put(Column::kUsers, "u", "1");
  batch.put(Column::kUsers, "u", "2");
  batch.put(Column::kItems, "i", "1");
  batch.erase(Column::kItems, "i");
  batch.erase(Column::kOffsets, "o");
  batch.put(Column::kOffsets, "o", "7");
  ASSERT_TRUE(this->store->write(batch, true).ok());
  EXPECT_EQ(this->get(Column::kUsers, "u"), "2");
  EXPECT_EQ(this->get(Column::kItems, "i"), std::nullopt);
  EXPECT_EQ(this->get(Column::kOffsets, "o"), "7");
}

TYPED_TEST(StoreContract, KeysAndValuesAreAnyBytes) {
  const std::string key("\0k\xff\n", 4), value("\0\0v\xff", 4);
  this->put(Column::kItems, key, value);
  this->put(Column::kItems, "empty", "");
  EXPECT_EQ(this->get(Column::kItems, key), value);
  EXPECT_EQ(this->get(Column::kItems, "empty"), "");
  EXPECT_EQ(this->get(Column::kItems, std::string("\0k", 2)), std::nullopt);
}

TYPED_TEST(StoreContract, MultiGetAnswersInTheOrderOfItsKeys) {
  this->put(Column::kUsers, "a", "1");
  this->put(Column::kUsers, "c", "3");
  const std::vector<std::string_view> keys = {"c", "b", "a", "c"};
  const auto answers = this->store->multi_get(Column::kUsers, keys);
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_EQ(*answers, (std::vector<std::optional<std::string>>{"3", std::nullopt, "1", "3"}));
  EXPECT_TRUE(this->store->multi_get(Column::kUsers, {})->empty());
}

TYPED_TEST(StoreContract, ScanGivesTheKeysOfAPrefixFromOnInOrder) {
  for (const char* key : {"b2", "a", "b", "b1", "b3", "c"}) this->put(Column::kWaiting, key, "");
  EXPECT_EQ(this->keys(Column::kWaiting, "", ""), (Keys{"a", "b", "b1", "b2", "b3", "c"}));
  EXPECT_EQ(this->keys(Column::kWaiting, "b", ""), (Keys{"b", "b1", "b2", "b3"}));
  EXPECT_EQ(this->keys(Column::kWaiting, "b", "b2"), (Keys{"b2", "b3"}));
  EXPECT_EQ(this->keys(Column::kWaiting, "", "b3"), (Keys{"b3", "c"}));
  EXPECT_EQ(this->keys(Column::kWaiting, "b", "c"), Keys());
  EXPECT_EQ(this->keys(Column::kWaiting, "b", "", 2), (Keys{"b", "b1"}));
  EXPECT_EQ(this->keys(Column::kWaiting, "bb", ""), Keys());
}

TYPED_TEST(StoreContract, ScanTakesPrefixesOfTheHighestBytes) {
  for (const char* key : {"\xfe", "\xff", "\xff\x01", "\xff\xff", "\xff\xff\x02"})
    this->put(Column::kItems, key, "");
  EXPECT_EQ(this->keys(Column::kItems, "\xff\xff", ""), (Keys{"\xff\xff", "\xff\xff\x02"}));
  EXPECT_EQ(this->keys(Column::kItems, "\xfe", ""), (Keys{"\xfe"}));
}

TYPED_TEST(StoreContract, NumberKeysSortAsNumbers) {
  for (const std::uint64_t n :
       {std::uint64_t{256}, std::uint64_t{1}, std::uint64_t{255}, ~std::uint64_t{0}})
    this->put(Column::kJournal, number_key(n), "");
  EXPECT_EQ(this->keys(Column::kJournal, "", ""),
            (Keys{number_key(1), number_key(255), number_key(256), number_key(~std::uint64_t{0})}));
  EXPECT_EQ(number_of(number_key(0x0102030405060708)), 0x0102030405060708u);
}

TYPED_TEST(StoreContract, AScanSeesOneSnapshotWhileItsVisitorWrites) {
  for (int i = 0; i < 100; ++i) this->put(Column::kUsers, "k" + std::to_string(100 + i), "old");
  int seen = 0;
  const auto status =
      this->store->scan(Column::kUsers, "k", "", [&](std::string_view key, std::string_view value) {
        EXPECT_EQ(value, "old") << key;
        if (seen++ == 0) {
          WriteBatch batch;
          for (int i = 0; i < 100; ++i)
            batch.put(Column::kUsers, "k" + std::to_string(100 + i), "new");
          for (int i = 0; i < 100; ++i)
            batch.put(Column::kUsers, "k" + std::to_string(100 + i) + "x", "new");
          EXPECT_TRUE(this->store->write(batch, false).ok());
        }
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(seen, 100);
  EXPECT_EQ(this->keys(Column::kUsers, "k", "").size(), 200u);
}

TYPED_TEST(StoreContract, AReaderNeverSeesHalfABatchOfOneColumn) {
  WriteBatch first;
  for (int k = 0; k < 50; ++k)
    first.put(Column::kUsers, number_key(static_cast<std::uint64_t>(k)), "0");
  ASSERT_TRUE(this->store->write(first, false).ok());
  std::thread writer([&] {
    for (int round = 1; round <= 200; ++round) {
      WriteBatch batch;
      for (int k = 0; k < 50; ++k)
        batch.put(Column::kUsers, number_key(static_cast<std::uint64_t>(k)), std::to_string(round));
      EXPECT_TRUE(this->store->write(batch, false).ok());
    }
  });
  for (int round = 0; round < 200; ++round) {
    std::string value;
    const auto status =
        this->store->scan(Column::kUsers, "", "", [&](std::string_view, std::string_view v) {
          if (value.empty()) value = v;
          EXPECT_EQ(value, v);
          return true;
        });
    EXPECT_TRUE(status.ok()) << status;
  }
  writer.join();
}

TYPED_TEST(StoreContract, WhatWasWrittenIsThereAfterReopening) {
  this->put(Column::kUsers, "synced", "1");
  ASSERT_TRUE(this->store->sync().ok());
  this->put(Column::kDecisions, "written", "2");
  ASSERT_TRUE(this->store->write(WriteBatch(), true).ok());
  this->reopen();
  EXPECT_EQ(this->get(Column::kUsers, "synced"), "1");
  EXPECT_EQ(this->get(Column::kDecisions, "written"), "2");
  this->put(Column::kUsers, "synced", "3");
  this->reopen();
  EXPECT_EQ(this->get(Column::kUsers, "synced"), "3");
}

TYPED_TEST(StoreContract, ACheckpointOpensByItselfAndStaysAsItWas) {
  WriteBatch batch;
  for (int i = 0; i < 1000; ++i)
    batch.put(Column::kUsers, "u" + std::to_string(i), std::string(100, 'x'));
  batch.put(Column::kOffsets, "events", "1000");
  ASSERT_TRUE(this->store->write(batch, false).ok());
  const std::string directory = this->place.scratch() / "deep/checkpoint";
  ASSERT_TRUE(this->store->checkpoint(directory).ok());
  this->put(Column::kOffsets, "events", "2000");

  const auto copy = this->place.open_at(directory);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(*copy->get(Column::kOffsets, "events"), "1000");
  EXPECT_EQ(*copy->get(Column::kUsers, "u999"), std::string(100, 'x'));
  WriteBatch other;
  other.put(Column::kOffsets, "events", "1");
  ASSERT_TRUE(copy->write(other, true).ok());
  EXPECT_EQ(this->get(Column::kOffsets, "events"), "2000");
}

TYPED_TEST(StoreContract, ACheckpointIsNeverPutOverAnExistingDirectory) {
  const std::string directory = this->place.scratch() / "checkpoint";
  ASSERT_TRUE(this->store->checkpoint(directory).ok());
  const auto status = this->store->checkpoint(directory);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_NE(status.message().find(directory), absl::string_view::npos) << status;
}

TYPED_TEST(StoreContract, BytesGrowWithWhatIsWritten) {
  const auto before = this->store->bytes();
  WriteBatch batch;
  Rng rng(1);
  for (std::uint64_t i = 0; i < 10000; ++i)
    batch.put(Column::kUsers, number_key(rng()), number_key(rng()) + std::string(92, 'x'));
  ASSERT_TRUE(this->store->write(batch, true).ok());
  EXPECT_GT(this->store->bytes(), before + 100000);
}

// Against one std::map a column, with scans and reopening.
TYPED_TEST(StoreContract, RandomWorkEqualsSortedMaps) {
  constexpr std::uint64_t kSeed = 20260301;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Rng rng(kSeed);
  std::array<std::map<std::string, std::string>, kColumns> model;
  const auto random_key = [&] {
    std::string key;
    for (std::uint64_t n = rng.below(4); n > 0; --n)
      key.push_back(static_cast<char>(rng.below(4) * 85));
    return key;
  };
  for (int step = 0; step < 3000; ++step) {
    const auto column = static_cast<Column>(rng.below(kColumns));
    auto& rows = model[static_cast<std::size_t>(column)];
    switch (rng.below(8)) {
      case 0:
      case 1:
      case 2: {
        WriteBatch batch;
        for (std::uint64_t n = rng.below(20); n > 0; --n) {
          const auto target = static_cast<Column>(rng.below(kColumns));
          const std::string key = random_key();
          if (rng.below(3) == 0) {
            batch.erase(target, key);
            model[static_cast<std::size_t>(target)].erase(key);
          } else {
            const std::string value(rng.below(2000), static_cast<char>('a' + rng.below(26)));
            batch.put(target, key, value);
            model[static_cast<std::size_t>(target)][key] = value;
          }
        }
        ASSERT_TRUE(this->store->write(batch, rng.below(10) == 0).ok());
        break;
      }
      case 3:
      case 4: {
        const std::string key = random_key();
        const auto expected = rows.find(key);
        EXPECT_EQ(this->get(column, key),
                  expected == rows.end() ? std::nullopt : std::optional(expected->second));
        break;
      }
      case 5:
      case 6: {
        const std::string prefix = random_key(), from = random_key();
        std::map<std::string, std::string> expected, found;
        for (const auto& [key, value] : rows)
          if (key.starts_with(prefix) && key >= from) expected[key] = value;
        std::string last;
        const auto status = this->store->scan(column, prefix, from,
                                              [&](std::string_view key, std::string_view value) {
                                                EXPECT_TRUE(found.empty() || last < key);
                                                last = key;
                                                found.emplace(key, value);
                                                return true;
                                              });
        ASSERT_TRUE(status.ok()) << status;
        EXPECT_EQ(found, expected);
        break;
      }
      default:
        if (rng.below(40) == 0) this->reopen();
    }
  }
}

}  // namespace
}  // namespace riffle::state
