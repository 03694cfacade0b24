#include "state/shard_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/errors.h"
#include "state/memory_store.h"

namespace riffle::state {
namespace {

const ShardIdentity kIdentity{Partition(3), 8, "cluster-a", "shop.events"};

class ShardStoreTest : public testing::Test {
 protected:
  void write(const WriteBatch& batch) { ASSERT_TRUE(store.write(batch, true).ok()); }
  std::vector<std::uint64_t> journal_after(std::uint64_t number, absl::Status* status = nullptr) {
    std::vector<std::uint64_t> numbers;
    const auto scanned = scan_journal(store, number, [&](const pb::JournalEntry& entry) {
      numbers.push_back(entry.number());
      return true;
    });
    if (status)
      *status = scanned;
    else
      EXPECT_TRUE(scanned.ok()) << scanned;
    return numbers;
  }
  void append(std::uint64_t number) {
    pb::JournalEntry entry;
    entry.set_number(number);
    WriteBatch batch;
    append_journal(entry, batch);
    write(batch);
  }
  // That opening as `identity` is refused in words that hold all of `parts`.
  void expect_refused(const ShardIdentity& identity, std::initializer_list<std::string> parts) {
    const auto header = open_or_create_header(store, identity, 1);
    EXPECT_EQ(header.status().code(), absl::StatusCode::kFailedPrecondition) << header.status();
    EXPECT_EQ(error_class(header.status()), ErrorClass::kFatal);
    for (const std::string& part : parts)
      EXPECT_NE(header.status().message().find(part), absl::string_view::npos)
          << part << " in " << header.status();
  }

