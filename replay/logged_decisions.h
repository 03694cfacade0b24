// Decisions out of a shard's `outcomes`: every revision of an outcome carries what was chosen, from what, and with
// which probabilities. What no outcome has (gains, sources, causes of degraded lists, the list's bytes) is left empty;
// nothing that is joined or learned needs it.
//
// An outcome's first revision may come long after its decision: with the first impression, or when its window closes.
// The topic is read ahead as far as that takes, one window long at most, and what was read is held until it is asked
// for: as many decisions as were open at once. A decision of which no revision ever came (its user was erased, or its
// window is open where the log ends, and nothing of it was seen) is not there.
#pragma once

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "bus/bus.h"
#include "records/riffle.pb.h"
#include "replay/partition_reader.h"

namespace riffle::replay {

// As an outcome has it.
pb::Decision decision_of(const pb::Outcome& outcome);

class LoggedDecisions {
 public:
  // Outcomes with sequences of `generation`; `longest_window` is the one of the rewards' types.
  static absl::StatusOr<LoggedDecisions> open(bus::Bus& bus, const bus::TopicPartition& where, std::uint64_t generation,
                                              Milliseconds longest_window);

  // Asked once an id, in the order of the decisions. `decided`: shard time of the decision, or its own time where that
  // is later.
  absl::StatusOr<std::optional<pb::Decision>> find(const std::string& recommendation_id, TimePoint decided);

 private:
  LoggedDecisions(PartitionReader reader, std::uint64_t generation, Milliseconds longest_window)
      : reader_(std::move(reader)), first_sequence_(generation << 20), longest_window_(longest_window) {}
  absl::StatusOr<bool> read();

  PartitionReader reader_;
  std::uint64_t first_sequence_;
  Milliseconds longest_window_;
  std::uint64_t next_sequence_ = 0;
  TimePoint closing_{};       // the latest time of a closed window that was read
  TimePoint closed_until_{};  // the one before it: windows that closed until then are in what was read
  pb::Outcome outcome_;
  absl::flat_hash_map<std::string, std::string> found_;  // decisions as bytes, not asked for yet
};

}  // namespace riffle::replay
