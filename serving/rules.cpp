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

bool Rules::allows(const RuleFacts& item) const {
  if (item.in_catalogue) {
    if (!item.available) return false;
  } else if (!item.requested && (!item.has_id || !serve_unknown_)) {
    return false;
  }
  const auto* marks = marks_.find(item.key.value());
  return !marks || (marks->value & refused_) == 0;
}

}  // namespace riffle::serving
