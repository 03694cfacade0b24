// When a shard's stored offset and its topic do not fit, going on would lose or repeat records
// silently: each of these stops the shard and says what a person has to decide (DESIGN §5). Pure
// functions of what the caller found; offsets are of the next record.
//
//   stored 700, log [100, 950)   go on at 700
//   stored 50,  log [100, 950)   retention took 50 records that were never applied: refused
//   stored 700, log [0, 300)     the topic was made anew: refused
//   no stored,  group at 700     the state was lost: refused, unless the events shall rebuild it
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/ids.h"
#include "records/riffle.pb.h"

namespace riffle::state {

// The partition's first and next offsets, as the broker has them.
struct LogRange {
  Offset first;
  Offset next;
};

// `where` names the topic and partition. `compacted`: records below the first may be gone without
// being missed.
absl::Status check_in_log(std::string_view where, Offset stored, const LogRange& log,
                          bool compacted);

// `committed` is the consumer group's offset. OK where both or neither is there, or with `rebuild`.
absl::Status check_not_lost(std::string_view where, std::optional<Offset> stored,
                            std::optional<Offset> committed, bool rebuild);

// `found`: the checksum of the record before the stored offset, as the topic has it now; none where
// retention or compaction removed it, which says nothing.
absl::Status check_same_topic(std::string_view where, const pb::InputPosition& stored,
                              std::optional<std::uint64_t> found);

}  // namespace riffle::state
