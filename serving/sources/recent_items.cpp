#include "serving/sources/recent_items.h"

#include <algorithm>

#include "serving/candidate_pool.h"

namespace riffle::serving {

void recent_items(const records::UserRow* user, std::size_t most, CandidatePool& pool, std::vector<RecentItem>& out) {
  out.clear();
  if (!user) return;
  for (auto entry = user->history.rbegin(); entry != user->history.rend() && out.size() < most; ++entry) {
    if (entry->weight <= 0 || entry->item == ItemKey()) continue;
    const bool met = std::any_of(out.begin(), out.end(), [&](const RecentItem& r) { return r.key == entry->item; });
    if (!met) out.push_back({pool.resolve(entry->item), entry->item});
  }
}

}  // namespace riffle::serving
