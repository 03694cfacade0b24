// An epoch on its way to disk: what the apply thread froze, for the writer thread to publish and commit (DESIGN §5).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "bus/bus.h"
#include "ingest/dead_letter_record.h"
#include "pipeline/micro_batch.h"
#include "pipeline/statistics.h"
#include "records/riffle.pb.h"
#include "records/rows.h"
#include "state/row_cache.h"
#include "state/store.h"

namespace riffle::pipeline {

struct FrozenEpoch {
  Partition shard;
  state::Store* store = nullptr;
  state::RowCache<records::UserRow>::FrozenRows users;
  state::RowCache<records::ItemRow>::FrozenRows items;
  state::RowCache<pb::Profile>::FrozenRows profiles;
  state::RowCache<pb::Decision>::FrozenRows decisions;   // erased ones only: a decision is written with its journal
  state::RowCache<pb::Join>::FrozenRows joins;
  state::RowCache<pb::UserLists>::FrozenRows user_lists;
  state::RowCache<pb::WaitingReward>::FrozenRows waiting;
  state::RowCache<pb::OpenRequest>::FrozenRows requests;
  pb::ShardMeta meta;
  std::array<pb::InputPosition, kInputs> positions;
  std::string pending_stats;                              // item keys whose statistics have not been published yet
  std::uint64_t journal_from = 0, journal_to = 0;         // entries [from, to) are trimmed
  std::vector<ingest::OwnedRecord> outputs;
  Statistics statistics;                                  // to publish with the outputs; may be empty
  std::size_t stats_neighbours = 0;                       // to which the writer cuts the statistics' rows first; 0: they are
  std::uint64_t last_list_ticket = 0;                     // of the lists' sink: acknowledged before the commit
};

// Everything of the epoch, in one batch.
void append_commit(const FrozenEpoch& epoch, state::WriteBatch& batch);

}  // namespace riffle::pipeline
