#include "pipeline/epoch.h"

#include "records/proto_codec.h"
#include "state/shard_store.h"

namespace riffle::pipeline {

std::string_view name_of(Input input) {
  switch (input) {
    case Input::kEvents: return "events";
    case Input::kRequests: return "requests";
    case Input::kUsers: return "users";
  }
  return "unknown";
}

bus::OutRecord Output::record() const {
  bus::OutRecord out;
  out.topic = topic;
  out.partition = partition;
  if (key) out.key = *key;
  if (value) out.value = *value;
  out.headers.reserve(headers.size());
  for (const auto& [name, text] : headers) out.headers.push_back({name, text});
  return out;
}

void append_commit(const FrozenEpoch& epoch, state::WriteBatch& batch) {
  epoch.users.append_to(batch);
  epoch.items.append_to(batch);
  epoch.profiles.append_to(batch);
  epoch.decisions.append_to(batch);
  epoch.joins.append_to(batch);
  epoch.user_lists.append_to(batch);
  epoch.waiting.append_to(batch);
  epoch.requests.append_to(batch);
  for (std::uint64_t n = epoch.journal_from; n < epoch.journal_to; ++n) {
    batch.erase(state::Column::kJournal, state::number_key(n));
  }
  state::put_meta(batch, epoch.meta);
  for (const pb::InputPosition& position : epoch.positions) {
    if (position.offset() >= 0) state::put_position(batch, position);
  }
  if (!epoch.partitioner.empty()) state::put_partitioner(batch, epoch.partitioner);
  batch.put(state::Column::kMeta, "pending-stats", epoch.pending_stats);
}

}  // namespace riffle::pipeline
