// What `topics create` can be told.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace riffle::bus {

struct TopicsOptions {
  std::string prefix = "riffle.";        // one namespace a tenant
  // Of every topic whose records belong to a shard: one shard each. A state directory belongs to one number.
  std::int32_t partitions = 4;
  std::int32_t items_partitions = 1;     // every worker reads all of it
  std::int16_t replication_factor = 1;   // 3 on a cluster of three or more
  Milliseconds retention = std::chrono::hours(24 * 7);  // of the topics that are not compacted; -1 ms: for ever
  // Of `epochs`, the journal: without its first record nothing can be replayed (docs/replay.md), and it is small. -1 ms: for ever
  Milliseconds epochs_retention{-1};
  std::int32_t max_message_bytes = 4 << 20;  // lists with all their reasons and policy blocks fit well below it
};

}  // namespace riffle::bus
