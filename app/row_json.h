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
#include "state/store.h"

namespace riffle::app {

// One shard's; `store` outlives the call. Nothing where the store has no such row.
using RowJson = absl::StatusOr<std::optional<std::string>>;
RowJson user_json(const state::Store& store, Partition shard, std::string_view user_id);
RowJson item_json(const state::Store& store, Partition shard, std::string_view item_id);
RowJson decision_json(const state::Store& store, Partition shard,
                      std::string_view recommendation_id);

}  // namespace riffle::app
