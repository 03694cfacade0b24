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

void append_commit(const FrozenEpoch& epoch, state::WriteBatch& batch) {
  epoch.users.append_to(batch);
  epoch.items.append_to(batch);
  epoch.profiles.append_to(batch);
  epoch.decisions.append_to(batch);
  epoch.joins.append_to(batch);
  epoch.user_lists.append_to(batch);
  epoch.waiting.append_to(batch);
  epoch.requests.append_to(batch);
  if (epoch.journal_to > epoch.journal_from) state::trim_journal(epoch.journal_from, epoch.journal_to - 1, batch);
  state::store_meta(epoch.meta, batch);
  for (const pb::InputPosition& position : epoch.positions) {
    if (position.offset() >= 0) state::store_position(position, batch);
  }
  batch.put(state::Column::kMeta, "pending-stats", epoch.pending_stats);
}

}  // namespace riffle::pipeline