  MemoryStore store;
};

TEST_F(ShardStoreTest, ANewStoreGetsAHeaderThatSurvivesAPowerCut) {
  const auto made = open_or_create_header(store, kIdentity, 42);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(made->created);
  EXPECT_EQ(made->generation, 42u);
  store.lose_unsynced(0);
  const auto found = open_or_create_header(store, kIdentity, 43);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->created);
  EXPECT_EQ(found->generation, 42u) << "an existing store keeps its generation";
  EXPECT_EQ(found->format_version, kFormatVersion);
}

TEST_F(ShardStoreTest, AStoreOfSomethingElseIsRefusedWithBothValues) {
  ASSERT_TRUE(open_or_create_header(store, kIdentity, 1).ok());
  ShardIdentity other = kIdentity;
  other.shard = Partition(4);
  expect_refused(other, {"shard is 3", "has 4"});
  other = kIdentity;
  other.partitions = 16;
  expect_refused(other, {"partitions is 8", "has 16", "--rebuild"});
  other = kIdentity;
  other.cluster_id = "cluster-b";
  expect_refused(other, {"cluster-a", "cluster-b", "another state directory"});
  other = kIdentity;
  other.events_topic = "other.events";
  expect_refused(other, {"shop.events", "other.events"});
}

TEST_F(ShardStoreTest, AnotherFormatVersionIsRefused) {
  ASSERT_TRUE(open_or_create_header(store, kIdentity, 1).ok());
  auto header = **read_header(store);
  const auto rewrite = [&](std::uint32_t version) {
    header.set_format_version(version);
    WriteBatch batch;
    batch.put(Column::kMeta, "header", header.SerializeAsString());
    write(batch);
  };
  rewrite(kFormatVersion + 1);
  expect_refused(kIdentity,
                 {"format version is " + std::to_string(kFormatVersion + 1), "newer Riffle"});
  rewrite(kFormatVersion - 1);
  expect_refused(kIdentity, {"--rebuild"});
}

TEST_F(ShardStoreTest, AnUnreadableHeaderAndRowsWithoutOneAreDataLoss) {
  WriteBatch rows;
  rows.put(Column::kUsers, "u1", "row");
  write(rows);
  EXPECT_EQ(open_or_create_header(store, kIdentity, 1).status().code(),
            absl::StatusCode::kDataLoss);
  WriteBatch header;
  header.put(Column::kMeta, "header", "\xff\xff\xff");
  write(header);
  EXPECT_EQ(open_or_create_header(store, kIdentity, 1).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(ShardStoreTest, ThePartitionerIsWrittenDownOnce) {
  ASSERT_TRUE(open_or_create_header(store, kIdentity, 1).ok());
  ASSERT_TRUE(store_partitioner(store, "crc32").ok());
  ASSERT_TRUE(store_partitioner(store, "crc32").ok());
  EXPECT_EQ(open_or_create_header(store, kIdentity, 1)->partitioner, "crc32");
  const auto status = store_partitioner(store, "murmur2");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(open_or_create_header(store, kIdentity, 1)->partitioner, "crc32");
}

TEST_F(ShardStoreTest, MetaAndPositionsComeBackAsTheyWent) {
  EXPECT_EQ(load_meta(store)->epoch(), 0u);
  EXPECT_TRUE(load_positions(store)->empty());
  pb::ShardMeta meta;
  meta.set_epoch(9);
  meta.set_journal_number(77);
  pb::InputPosition events, users;
  events.set_input(0);
  events.set_offset(1000);
  events.set_last_checksum(0xabcdef);
  events.set_has_checksum(true);
  users.set_input(2);
  users.set_offset(5);
  WriteBatch batch;
  store_position(users, batch);
  store_position(events, batch);
  store_meta(meta, batch);
  write(batch);
  EXPECT_EQ(load_meta(store)->journal_number(), 77u);
  const auto positions = *load_positions(store);
  ASSERT_EQ(positions.size(), 2u);
  EXPECT_EQ(positions[0].offset(), 1000);
  EXPECT_EQ(positions[0].last_checksum(), 0xabcdefu);
  EXPECT_EQ(positions[1].input(), 2u);
}

TEST_F(ShardStoreTest, APositionUnderAnotherInputsKeyIsDataLoss) {
  pb::InputPosition position;
  position.set_input(1);
  WriteBatch batch;
  batch.put(Column::kOffsets, number_key(2), position.SerializeAsString());
  write(batch);
  EXPECT_EQ(load_positions(store).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ShardStoreTest, TheJournalIsReadInItsOrderFromANumberOn) {
  for (std::uint64_t number = 250; number <= 260; ++number) append(number);
  EXPECT_EQ(journal_after(249).size(), 11u);
  EXPECT_EQ(journal_after(257), (std::vector<std::uint64_t>{258, 259, 260}));
  EXPECT_EQ(journal_after(260), std::vector<std::uint64_t>());
  std::vector<std::uint64_t> first;
  ASSERT_TRUE(scan_journal(store, 250, [&](const pb::JournalEntry& entry) {
                first.push_back(entry.number());
                return false;
              }).ok());
  EXPECT_EQ(first, std::vector<std::uint64_t>{251});
}

TEST_F(ShardStoreTest, TrimErasesTheEntriesOfACommittedEpoch) {
  for (std::uint64_t number = 1; number <= 6; ++number) append(number);
  WriteBatch batch;
  trim_journal(1, 4, batch);
  write(batch);
  EXPECT_EQ(journal_after(4), (std::vector<std::uint64_t>{5, 6}));
  absl::Status status;
  journal_after(0, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss)
      << "entries 1..4 are asked for, and are not there";
}

TEST_F(ShardStoreTest, AGapOrAnUnreadableEntryInTheJournalIsDataLoss) {
  append(1);
  append(3);
  absl::Status status;
  EXPECT_EQ(journal_after(0, &status), std::vector<std::uint64_t>{1});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  WriteBatch batch;
  batch.put(Column::kJournal, number_key(2), "\xff");
  write(batch);
  EXPECT_EQ(journal_after(0, &status), std::vector<std::uint64_t>{1});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

TEST_F(ShardStoreTest, AStoreErrorPassesThrough) {
  store.fail_next_read(absl::UnavailableError("disk"));
  EXPECT_EQ(open_or_create_header(store, kIdentity, 1).status().message(), "disk");
  store.fail_next_write(absl::UnavailableError("full"));
  EXPECT_EQ(open_or_create_header(store, kIdentity, 1).status().message(), "full");
  store.fail_next_read(absl::UnavailableError("disk"));
  EXPECT_EQ(load_meta(store).status().message(), "disk");
}

}  // namespace
}  // namespace riffle::state
