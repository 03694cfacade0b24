// What a user did, saw, or wants forgotten: one record of the `events` topic (DESIGN §3).
//
//   {"event":"interaction","type":"click","event_id":"e1","timestamp":1760000000123,"user_id":"u1","session_id":"s1",
//    "item_id":"i9","value":1.0,"recommendation_id":"…","position":0,"surface":"home","fields":{}}
//   {"event":"impression","timestamp":…,"user_id":"u1","recommendation_id":"…","items":[{"item_id":"i9","position":0}]}
//   {"event":"erase","timestamp":…,"user_id":"u1"}
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace riffle::records {

enum class EventKind : std::uint8_t { kInteraction, kImpression, kErase };

// Stored in rows by number: add at the end only. Any other name is kOther and keeps its name in Event::type_name.
enum class InteractionType : std::uint8_t {
  kOther, kView, kClick, kAddToCart, kRemoveFromCart, kPurchase, kRating, kLike, kDislike, kDwell, kSearch
};
constexpr std::size_t kInteractionTypes = 11;
using TypeCounts = std::array<std::uint64_t, kInteractionTypes>;

InteractionType interaction_type(std::string_view name);
std::string_view name_of(InteractionType type);  // "other" for kOther

struct ExposedItem {
  ItemId item_id;
  std::int32_t position = -1;  // -1: not given
};

struct Event {
  EventKind kind = EventKind::kInteraction;
  InteractionType type = InteractionType::kOther;
  std::string type_name;
  EventId event_id;                      // empty: cannot be told from its twin, so never deduplicated
  std::optional<TimePoint> timestamp;    // none: the record's time
  UserId user_id;
  SessionId session_id;
  ItemId item_id;                        // empty for search
  double value = 1.0;
  RecommendationId recommendation_id;    // empty: not known; the joiner asks the last touch
  std::int32_t position = -1;            // -1: not given
  std::string surface;
  std::vector<ExposedItem> items;        // impressions only; empty: every slot of the list
  std::string fields;                    // `fields` and unknown members, as one JSON object; empty: none

  void clear();  // back to the defaults, keeping the memory
};

}  // namespace riffle::records
