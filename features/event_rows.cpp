#include "features/event_rows.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "base/hash.h"
#include "features/decay.h"
#include "features/neighbours.h"
#include "features/rates.h"

namespace riffle::features {
namespace {

using records::Event;
using records::EventKind;
using records::InteractionType;
using records::ItemRow;
using records::UserRow;

// Items are prefetched where the last batch read at least one for so many users.
constexpr std::uint64_t kWorthPrefetching = 8;

// The row's key without an allocation: the same bytes as item_row_key().
class RowKey {
 public:
  explicit RowKey(ItemKey key) {
    for (std::size_t i = 0; i < bytes_.size(); ++i)
      bytes_[i] = static_cast<char>((key.value() >> (56 - 8 * i)) & 0xFF);
  }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 8> bytes_;
};

void extend_span(std::int64_t ms, std::int64_t& first_ms, std::int64_t& last_ms) {
  first_ms = first_ms == 0 ? ms : std::min(first_ms, ms);
  last_ms = std::max(last_ms, ms);
}

// Inserts by time, after what has the same time; beyond `bound` the oldest goes. One move of
// memory.
template <class Entry>
void insert_by_time(std::vector<Entry>& entries, const Entry& entry, std::size_t bound) {
  if (bound == 0) return;
  auto place = entries.end();
  while (place != entries.begin() && (place - 1)->time_ms > entry.time_ms) --place;
  if (entries.size() < bound) {
    entries.insert(place, entry);
  } else if (place != entries.begin()) {
    std::move(entries.begin() + 1, place, entries.begin());
    *(place - 1) = entry;
  }
}

void remember(std::uint64_t hash, std::size_t bound, std::vector<std::uint64_t>& seen) {
  if (bound == 0) return;
  if (seen.size() >= bound)
    seen.erase(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(seen.size() - bound + 1));
  seen.push_back(hash);
}

// A click that says where it was made, on a list.
bool is_listed_click(const Event& event) {
  return event.type == InteractionType::kClick &&
         (!event.recommendation_id.empty() || !event.surface.empty());
}

}  // namespace

std::string item_row_key(ItemKey key) { return std::string(RowKey(key).view()); }

EventRows::EventRows(const RowOptions& options, state::RowCache<UserRow>* users,
                     state::RowCache<ItemRow>* items)
    : options_(options), types_(options.types), users_(users), items_(items) {}

EventRows::Result EventRows::apply(const Event& event, TimePoint event_time) {
  UserRow* user = users_->edit(event.user_id.str());
  if (!user) return Result::kStoreError;
  const std::int64_t ms = to_ms(event_time);
  if (event.kind == EventKind::kErase) return apply_erase(event_time, *user);
  if (ms < user->erased_before_ms) return Result::kErased;

  std::uint64_t hash = 0;
  if (!event.event_id.empty()) {
    hash = stable_hash(event.event_id.str());
    const auto& seen = user->seen_events;
    if (std::find(seen.rbegin(), seen.rend(), hash) != seen.rend()) return Result::kDuplicate;
  }
  const Result result = event.kind == EventKind::kInteraction
                            ? apply_interaction(event, event_time, *user)
                            : apply_impression(event, event_time, *user);
  if (result == Result::kApplied) touch_user(event, event_time, hash, *user);
  return result;
}

EventRows::Result EventRows::apply_erase(TimePoint time, UserRow& user) {
  // An erase met again must not take what came after it.
  if (user.erased_before_ms != 0 && to_ms(time) <= user.erased_before_ms) return Result::kDuplicate;
  user = UserRow{};
  user.erased_before_ms = to_ms(time);
  return Result::kApplied;
}

// The caches make a row when it is edited: one that was made for this event only must not stay.
EventRows::Result EventRows::refuse_collision(const Event& event, const UserRow& user) {
  if (user.first_ms == 0 && user.erased_before_ms == 0) users_->erase(event.user_id.str());
  return Result::kCollision;
}

void EventRows::touch_user(const Event& event, TimePoint time, std::uint64_t event_hash,
                           UserRow& user) {
  if (!event.event_id.empty()) remember(event_hash, options_.dedup_length, user.seen_events);
  const std::int64_t ms = to_ms(time);
  const bool late = ms < user.last_ms;
  const bool another = !event.session_id.empty() && event.session_id != user.session_id;
  const bool gap = event.session_id.empty() && ms - user.last_ms > options_.session_gap.count();
  if (!late && (user.first_ms == 0 || another || gap)) {
    user.session_id = event.session_id;
    user.session_start_ms = ms;
  }
  extend_span(ms, user.first_ms, user.last_ms);
}

EventRows::Result EventRows::apply_interaction(const Event& event, TimePoint time, UserRow& user) {
  if (!event.item_id.empty()) {
    const ItemKey key = key_of(event.item_id);
    ItemRow* item = items_->edit(RowKey(key).view());
    if (!item) return Result::kStoreError;
    if (item->item_id.empty()) item->item_id = event.item_id;
    if (item->item_id != event.item_id) return refuse_collision(event, user);

    const double weight = types_.weight(event);
    ++item->counts[static_cast<std::size_t>(event.type)];
    extend_span(to_ms(time), item->first_ms, item->last_ms);
    if (weight != 0) {
      add(item->popularity, weight, time, options_.slow_half_life);
      add(item->trend, weight, time, options_.fast_half_life);
    }
    if (is_listed_click(event)) add(item->recent_clicks, 1, time, options_.slow_half_life);
    touched_.insert(key);
    if (weight > 0 && !pair_with_history(key, neighbour_strength(weight), time, user, *item))
      return Result::kStoreError;
    insert_by_time(
        user.history,
        {key, to_ms(time), event.type, static_cast<float>(weight), static_cast<float>(event.value)},
        options_.history_length);
  }
  ++user.counts[static_cast<std::size_t>(event.type)];
  add(user.activity, 1, time, options_.slow_half_life);
  return Result::kApplied;
}

// Both rows of a pair count it, each on its own scale; `next` only the earlier item's. Items count
// once, at their last place in the history, and only those that the user did not turn away from.
// False: a store error.
bool EventRows::pair_with_history(ItemKey item, double strength, TimePoint time,
                                  const UserRow& user, ItemRow& row) {
  struct Partner {
    ItemKey item;
    double amount;
    ItemRow* row;
  };
  const std::size_t window = std::max(options_.together_window, options_.next_window);
  absl::InlinedVector<Partner, 16> partners;
  for (auto entry = user.history.rbegin(); entry != user.history.rend() && partners.size() < window;
       ++entry) {
    if (entry->item == item || entry->weight <= 0 || entry->time_ms > to_ms(time)) continue;
    const auto same = [&](const Partner& partner) { return partner.item == entry->item; };
    if (std::any_of(partners.begin(), partners.end(), same)) continue;
    partners.push_back(
        {entry->item, std::min(strength, neighbour_strength(entry->weight)), nullptr});
  }

  // Three passes, so that the misses of the cache overlap: they are most of what an event costs.
  for (Partner& partner : partners) {
    partner.row = items_->edit(RowKey(partner.item).view());
    if (!partner.row) return false;
  }
  for (std::size_t k = 0; k < partners.size(); ++k) {
    if (k < options_.next_window) expect_neighbour(partners[k].row->next, item);
    if (k < options_.together_window) expect_neighbour(partners[k].row->together, item);
  }
  const double scale = neighbour_scale(row, time, options_.neighbour_half_life);
  row.neighbour_total += strength * scale;
  for (std::size_t k = 0; k < partners.size(); ++k) {
    const Partner& partner = partners[k];
    const double amount =
        partner.amount * neighbour_scale(*partner.row, time, options_.neighbour_half_life);
    if (k < options_.together_window) {
      add_neighbour(row.together, partner.item, partner.amount * scale, options_.neighbours);
      add_neighbour(partner.row->together, item, amount, options_.neighbours);
    }
    if (k < options_.next_window)
      add_neighbour(partner.row->next, item, amount / static_cast<double>(k + 1),
                    options_.neighbours);
    touched_.insert(partner.item);
  }
  return true;
}

EventRows::Result EventRows::apply_impression(const Event& event, TimePoint time, UserRow& user) {
  for (const records::ExposedItem& exposed :
       event.items) {  // all are checked before any is changed
    const ItemRow* item = items_->find(RowKey(key_of(exposed.item_id)).view());
    if (item && !item->item_id.empty() && item->item_id != exposed.item_id)
      return refuse_collision(event, user);
  }
  for (const records::ExposedItem& exposed : event.items) {
    const ItemKey key = key_of(exposed.item_id);
    ItemRow* item = items_->edit(RowKey(key).view());
    if (!item) return Result::kStoreError;
    if (item->item_id.empty()) item->item_id = exposed.item_id;
    ++item->impressions;
    add(item->recent_impressions, 1, time, options_.slow_half_life);
    add(item->recent_expected, user_click_rate(user), time, options_.slow_half_life);
    extend_span(to_ms(time), item->first_ms, item->last_ms);
    touched_.insert(key);
    ++user.impression_count;
    insert_by_time(user.impressions, {key, to_ms(time)}, options_.impressions_length);
  }
  return Result::kApplied;
}

void EventRows::prefetch(std::vector<std::string_view> users) {
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  users_->prefetch(users);

  const std::uint64_t reads = items_->reads();
  const bool missing = (reads - item_reads_) * kWorthPrefetching > users.size();
  item_reads_ = reads;
  if (!missing) return;
  const std::size_t window = std::max(options_.together_window, options_.next_window);
  std::vector<ItemKey> items;
  for (const std::string_view key : users) {
    const UserRow* user = users_->find(key);
    if (!user) continue;
    const std::size_t count = std::min(user->history.size(), 2 * window);  // some are there twice
    for (auto entry = user->history.end() - static_cast<std::ptrdiff_t>(count);
         entry != user->history.end(); ++entry)
      items.push_back(entry->item);
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  std::vector<RowKey> row_keys(items.begin(), items.end());
  std::vector<std::string_view> item_keys;
  for (const RowKey& key : row_keys) item_keys.push_back(key.view());
  items_->prefetch(item_keys);
}

std::vector<ItemKey> EventRows::touched() const {
  std::vector<ItemKey> keys(touched_.begin(), touched_.end());
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::vector<ItemKey> EventRows::take_touched() {
  std::vector<ItemKey> keys = touched();
  touched_.clear();
  return keys;
}

}  // namespace riffle::features
