// A record of `item-stats`: the bytes of pb::ItemStats, by hand (records/wire.h says why), because a shard writes one for
// every item that it touched in an epoch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/ids.h"
#include "records/rows.h"

namespace riffle::records {

// Whose statistics, and as of when: of two records of a shard and item the one with the higher (generation, epoch) holds.
struct ItemStatsHead {
  Partition shard;
  std::uint64_t generation = 0;
  std::uint64_t epoch = 0;
  friend bool operator==(const ItemStatsHead&, const ItemStatsHead&) = default;
};

// Replaces the output.
void encode_item_stats(const ItemStatsHead& head, const ItemRow& row, std::string& out);
// An error says what is broken; the outputs then hold nothing of use.
absl::Status decode_item_stats(std::string_view bytes, ItemStatsHead& head, ItemRow& row);

}  // namespace riffle::records
