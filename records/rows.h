// The rows that events make, decoded. They are a function of the order of `events` alone: equal logs give equal rows,
// byte for byte when encoded (the same binary and CPU family). features/ says what they mean and changes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "base/time.h"
#include "records/event.h"

namespace riffle::records {

// A sum whose parts halve every half-life: `value` as it was at `time_ms`. features/decay.h adds and reads.
struct DecayedCounter {
  double value = 0;
  std::int64_t time_ms = 0;
  friend bool operator==(const DecayedCounter&, const DecayedCounter&) = default;
};

struct HistoryEntry {
  ItemKey item;
  std::int64_t time_ms = 0;
  InteractionType type = InteractionType::kOther;
  float weight = 0;
  float value = 0;
  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

struct ImpressionEntry {
  ItemKey item;
  std::int64_t time_ms = 0;
  friend bool operator==(const ImpressionEntry&, const ImpressionEntry&) = default;
};

struct UserRow {
  std::vector<HistoryEntry> history;          // oldest first, bounded
  std::vector<ImpressionEntry> impressions;   // oldest first, bounded
  TypeCounts counts{};
  std::uint64_t impression_count = 0;
  DecayedCounter activity;
  std::int64_t first_ms = 0;                  // 0: no event yet
  std::int64_t last_ms = 0;
  std::int64_t erased_before_ms = 0;
  std::vector<std::uint64_t> seen_events;     // oldest first, bounded: hashes of event ids
  SessionId session_id;
  std::int64_t session_start_ms = 0;
  friend bool operator==(const UserRow&, const UserRow&) = default;
};

struct Neighbour {
  ItemKey item;
  float weight = 0;                           // on the scale of the row's reference time
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

struct ItemRow {
  ItemId item_id;
  TypeCounts counts{};
  std::uint64_t impressions = 0;
  DecayedCounter popularity;                  // slow half-life, weights by type
  DecayedCounter trend;                       // fast half-life
  DecayedCounter recent_clicks;               // clicks on lists, slow half-life
  DecayedCounter recent_impressions;
  DecayedCounter recent_expected;             // clicks that the users' own click rates let expect of those
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::int64_t neighbour_reference_ms = 0;
  double neighbour_total = 0;
  std::vector<Neighbour> together;            // co-visitation, bounded, in the order of item keys when encoded
  std::vector<Neighbour> next;                // what follows, likewise
  friend bool operator==(const ItemRow&, const ItemRow&) = default;
};

// Replace the output. Decoding errors say what is broken: a row is never half read.
void encode(const UserRow& row, std::string& out);
void encode(const ItemRow& row, std::string& out);
absl::Status decode(std::string_view bytes, UserRow& row);
absl::Status decode(std::string_view bytes, ItemRow& row);

}  // namespace riffle::records
