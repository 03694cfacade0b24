// What cleaning does to the sealed segments of a log. Both answer the segments that shall stand in their place, which may
// be the same ones; the caller (PartitionLog::clean) puts them in place and deletes the files that are left over.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "bus/partition_log.h"
#include "bus/segment.h"

namespace riffle::bus {

// Drops whole segments from the oldest on: whose newest record is older than the retention, or while the sealed ones have
// more bytes than allowed.
absl::StatusOr<std::vector<std::shared_ptr<Segment>>> apply_retention(
    const std::vector<std::shared_ptr<Segment>>& sealed, const LogSettings& settings, TimePoint now);

// Compaction reads every sealed byte, so it waits until at least half of them were written since the last one: the work
// stays below twice what is written.
bool compaction_is_due(const std::vector<std::shared_ptr<Segment>>& sealed, Offset cleaned_until);

// Keeps the last record of each key, and drops tombstones older than settings.tombstone_retention. Neighbouring segments
// that became small are merged. Offsets stay as they were. The new files stand under the names of the first segment that
// each replaces, durably; the growing segment is not looked at, as in Kafka.
absl::StatusOr<std::vector<std::shared_ptr<Segment>>> compact(
    const std::vector<std::shared_ptr<Segment>>& sealed, const LogSettings& settings, TimePoint now);

}  // namespace riffle::bus
