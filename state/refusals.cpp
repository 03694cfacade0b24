#include "state/refusals.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::state {

absl::Status check_in_log(std::string_view where, Offset stored, const LogRange& log,
                          bool compacted) {
  if (stored > log.next)
    return fatal_error(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat(
            std::string(where), ": the state has come to offset ", stored.value(),
            ", but the log ends at ", log.next.value(),
            ": the topic was made anew or cut; bring the old one back, or move the state away "
            "and start with --rebuild"));
  if (stored < log.first && !compacted)
    return fatal_error(
        absl::StatusCode::kDataLoss,
        absl::StrCat(
            std::string(where), ": the state has come to offset ", stored.value(),
            ", but the log starts at ", log.first.value(), ": ", log.first.value() - stored.value(),
            " records are gone that were never applied; move the state away and start with "
            "--rebuild to go on without them"));
  return absl::OkStatus();
}

absl::Status check_not_lost(std::string_view where, std::optional<Offset> stored,
                            std::optional<Offset> committed, bool rebuild) {
  if (stored || !committed || rebuild) return absl::OkStatus();
  return fatal_error(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat(
          std::string(where), ": the consumer group has come to offset ", committed->value(),
          ", but there is no state of it here: bring the state directory back or restore a "
          "checkpoint, or start with --rebuild to make it again from the events"));
}

absl::Status check_same_topic(std::string_view where, const pb::InputPosition& stored,
                              std::optional<std::uint64_t> found) {
  if (!stored.has_checksum() || !found || *found == stored.last_checksum()) return absl::OkStatus();
  return fatal_error(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat(
          std::string(where), ": the record before offset ", stored.offset(),
          " is not the one that was applied: the topic was made anew; bring the old one back, or "
          "move the state away and start with --rebuild"));
}

}  // namespace riffle::state
