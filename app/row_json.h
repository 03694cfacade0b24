// What a shard's store says of a user, an item or a decision, as JSON: keys resolved to the shop's
// ids, types and features by their names, times as text. For `riffle get`.
//
// A key whose item has no row in this shard has no id there: it stands as "key:<16 hex digits>".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "records/json_writer.h"
#include "records/riffle.pb.h"
#include "state/store.h"

namespace riffle::app {

// One shard's; `store` outlives the call. Nothing where the store has no such row.
using RowJson = absl::StatusOr<std::optional<std::string>>;
RowJson user_json(const state::Store& store, Partition shard, std::string_view user_id);
RowJson item_json(const state::Store& store, Partition shard, std::string_view item_id);
RowJson decision_json(const state::Store& store, Partition shard,
                      std::string_view recommendation_id);

// Of a diversity weight that is learned: every weight with its probability and the list's under it, and the distance that is
// aimed at. Nothing where it is not.
void learned_weight_members(records::JsonWriter& json, const pb::Decision& decision);

}  // namespace riffle::app
