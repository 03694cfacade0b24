// How a worker runs: epochs, state, threads. config/ fills it; config/default.yaml documents each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/time.h"

namespace riffle::pipeline {

// When the journal and the rows are forced to the disk (DESIGN §5): at every epoch's end; also with every micro-batch's
// journal, so that a list survives a power cut before it is seen; or never, left to the operating system.
enum class Fsync { kEpoch, kBatch, kNever };

struct StateOptions {
  std::string directory = "riffle-state";
  Fsync fsync = Fsync::kEpoch;
  std::size_t cached_users = 500'000;       // decoded rows kept in RAM, a shard
  std::size_t cached_items = 200'000;
  std::size_t cached_decisions = 500;       // some 8 kB each
  std::size_t cached_lists = 50'000;        // what is small of a list: joins, waiting rewards, open requests: each
  std::size_t write_buffer_bytes = 64 << 20;
  std::size_t block_cache_bytes = 256 << 20;  // shared by a worker's stores
  Milliseconds wait_for_lock{std::chrono::seconds(30)};  // for the owner before us to let go of a shard's store
};

struct EpochOptions {
  Milliseconds interval{100};               // an epoch ends after so long …
  Milliseconds catching_up_interval{5000};  // … while a backlog is read
  std::size_t records = 100'000;            // … or so many records
  std::size_t dirty_bytes = 128 << 20;      // … or so many bytes of changed rows …
  std::size_t asked_dirty_bytes = 8 << 20;  // … or, while lists are asked for, so many: they wait for a freeze and a commit
  Milliseconds stats_interval{1000};        // item statistics leave at most so often
};

// What to do where the stored offset is no longer in the log.
enum class LostOffset { kStop, kEarliest };

struct WorkerOptions {
  std::string name = "worker";              // one process a name and state directory
  std::string group = "riffle";             // Kafka's consumer group of `events`; `<group>.requests` for the rest
  std::size_t apply_threads = 1;
  Milliseconds events_turn{2};              // events applied at most so long before waiting requests have their turn
  Milliseconds tick_interval{100};          // shard time moves on so often while caught up
  std::size_t queued_bytes = 32 << 20;      // of records that wait for a shard; beyond it its partitions are paused
  bool learner = true;                      // this worker learns, too
  bool rebuild = false;                     // a shard without its state reads `events` from the beginning
  LostOffset on_lost_offset = LostOffset::kStop;
};

}  // namespace riffle::pipeline
