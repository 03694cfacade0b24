// What a shard keeps in its store beside rows: the header that says whose store it is, how far it
// has come, where its inputs go on, and the journal. Everything is read here and put into the
// caller's WriteBatch here, so that it goes in one write with the rows; only the header is written
// at once.
//
//   opening      open_or_create_header: refuses a store of another shard, format or cluster
//   a restart    load_meta, load_positions, scan_journal after meta.journal_number()
//   micro-batch  append_journal, before its lists are published
//   epoch        store_meta, store_position and trim_journal, with its rows
//
// Journal, worked example: entries 5, 6, 7 are in the store and the meta says journal_number = 5,
// because the commit of the epoch that ended at 5 was lost before its trim. scan_journal(after 5)
// gives 6 and 7; an entry 8 without 7 would be corruption: entries are written in order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "records/riffle.pb.h"
#include "state/store.h"

namespace riffle::state {

// Raised when stored bytes change their meaning: an older store is refused and has to be rebuilt from `events`.
constexpr std::uint32_t kFormatVersion = 3;

struct ShardIdentity {
  Partition shard;
  std::int32_t partitions = 0;  // of events, requests and users
  std::string cluster_id;
  std::string events_topic;
};

struct ShardHeader {
  std::uint32_t format_version = kFormatVersion;
  // Of the shard's store: one rebuilt from nothing starts with a higher one.
  std::uint64_t generation = 0;
  std::string partitioner;  // murmur2 or crc32; empty: not known yet
  bool created = false;     // by this call: the store was new
};

// Reads the header, or writes it (synced) into a store that has none, with `generation`.
// FailedPrecondition, fatal, where the store is not this shard's: it names what differs, both
// values, and what to do. A store with rows but no header is corrupt.
absl::StatusOr<ShardHeader> open_or_create_header(Store& store, const ShardIdentity& identity,
                                                  std::uint64_t generation);
// As it is in the store; none in a new one.
absl::StatusOr<std::optional<pb::StoreHeader>> read_header(const Store& store);
// Writes it down once it is known (synced). FailedPrecondition where another one is written down
// already.
absl::Status store_partitioner(Store& store, std::string_view partitioner);

// All zero in a new store.
absl::StatusOr<pb::ShardMeta> load_meta(const Store& store);
void store_meta(const pb::ShardMeta& meta, WriteBatch& batch);

// The next record to apply of each input that has been read at least once, by input.
absl::StatusOr<std::vector<pb::InputPosition>> load_positions(const Store& store);
void store_position(const pb::InputPosition& position, WriteBatch& batch);

// entry.number() numbers it; numbers are consecutive, from 1.
void append_journal(const pb::JournalEntry& entry, WriteBatch& batch);
// Entries with numbers above `after`, ascending; stops when `visit` answers false. Corruption: a
// gap, or an unreadable entry.
absl::Status scan_journal(const Store& store, std::uint64_t after,
                          const std::function<bool(const pb::JournalEntry&)>& visit);
// Erases the entries `first`..`last`, both included: those that the rows of this batch contain.
void trim_journal(std::uint64_t first, std::uint64_t last, WriteBatch& batch);

}  // namespace riffle::state
