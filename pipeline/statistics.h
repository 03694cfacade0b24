// What a shard tells of its items: to other workers on `item-stats`, and to its own worker's world feed in memory.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "ingest/dead_letter_record.h"
#include "records/item_stats_record.h"

namespace riffle::pipeline {

struct Statistics {
  records::ItemStatsHead head;
  bool whole = true;                        // false: more of the same epoch follows
  std::vector<std::shared_ptr<const records::ItemRow>> items;  // neighbour lists cut to the top few; never changed any more
};

// The row as it is told: with the `neighbours` of highest weight of each list (of equal weights those with the lower keys).
std::shared_ptr<const records::ItemRow> told_row(const records::ItemRow& row, std::size_t neighbours);

// Its record on `item-stats`, written into `out`, whose memory is used again.
void write_record(const Statistics& statistics, const records::ItemRow& row, ingest::OwnedRecord& out);

}  // namespace riffle::pipeline
