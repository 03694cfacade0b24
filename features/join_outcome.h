// The record of one revision: what changed from one state of a join to the next, with all that a
// learner needs to know of the decision, so that each revision stands by itself.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "records/event.h"
#include "records/riffle.pb.h"

namespace riffle::features {

// A join of which nothing is known yet: no slot exposed, no reward.
pb::Join make_join(const pb::Decision& decision);

// What a slot of the decision has earned so far: its events' rewards, and, once it was seen, its bonus and the comeback's.
double reward_of(const pb::Join& join, const pb::Decision& decision, int slot);

// Fills in an empty outcome. `after.revision` numbers it: its previous rewards and exposures are
// those of `before`. The sequence is left to the shard.
void fill_outcome(const pb::Decision& decision, const pb::Join& before, const pb::Join& after,
                  bool closed, std::int64_t time_ms, Partition shard, pb::Outcome& outcome);

// Notes that an event of `type` fell to the slot; `dwell_seconds`: how long, of `dwell`. Whether that says more than was known.
bool engage(pb::Join& join, int slot, records::InteractionType type, double dwell_seconds);

// The slot that an event means: by its position where that slot holds the item (or no item is
// said), else the first slot that holds it; -1: none.
int slot_of(const pb::Decision& decision, std::uint64_t item_key, bool has_item,
            std::int32_t position);

}  // namespace riffle::features
