#include "absl/strings/str_cat.h"
#include "records/item_list.h"
#include "records/json_decoders.h"

namespace riffle::records {
namespace {

constexpr std::int64_t kLongestDeadlineMs =
    24 * 3600 * 1000;  // a list that may wait a day is a batch job

bool read_kind(MemberReader& reader, element value) {
  std::string_view name;
  if (!reader.text("event", value, name)) return false;
  if (name == "request") return true;
  return reader.fail(Code::kUnknownKind, "event",
                     absl::StrCat("is \"", shortened(name), "\"; this topic carries requests"));
}

bool read_share(MemberReader& reader, std::string_view member, element value,
                std::optional<double>& out) {
  return reader.number(Place(member), value, 0, 1, out.emplace());
}

}  // namespace

bool RequestDecoder::decode(simdjson::dom::object object, MemberReader& reader,
                            ExtraMembers& extras, Request& request) {
  request.clear();
  std::uint64_t seen = 0;
  const auto read = [&](std::size_t index, element value) {
    return read_member(reader, index, value, request);
  };
  if (!read_members(object, names_, kContext, reader, extras, seen, read)) return false;
  if (!(seen >> kEvent & 1)) return reader.missing("event", "say request");
  if (request.user_id.empty()) return reader.missing("user_id", "a list is made for some user");
  extras.write(request.context);
  return true;
}

bool RequestDecoder::read_member(MemberReader& reader, std::size_t index, element value,
                                 Request& request) {
  std::int64_t whole = 0;
  switch (index) {
    case kEvent:
      return read_kind(reader, value);
    case kRequestId:
      return reader.id("request_id", value, request.request_id);
    case kUserId:
      return reader.needed_id("user_id", value, request.user_id);
    case kSessionId:
      return reader.id("session_id", value, request.session_id);
    case kSurface:
      return reader.name("surface", value, request.surface);
    case kN:
      if (!reader.integer("n", value, 1, static_cast<std::int64_t>(reader.limits().list_items),
                          whole))
        return false;
      request.n = static_cast<std::int32_t>(whole);
      return true;
    case kDiversity:
      return read_share(reader, "diversity", value, request.diversity);
    case kExplore:
      return read_share(reader, "explore", value, request.explore);
    case kCandidates:
      return read_candidates(reader, value, request);
    case kExcludeItems:
      return read_excluded(reader, value, request);
    case kDeadlineMs:
      if (!reader.integer("deadline_ms", value, 1, kLongestDeadlineMs, whole)) return false;
      request.deadline = Milliseconds(whole);
      return true;
    case kTimestamp:
      return reader.time("timestamp", value, request.timestamp);
    default:
      return reader.name("language", value, request.language);
  }
}

bool RequestDecoder::read_candidates(MemberReader& reader, element value, Request& request) {
  const double most = reader.limits().largest_number;
  const auto read = [&](RequestCandidate& out, std::string_view name, const Place& place,
                        element given) {
    return name != "score" || reader.number(place, given, -most, most, out.score.emplace());
  };
  if (!read_item_list(reader, "candidates", value, reader.limits().candidates, "limits.candidates",
                      "is missing; each candidate names its item", request.candidates, [](RequestCandidate&, std::ptrdiff_t) {}, read))
    return false;
  // An empty list would otherwise read as "choose among everything": the opposite of what it says.
  return !request.candidates.empty() ||
         reader.fail(Code::kBadField, "candidates",
                     "is an empty list; leave it out to choose from the whole catalogue");
}

bool RequestDecoder::read_excluded(MemberReader& reader, element value, Request& request) {
  simdjson::dom::array list;
  if (!reader.list("exclude_items", value, reader.limits().list_items, "limits.list_items", list))
    return false;
  std::ptrdiff_t i = 0;
  for (const element excluded : list)
    if (!reader.needed_id(Place("exclude_items", i++), excluded,
                          request.exclude_items.emplace_back()))
      return false;
  return true;
}

}  // namespace riffle::records
