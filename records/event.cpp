#include "records/event.h"

namespace riffle::records {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, kInteractionTypes> kNames = {
    "other", "view",    "click", "add_to_cart", "remove_from_cart", "purchase", "rating",
    "like",  "dislike", "dwell", "search"};

}  // namespace

InteractionType interaction_type(std::string_view name) {
  for (std::size_t i = 1; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<InteractionType>(i);
  return InteractionType::kOther;
}

std::string_view name_of(InteractionType type) { return kNames[static_cast<std::size_t>(type)]; }

void Event::clear() {
  kind = EventKind::kInteraction;
  type = InteractionType::kOther;
  type_name.clear();
  event_id.assign({});
  timestamp.reset();
  user_id.assign({});
  session_id.assign({});
  item_id.assign({});
  value = 1.0;
  recommendation_id.assign({});
  position = -1;
  surface.clear();
  items.clear();
  fields.clear();
}

}  // namespace riffle::records
