// Event rows over a store in memory, and short ways to say events.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"
#include "features/event_rows.h"
#include "state/memory_store.h"

namespace riffle::features::testing {

constexpr std::int64_t kStartMs = 1'760'000'000'000;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

inline records::Event interaction(std::string_view user, std::string_view type,
                                  std::string_view item, std::int64_t ms,
                                  std::string_view event_id = "") {
  records::Event event;
  event.kind = records::EventKind::kInteraction;
  event.type = records::interaction_type(type);
  event.type_name = type;
  event.user_id = UserId(user);
  event.item_id = ItemId(item);
  event.event_id = EventId(event_id);
  event.timestamp = from_ms(ms);
  return event;
}

inline records::Event impression(std::string_view user,
                                 std::initializer_list<std::string_view> items, std::int64_t ms) {
  records::Event event;
  event.kind = records::EventKind::kImpression;
  event.user_id = UserId(user);
  event.timestamp = from_ms(ms);
  std::int32_t position = 0;
  for (const std::string_view item : items) event.items.push_back({ItemId(item), position++});
  return event;
}

inline records::Event erase(std::string_view user, std::int64_t ms) {
  records::Event event;
  event.kind = records::EventKind::kErase;
  event.user_id = UserId(user);
  event.timestamp = from_ms(ms);
  return event;
}

struct Rows {
  explicit Rows(RowOptions row_options = {}) : options(std::move(row_options)) {}

  EventRows::Result apply(const records::Event& event) {
    return event_rows.apply(event, *event.timestamp);
  }
  const records::UserRow& user(std::string_view id) { return *users.find(id); }
  const records::ItemRow& item(std::string_view id) {
    return *items.find(item_row_key(item_key(id)));
  }
  // Writes all rows and forgets the RAM's, as a restart does.
  void commit() {
    state::WriteBatch batch;
    users.freeze().append_to(batch);
    items.freeze().append_to(batch);
    const absl::Status written = store.write(batch, true);
    RIFFLE_CHECK(written.ok(), written.ToString());
    users.committed();
    items.committed();
    users.trim();
    items.trim();
  }

  RowOptions options;
  state::MemoryStore store;
  state::RowCache<records::UserRow> users{&store, state::Column::kUsers, 0};
  state::RowCache<records::ItemRow> items{&store, state::Column::kItems, 0};
  EventRows event_rows{options, &users, &items};
};

}  // namespace riffle::features::testing
