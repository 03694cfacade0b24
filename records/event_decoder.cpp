#include "absl/strings/str_cat.h"
#include "records/item_list.h"
#include "records/json_decoders.h"

namespace riffle::records {
namespace {

bool read_kind(MemberReader& reader, element value, EventKind& out) {
  std::string_view name;
  if (!reader.text("event", value, name)) return false;
  if (name == "interaction") return out = EventKind::kInteraction, true;
  if (name == "impression") return out = EventKind::kImpression, true;
  if (name == "erase") return out = EventKind::kErase, true;
  if (name == "request")
    return reader.fail(Code::kUnknownKind, "event",
                       "is \"request\"; requests go to the requests topic");
  return reader.fail(Code::kUnknownKind, "event",
                     absl::StrCat("is \"", shortened(name),
                                  "\"; this topic carries interaction, impression and erase"));
}

}  // namespace

bool EventDecoder::decode(simdjson::dom::object object, MemberReader& reader, ExtraMembers& extras,
                          Event& event) {
  event.clear();
  std::uint64_t seen = 0;
  const auto read = [&](std::size_t index, element value) {
    switch (index) {
      case kEvent:
        return read_kind(reader, value, event.kind);
      case kType:
        if (!reader.name("type", value, event.type_name)) return false;
        event.type = interaction_type(event.type_name);
        return true;
      case kEventId:
        return reader.id("event_id", value, event.event_id);
      case kTimestamp:
        return reader.time("timestamp", value, event.timestamp);
      case kUserId:
        return reader.needed_id("user_id", value, event.user_id);
      case kSessionId:
        return reader.id("session_id", value, event.session_id);
      case kItemId:
        return reader.id("item_id", value, event.item_id);
      case kValue:
        return reader.number("value", value, -reader.limits().largest_number,
                             reader.limits().largest_number, event.value);
      case kRecommendationId:
        return reader.id("recommendation_id", value, event.recommendation_id);
      case kPosition:
        return reader.position("position", value, event.position);
      case kSurface:
        return reader.name("surface", value, event.surface);
      default:
        return read_items(reader, value, event);
    }
  };
  if (!read_members(object, names_, kFields, reader, extras, seen, read) ||
      !check(reader, seen, event))
    return false;
  extras.write(event.fields);
  return true;
}

// A list of {"item_id", "position"}, or of plain ids in the order of their positions.
bool EventDecoder::read_items(MemberReader& reader, element value, Event& event) {
  return read_item_list(
      reader, "items", value, reader.limits().list_items, "limits.list_items", "is missing; each item shown names itself", event.items,
      [](ExposedItem& out, std::ptrdiff_t i) { out.position = static_cast<std::int32_t>(i); },
      [&](ExposedItem& out, std::string_view name, const Place& place, element shown) {
        return name != "position" || reader.position(place, shown, out.position);
      });
}

bool EventDecoder::check(MemberReader& reader, std::uint64_t seen, const Event& event) const {
  const auto sent = [&](Member member) { return (seen >> member & 1) != 0; };
  if (!sent(kEvent)) return reader.missing("event", "say interaction, impression or erase");
  if (event.user_id.empty()) return reader.missing("user_id", "every event is some user's");
  switch (event.kind) {
    case EventKind::kInteraction:
      if (event.type_name.empty())
        return reader.missing("type", "say what the user did: view, click, purchase, …");
      if (event.item_id.empty() && event.type != InteractionType::kSearch) {
        if (sent(kItemId))
          return reader.fail(Code::kBadField, "item_id", "is empty; it must name something");
        return reader.missing("item_id", "only a search is of no item");
      }
      if (sent(kItems))
        return reader.fail(Code::kBadField, "items",
                           "belongs to impressions; send one interaction for each item");
      return true;
    case EventKind::kImpression:
      if (event.recommendation_id.empty() && event.items.empty())
        return reader.missing("recommendation_id", "say which list was shown, or which items");
      return true;
    case EventKind::kErase:
      return true;
  }
  return true;
}

}  // namespace riffle::records
