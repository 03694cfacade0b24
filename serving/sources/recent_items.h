// Where neighbours start from: the user's last distinct items, newest first, that he wanted (weight above 0: what he
// disliked or took out of his basket leads nowhere).
#pragma once

#include <vector>

#include "records/rows.h"
#include "serving/candidate.h"

namespace riffle::serving {

// Replaces `out`. `user` may be null.
void recent_items(const records::UserRow* user, std::size_t most, CandidatePool& pool, std::vector<RecentItem>& out);

}  // namespace riffle::serving
