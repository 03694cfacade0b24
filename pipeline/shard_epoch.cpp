// The end of a shard's epoch: what is frozen for the writer, and the statistics that leave with it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "pipeline/shard.h"
#include "records/proto_codec.h"
#include "state/shard_store.h"

namespace riffle::pipeline {
namespace {

constexpr std::size_t kMostPendingStats = 32'768;  // beyond it they are published whatever the time: every commit names them
constexpr std::size_t kToldAtOnce = 4096;

}  // namespace

absl::StatusOr<FrozenEpoch> Shard::freeze(bool with_stats) {
  RIFFLE_CHECK(!frozen_, "shard", id_.value());
  RIFFLE_RETURN_IF_ERROR(health());
  // Written once in a store's life. A replay that knows it earlier than the first run did decides nothing otherwise: the
  // records before the one that told are explained by either.
  if (partitioner_.empty() && !admission_.partitioner_state().empty()) {
    partitioner_ = admission_.partitioner_state();
    RIFFLE_RETURN_IF_ERROR(state::store_partitioner(*store_, partitioner_));
  }
  meta_.set_epoch(meta_.epoch() + 1);
  meta_.set_journal_number(next_journal_ - 1);
  const bool answers = std::any_of(entries_.begin(), entries_.end(), [](const pb::JournalEntry& e) { return e.pins_size() > 0; });

  pb::EpochRecord record;
  record.set_sequence(meta_.epoch_sequence());
  record.set_shard(id_.value());
  for (pb::JournalEntry& entry : entries_) *record.add_entries() = std::move(entry);
  if (record.entries_size() > 0) {
    meta_.set_epoch_sequence(meta_.epoch_sequence() + 1);
    ingest::OwnedRecord out;
    out.topic = options_.topics.epochs;
    out.partition = id_;
    out.key = absl::StrCat(id_.value());
    out.value = record.SerializeAsString();
    outputs_.push_back(std::move(out));
  }

  FrozenEpoch epoch;
  epoch.shard = id_;
  epoch.store = store_.get();
  // What is told of the items: of the frozen rows the writer makes it where requests come, as a backlog's epoch has tens of
  // thousands, and lists would wait for their copies. Without requests it is cheaper here: a frozen row that is edited
  // meanwhile is copied, and rows are frozen for the longer the more the writer has to do.
  const bool tell = with_stats || rows_.touched_count() > kMostPendingStats;
  if (tell && !answers) epoch.statistics = take_statistics();
  epoch.users = users_.freeze();
  epoch.items = items_.freeze();
  if (tell && answers) {
    epoch.statistics = take_statistics();
    epoch.stats_neighbours = options_.stats_neighbours;
  }
  epoch.profiles = profiles_.freeze();
  epoch.decisions = decisions_.freeze();
  epoch.joins = joins_.freeze();
  epoch.user_lists = user_lists_.freeze();
  epoch.waiting = waiting_.freeze();
  epoch.requests = requests_.freeze();
  epoch.meta = meta_;
  epoch.positions = positions_;
  for (const ItemKey key : rows_.touched()) epoch.pending_stats += state::number_key(key.value());
  epoch.journal_from = journal_kept_;
  epoch.journal_to = next_journal_;
  epoch.outputs = std::move(outputs_);
  epoch.last_list_ticket = last_list_ticket_;

  outputs_.clear();
  entries_.clear();
  records_in_epoch_ = 0;
  journal_frozen_ = next_journal_;
  frozen_ = true;
  return epoch;
}

void Shard::committed() {
  RIFFLE_CHECK(frozen_, "shard", id_.value());
  users_.committed(), items_.committed(), profiles_.committed(), decisions_.committed();
  joins_.committed(), user_lists_.committed(), waiting_.committed(), requests_.committed();
  journal_kept_ = journal_frozen_;
  frozen_ = false;
}

// Frozen rows are left whole, for the writer to cut.
Statistics Shard::take_statistics() {
  Statistics statistics{{id_, generation_, meta_.epoch()}, true, {}};
  const std::vector<ItemKey> touched = rows_.take_touched();
  fresh_.told(meta_.epoch(), touched);
  statistics.items.reserve(touched.size());
  for (const ItemKey key : touched) {
    const std::string row_key = features::item_row_key(key);
    if (auto frozen = items_.frozen_row(row_key)) {
      statistics.items.push_back(std::move(frozen));
    } else if (const records::ItemRow* row = items_.find(row_key)) {
      statistics.items.push_back(told_row(*row, options_.stats_neighbours));
    }
  }
  return statistics;
}

absl::Status Shard::tell_statistics(const std::function<void(Statistics)>& tell) const {
  Statistics some{{id_, generation_, meta_.epoch()}, false, {}};
  absl::Status unreadable;
  records::ItemRow row;
  const auto status = store_->scan(state::Column::kItems, "", "", [&](std::string_view, std::string_view bytes) {
    unreadable = records::decode(bytes, row);
    if (!unreadable.ok()) return false;
    some.items.push_back(told_row(row, options_.stats_neighbours));
    if (some.items.size() == kToldAtOnce) tell(Statistics{some.head, false, std::exchange(some.items, {})});
    return true;
  });
  RIFFLE_RETURN_IF_ERROR(status);
  RIFFLE_RETURN_IF_ERROR(unreadable);
  some.whole = true;
  tell(std::move(some));
  return absl::OkStatus();
}

}  // namespace riffle::pipeline
