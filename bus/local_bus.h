// The embedded bus: Kafka's contract (bus/bus.h) on a directory of segment files, or in memory, for one process.
//
//   <directory>/LOCK                                     held by the process that has the bus open
//   <directory>/bus                                      format, cluster id
//   <directory>/groups/<group>.offsets                   committed offsets
//   <directory>/topics/<topic>/topic                     partitions and settings
//   <directory>/topics/<topic>/<partition>/*.segment     records (bus/segment_format.h)
//
// Durability. One thread writes and syncs what all sinks gathered since its last turn: a record is visible to readers,
// and its ticket acknowledged, only once it is on the disk. While the disk refuses (full, I/O error) the thread tries
// again, nothing is lost, and connected() is false. After a crash the tail of the last segment is cut back to its last
// whole record; what was acknowledged is never in that tail.
//
// Groups share partitions among the sources of this process, with Kafka's eager protocol: whenever a source joins or
// leaves, everyone is asked to release all, and only then is anything assigned. Committed offsets reach the disk within
// kOffsetsDelay (a killed process may lose the commits of that time; Riffle's own store is the truth).
//
// Topic settings understood, by Kafka's names: retention.ms, retention.bytes, max.message.bytes, message.timestamp.type,
// delete.retention.ms, segment.bytes, segment.ms. Others are refused by create_topics with InvalidArgument.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/local_bus_options.h"

namespace riffle::bus {

constexpr Milliseconds kOffsetsDelay{100};

// A segment file and the bytes of it that would be there after a power loss at this moment.
struct DurableFile {
  std::string path;
  std::size_t bytes = 0;
};

class LocalBus : public Bus {
 public:
  // Power-loss tests cut every file back to these lengths. With fsync off, what was written counts.
  virtual std::vector<DurableFile> durable_files() const = 0;
  // Runs retention and compaction now, on the caller's thread, on every partition (else: when a segment is sealed).
  virtual absl::Status clean() = 0;
};

// Opens or makes the directory. FailedPrecondition: in use by another process, not writable, of another format. DataLoss:
// damaged where a crash cannot have done it. Sources, sinks and batches may outlive the bus; the directory is free for
// another process once all are gone.
absl::StatusOr<std::unique_ptr<LocalBus>> make_local_bus(LocalBusOptions options);

}  // namespace riffle::bus
