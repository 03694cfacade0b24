// Holds the outcomes that a replay makes against those of the log, byte for byte, by their sequence numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bus/bus.h"
#include "replay/partition_reader.h"

namespace riffle::replay {

struct OutcomeFigures {
  std::uint64_t equal = 0;
  std::uint64_t different = 0;
  std::uint64_t not_in_log = 0;  // made again and not there: they had not left yet, or the log begins late
  // The store's first outcomes are no longer in the log: decisions are missing, so that those that are there are not
  // held against what was made.
  bool begins_late = false;
  std::vector<std::string> first_different;  // "recommendation_id, revision N", a few

  bool as_logged() const { return different == 0; }
};

class OutcomeCheck {
 public:
  static absl::StatusOr<OutcomeCheck> open(bus::Bus& bus, const bus::TopicPartition& where);

  // An outcome record's bytes, in the order of sequences.
  absl::Status made(std::string_view bytes, OutcomeFigures& figures);

 private:
  explicit OutcomeCheck(PartitionReader reader) : reader_(std::move(reader)) {}
  PartitionReader reader_;
};

}  // namespace riffle::replay
