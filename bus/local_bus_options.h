// How a local bus keeps its records; bus/local_bus.h says what it is.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "bus/bus.h"

namespace riffle::bus {

// Where the writing thread is with one partition; `file` is the segment that grows.
enum class WriteStep { kBeforeWrite, kAfterWrite, kAfterSync };
// For fault tests, called on the writing thread; kAfterSync on several threads, one a partition. An error counts as the
// disk's: the round is tried again later.
using FailPoint = std::function<absl::Status(WriteStep step, const TopicPartition& where)>;

struct LocalBusOptions {
  std::string directory;                 // empty: in memory, where send() is visible when it returns
  std::size_t segment_bytes = 64 << 20;  // a topic's segment.bytes goes first; cleaning works on whole segments
  Milliseconds segment_age = std::chrono::hours(24 * 7);  // so that a quiet topic's records leave too
  // false: visible and acknowledged once written. Survives the process's death, not the machine's.
  bool fsync = true;
  Milliseconds commit_interval{0};       // least time between two syncs: more records a sync, more latency
  std::optional<Milliseconds> retention = Milliseconds(std::chrono::hours(24 * 7));  // topics that do not say; none: for ever
  const Clock* clock = nullptr;          // record times and retention; null: the system's. Outlives the bus.
  FailPoint fail_point;
};

}  // namespace riffle::bus
