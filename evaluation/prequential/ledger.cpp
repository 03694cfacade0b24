#include "evaluation/prequential/ledger.h"

#include <algorithm>

#include "base/hash.h"
#include "features/catalogue.h"
#include "features/text.h"

namespace riffle::evaluation {

UserIndex Ledger::user(const UserId& id) {
  const auto [place, made] = user_of_.try_emplace(id, static_cast<UserIndex>(users_.size()));
  if (made) users_.emplace_back().id = id;
  return place->second;
}

std::optional<ItemIndex> Ledger::find(const ItemId& id) const {
  const auto place = item_of_.find(id);
  if (place == item_of_.end()) return std::nullopt;
  return place->second;
}

ItemIndex Ledger::meet(const ItemId& id) {
  const auto [place, made] = item_of_.try_emplace(id, static_cast<ItemIndex>(items_.size()));
  if (!made) return place->second;
  LedgerItem& item = items_.emplace_back();
  item.id = id;
  if (const auto described = not_met_.find(id); described != not_met_.end()) {
    item.path = std::move(described->second.path);
    item.words = std::move(described->second.words);
    not_met_.erase(described);
  }
  return place->second;
}

void Ledger::describe(const records::Item& item) {
  Description description;
  for (std::size_t depth = 1; depth <= item.category.size(); ++depth)
    description.path.push_back(features::category_key(absl::MakeConstSpan(item.category.data(), depth)));
  for (const std::string& token : features::tokens(item.title))
    description.words.push_back(word_of_.try_emplace(token, static_cast<std::uint32_t>(word_of_.size())).first->second);
  std::sort(description.words.begin(), description.words.end());
  description.words.erase(std::unique(description.words.begin(), description.words.end()), description.words.end());
  const auto place = item_of_.find(item.item_id);
  if (place == item_of_.end()) {
    not_met_[item.item_id] = std::move(description);
    return;
  }
  items_[place->second].path = std::move(description.path);
  items_[place->second].words = std::move(description.words);
}

void Ledger::take(UserIndex user, ItemIndex item) {
  LedgerUser& who = users_[user];
  ++who.taken;
  if (who.had.insert(item).second) who.items.push_back(item);
  LedgerItem& what = items_[item];
  if (!what.path.empty()) ++who.categories[what.path.back()];
  ++what.count;
  ++taken_;
  if (taken_ * 100 >= head_found_at_ * 101) find_head();
}

void Ledger::find_head() {
  counts_.clear();
  for (const LedgerItem& item : items_) counts_.push_back(item.count);
  const auto edge = counts_.begin() + static_cast<std::ptrdiff_t>(counts_.size() / 5);
  std::nth_element(counts_.begin(), edge, counts_.end(), std::greater<>());
  head_count_ = *edge;
  head_found_at_ = taken_;
}

bool Ledger::first_time(UserIndex user, std::string_view event_id) {
  if (event_id.empty()) return true;
  LedgerUser& who = users_[user];
  const std::uint64_t hash = stable_hash(event_id);
  if (std::find(who.last_events.begin(), who.last_events.end(), hash) != who.last_events.end()) return false;
  if (who.last_events.size() < kRemembered) {
    who.last_events.push_back(hash);
  } else {
    who.last_events[who.next_event] = hash;
    who.next_event = (who.next_event + 1) % kRemembered;
  }
  return true;
}

}  // namespace riffle::evaluation
