// The end of a shard's epoch: what is frozen for the writer, and the statistics that leave with it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "pipeline/shard.h"
#include "records/proto_codec.h"
#include "state/shard_store.h"

namespace riffle::pipeline {
namespace {

constexpr std::size_t kMostPendingStats = 4096;  // beyond it they are published whatever the time

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
  if (with_stats || touched_.size() > kMostPendingStats) emit_stats();

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
  epoch.users = users_.freeze();
  epoch.items = items_.freeze();
  epoch.profiles = profiles_.freeze();
  epoch.decisions = decisions_.freeze();
  epoch.joins = joins_.freeze();
  epoch.user_lists = user_lists_.freeze();
  epoch.waiting = waiting_.freeze();
  epoch.requests = requests_.freeze();
  epoch.meta = meta_;
  epoch.positions = positions_;
  for (const ItemKey key : touched_) epoch.pending_stats += state::number_key(key.value());
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

void Shard::emit_stats() {
  for (const ItemKey key : touched_) {
    const records::ItemRow* row = items_.find(features::item_row_key(key));
    if (!row) continue;
    pb::ItemStats stats;
    stats.set_shard(id_.value());
    stats.set_generation(generation_);
    stats.set_epoch(meta_.epoch());
    records::ItemRow published = *row;
    for (auto* list : {&published.together, &published.next}) {
      if (list->size() <= options_.stats_neighbours) continue;
      std::nth_element(list->begin(), list->begin() + static_cast<std::ptrdiff_t>(options_.stats_neighbours), list->end(),
                       [](const records::Neighbour& a, const records::Neighbour& b) {
                         return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
                       });
      list->resize(options_.stats_neighbours);
    }
    std::string bytes;
    records::encode(published, bytes);
    stats.mutable_row()->ParseFromString(bytes);
    ingest::OwnedRecord out;
    out.topic = options_.topics.item_stats;
    out.partition = id_;
    out.key = absl::StrCat(id_.value(), "/", row->item_id.str());
    out.value = stats.SerializeAsString();
    outputs_.push_back(std::move(out));
  }
  touched_.clear();
  touched_set_.clear();
}

}  // namespace riffle::pipeline
