// A shard's journal as the `epochs` topic has it: the entries of its newest store, 1, 2, 3 …, each once. A killed
// worker publishes an epoch again, perhaps with more entries; those that were given are skipped.
//
// Worked example: records hold entries (1 2) (3 4 5) (3 4 5 6) (1 2): the state was lost after entry 6 and made anew.
// The journal is the last two; the store's generation is that of the last record (docs/formats.md, sequences and
// generations).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "bus/bus.h"
#include "records/riffle.pb.h"
#include "replay/partition_reader.h"

namespace riffle::replay {

class JournalLog {
 public:
  // Reads the topic once to find where the newest store begins. OutOfRange, fatal: its first entries are no longer in
  // the log, so that what was made of them cannot be made again.
  static absl::StatusOr<JournalLog> open(bus::Bus& bus, const bus::TopicPartition& where);

  // The next entry, until the next call; null: the end. DataLoss: an entry is missing, or a record is no epoch.
  absl::StatusOr<const pb::JournalEntry*> next();

  std::uint64_t generation() const { return generation_; }
  std::uint64_t last_number() const { return last_; }  // of the entries; 0: there are none
  std::uint64_t earlier_stores() const { return earlier_; }
  double fraction() const { return reader_.fraction(); }

 private:
  explicit JournalLog(PartitionReader reader) : reader_(std::move(reader)) {}

  PartitionReader reader_;
  pb::EpochRecord record_;
  int at_ = 0;
  std::uint64_t next_ = 1, last_ = 0, generation_ = 0, earlier_ = 0;
};

}  // namespace riffle::replay
