// A decision found again: whole, out of a shard's state while its windows are open; or out of the log, as its outcomes
// and its published list tell it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "bus/bus.h"
#include "config/config.h"
#include "records/json_codec.h"
#include "records/request.h"
#include "records/riffle.pb.h"

namespace riffle::app {

struct FoundDecision {
  enum class Place { kState, kOutcomes, kListOnly };
  Place place = Place::kState;
  Partition shard;
  pb::Decision decision;
  std::vector<double> rewards;  // by slot, so far; empty: not known
  std::vector<bool> exposed;
  bool closed = false;                          // its windows are over: the rewards are final
  std::optional<records::Recommendation> list;  // as published
  std::string list_bytes;
  std::optional<records::Request> request;                // of the log
  absl::flat_hash_map<std::uint64_t, std::string> names;  // item ids by key, as far as they are known

  std::string name_of(std::uint64_t item_key) const;  // "key:…" where it is not known
};

// Nothing where the directory has no state, or no such open decision.
absl::StatusOr<std::optional<FoundDecision>> find_in_state(const std::string& directory,
                                                           const std::string& recommendation_id);

// Reads `outcomes` and `recommendations` from their beginnings, then its request.
absl::StatusOr<std::optional<FoundDecision>> find_in_log(bus::Bus& bus, const config::Config& config,
                                                         const std::string& recommendation_id);

}  // namespace riffle::app
