// Do rewards find their lists? Every event that names a list is held against the lists that were published: a set of
// their ids in fixed memory (a Bloom filter of 2^27 bits, four hashes each: a million lists give no false match in 10⁶,
// ten million one in 200). A list that is in the log is never called missing; of those that are not, a false match
// hides one: counts of missing ones are from below.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "bus/bus.h"
#include "bus/topics.h"

namespace riffle::app {

struct JoinFigures {
  std::uint64_t lists = 0;         // published, repeats too
  std::uint64_t events = 0;        // interactions
  std::uint64_t naming = 0;        // of those, that name a list
  std::uint64_t without_list = 0;  // of those, whose list is not in the log: at least so many
  std::map<std::string, std::uint64_t> without_list_by_type;
  bool lists_trimmed = false;  // `recommendations` has lost its first records to retention
};

// Reads `recommendations`, then `events`, to where they end now.
absl::StatusOr<JoinFigures> check_joins(bus::Bus& bus, const bus::TopicNames& topics);

}  // namespace riffle::app
