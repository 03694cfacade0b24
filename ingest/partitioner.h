// Holds records to the partition of their key. `events`, `requests` and `users` must be spread by
// one partitioner, or a user's requests land where his history is not. Kafka's Java clients and
// Riffle's own hash with murmur2; librdkafka's clients (kcat, Python, Go, .NET) with CRC32 unless
// told partitioner=murmur2_random.
//
//   Partitioner partitioner(PartitionerSetting::kAuto, 4);
//   partitioner.check("u1", Partition(2));   // both hashes say 2: accepted, nothing is decided
//   partitioner.check("u7", Partition(3));   // only CRC32 says 3: decided, crc32 from now on
//   partitioner.state();                     // "crc32", to be kept in the store
//
// The decision is a function of the order of the records alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "records/dead_letter.h"

namespace riffle::ingest {

enum class PartitionerSetting { kAuto, kMurmur2, kCrc32 };

class Partitioner {
 public:
  Partitioner(PartitionerSetting setting, std::int32_t partitions);

  // nullopt: the partition is the key's. Otherwise kMisrouted, with a message that names the
  // setting.
  std::optional<records::Reason> check(std::string_view key, Partition partition);

  // "murmur2", "crc32", or "" while undecided.
  std::string state() const;
  // What an earlier run decided. An explicit setting stays as it is; "" decides nothing. Any other
  // text is a programmer's error.
  void restore(std::string_view state);

 private:
  PartitionerSetting setting_;
  std::optional<PartitionerSetting> decided_;  // kMurmur2 or kCrc32
  std::int32_t partitions_;
};

}  // namespace riffle::ingest
