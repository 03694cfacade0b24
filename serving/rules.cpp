#include "serving/rules.h"

#include "base/hash.h"

namespace riffle::serving {

void Rules::reset(const records::Request& request, const records::UserRow* user, const ServingOptions& options) {
  marks_.clear();
  refused_ = kExcluded;
  if (!options.repeat_purchased) refused_ |= kBought;
  if (!options.repeat_seen) refused_ |= kSeen;
  serve_unknown_ = options.serve_unknown_items;
  for (const ItemId& id : request.exclude_items) marks_.insert(key_of(id).value()).first->value |= kExcluded;
  if (!user || refused_ == kExcluded) return;
  for (const records::HistoryEntry& entry : user->history) {
    const Mark mark = entry.type == records::InteractionType::kPurchase ? kBought : kSeen;
    marks_.insert(entry.item.value()).first->value |= mark;
  }
}

}  // namespace riffle::serving
