#include <limits>

#include "absl/strings/str_cat.h"
#include "records/json_reader.h"
#include "records/member_reader.h"

namespace riffle::records {
namespace {

constexpr std::size_t kLargestList = 4 << 20;  // max.message.bytes of the topic (DESIGN §3)
constexpr double kAnyNumber = std::numeric_limits<double>::max();

bool read_reasons(MemberReader& reader, const Place& place, element value,
                  std::vector<std::string>& out) {
  simdjson::dom::array list;
  if (value.get_array().get(list)) return reader.fail(Code::kBadField, place, "is not a list");
  for (const element reason : list) {
    element text;
    if (reason.at_key("text").get(text)) continue;
    if (!reader.text(place, text, out.emplace_back())) return false;
  }
  return true;
}

bool read_item(MemberReader& reader, std::ptrdiff_t index, element value, ListedItem& out) {
  simdjson::dom::object object;
  if (value.get_object().get(object))
    return reader.fail(Code::kBadField, Place("items", index), "is not an object");
  for (const auto& member : object) {
    const Place place("items", index, member.key);
    if (member.key == "item_id" && !reader.needed_id(place, member.value, out.item_id))
      return false;
    if (member.key == "position" && !reader.position(place, member.value, out.position))
      return false;
    if (member.key == "score" &&
        !reader.number(place, member.value, -kAnyNumber, kAnyNumber, out.score))
      return false;
    if (member.key == "propensity" && !reader.number(place, member.value, 0, 1, out.propensity))
      return false;
    if (member.key == "source" && !reader.text(place, member.value, out.source)) return false;
    if (member.key == "reasons" && !read_reasons(reader, place, member.value, out.reasons)) return false;
  }
  return !out.item_id.empty() ||
         reader.fail(Code::kMissingField, Place("items", index, "item_id"), "is missing");
}

bool read_items(MemberReader& reader, element value, std::vector<ListedItem>& out) {
  simdjson::dom::array list;
  if (!reader.list("items", value, reader.limits().list_items, "a list", list)) return false;
  std::ptrdiff_t i = 0;
  for (const element item : list)
    if (!read_item(reader, i++, item, out.emplace_back())) return false;
  return true;
}

bool read_degraded(MemberReader& reader, element value, std::vector<std::string>& out) {
  simdjson::dom::array list;
  if (!reader.list("degraded", value, reader.limits().list_items, "a list", list)) return false;
  for (const element cause : list)
    if (!reader.text("degraded", cause, out.emplace_back())) return false;
  return true;
}

bool read_as_of(MemberReader& reader, element value,
                std::vector<std::pair<std::string, std::int64_t>>& out) {
  simdjson::dom::object object;
  if (value.get_object().get(object))
    return reader.fail(Code::kBadField, Place("as_of"), "is not an object");
  for (const auto& input : object) {
    auto& [name, offset] = out.emplace_back(input.key, 0);
    if (!reader.integer(Place("as_of"), input.value, 0, std::numeric_limits<std::int64_t>::max(),
                        offset))
      return false;
  }
  return true;
}

bool read_list(MemberReader& reader, simdjson::dom::object object, Recommendation& out) {
  bool has_items = false;
  for (const auto& member : object) {
    const std::string_view name = member.key;
    const element value = member.value;
    const Place place(name);
    bool ok = true;
    if (value.is_null()) continue;
    if (name == "recommendation_id")
      ok = reader.needed_id(place, value, out.recommendation_id);
    else if (name == "request_id")
      ok = reader.id(place, value, out.request_id);
    else if (name == "user_id")
      ok = reader.needed_id(place, value, out.user_id);
    else if (name == "surface")
      ok = reader.text(place, value, out.surface);
    else if (name == "policy_id")
      ok = reader.id(place, value, out.policy_id);
    else if (name == "slate_propensity")
      ok = reader.number(place, value, 0, 1, out.slate_propensity);
    else if (name == "items")
      ok = has_items = read_items(reader, value, out.items);
    else if (name == "degraded")
      ok = read_degraded(reader, value, out.degraded);
    else if (name == "as_of")
      ok = read_as_of(reader, value, out.as_of);
    else if (name == "timestamp") {
      std::optional<TimePoint> time;
      ok = reader.time(place, value, time);
      if (ok) out.timestamp = *time;
    } else if (name == "policy_version") {
      std::int64_t version = 0;
      ok = reader.integer(place, value, 0, std::numeric_limits<std::int64_t>::max(), version);
      out.policy_version = static_cast<std::uint64_t>(version);
    }
    if (!ok) return false;
  }
  if (out.recommendation_id.empty())
    return reader.missing("recommendation_id", "this is no published list");
  if (out.user_id.empty()) return reader.missing("user_id", "this is no published list");
  return has_items || reader.missing("items", "this is no published list");
}

}  // namespace

absl::StatusOr<Recommendation> decode_recommendation(std::string_view json) {
  thread_local JsonReader parser;
  // A list's ids are the catalogue's and ours: held to the longest that any configuration lets in.
  MemberReader reader(
      Limits{.record_bytes = kLargestList, .id_bytes = kLargestList, .list_items = kLargestList});
  const auto refuse = [](const Reason& reason) {
    return absl::InvalidArgumentError(absl::StrCat(
        "not a recommendation: ", std::string(code_name(reason.code)), ": ", reason.message));
  };
  simdjson::dom::object object;
  if (const auto reason = parser.parse(json, kLargestList, object)) return refuse(*reason);
  Recommendation list;
  if (!read_list(reader, object, list)) return refuse(reader.take_reason());
  return list;
}

}  // namespace riffle::records
