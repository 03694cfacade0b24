#include "records/member_reader.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "records/time_text.h"

namespace riffle::records {
namespace {

std::string_view type_name(element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "a list";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "true or false";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

}  // namespace

std::string shortened(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  if (text.size() <= kLongest) return std::string(text);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(std::string(text.substr(0, end)), "…");
}

std::string Place::text() const {
  if (index < 0) return shortened(member);
  std::string text = absl::StrCat(shortened(member), "[", index, "]");
  if (!inner.empty()) absl::StrAppend(&text, ".", shortened(inner));
  return text;
}

bool MemberReader::fail(Code code, const Place& place, std::string_view what) {
  reason_.code = code;
  reason_.message = absl::StrCat("\"", place.text(), "\" ", std::string(what));
  return false;
}

bool MemberReader::missing(std::string_view member, std::string_view what_for) {
  return fail(Code::kMissingField, Place(member),
              absl::StrCat("is missing; ", std::string(what_for)));
}

bool MemberReader::wrong_type(const Place& place, element value, std::string_view wanted) {
  return fail(Code::kBadField, place,
              absl::StrCat("is ", std::string(type_name(value)), "; send ", std::string(wanted)));
}

bool MemberReader::text(const Place& place, element value, std::string_view& out) {
  return !value.get_string().get(out) || wrong_type(place, value, "a string");
}

bool MemberReader::text(const Place& place, element value, std::string& out) {
  std::string_view view;
  if (!text(place, value, view)) return false;
  out.assign(view);
  return true;
}

bool MemberReader::name(const Place& place, element value, std::string_view& out) {
  if (value.get_string().get(out)) return wrong_type(place, value, "a string");
  if (out.size() > limits_.id_bytes)
    return fail(Code::kBadField, place,
                absl::StrCat("has ", out.size(), " bytes, more than the ", limits_.id_bytes,
                             " of limits.id_bytes; send a shorter one"));
  if (out.find('\0') != std::string_view::npos)
    return fail(Code::kBadField, place, "holds a NUL character; ids and names are text");
  return true;
}

bool MemberReader::name(const Place& place, element value, std::string& out) {
  std::string_view text;
  if (!name(place, value, text)) return false;
  out.assign(text);
  return true;
}

bool MemberReader::number(const Place& place, element value, double low, double high, double& out) {
  if (value.get_double().get(out)) return wrong_type(place, value, "a number");
  if (out >= low && out <= high) return true;
  return fail(Code::kBadField, place,
              absl::StrCat("is ", out, "; send a number from ", low, " to ", high));
}

bool MemberReader::integer(const Place& place, element value, std::int64_t low, std::int64_t high,
                           std::int64_t& out) {
  const auto out_of_range = [&](const auto& sent) {
    return fail(Code::kBadField, place,
                absl::StrCat("is ", sent, "; send a whole number from ", low, " to ", high));
  };
  if (value.is_double()) {
    const double sent = value.get_double().value_unsafe();
    // 2⁵³: beyond it a double no longer tells whole numbers apart.
    if (std::abs(sent) > 9007199254740992.0 || sent != std::trunc(sent)) return out_of_range(sent);
    out = static_cast<std::int64_t>(sent);
  } else if (value.is_uint64() && !value.is_int64()) {
    return out_of_range(value.get_uint64().value_unsafe());
  } else if (value.get_int64().get(out)) {
    return wrong_type(place, value, "a whole number");
  }
  return (out >= low && out <= high) || out_of_range(out);
}

bool MemberReader::position(const Place& place, element value, std::int32_t& out) {
  std::int64_t sent = 0;
  if (!integer(place, value, 0, std::numeric_limits<std::int32_t>::max(), sent)) return false;
  out = static_cast<std::int32_t>(sent);
  return true;
}

bool MemberReader::time(const Place& place, element value, std::optional<TimePoint>& out) {
  std::string_view text;
  if (!value.get_string().get(text)) {
    out = parse_time(text);
    if (out) return true;
    return fail(Code::kBadField, place,
                "is no time; send milliseconds since 1970, or ISO 8601 with its zone, as "
                "2025-10-09T08:53:20Z");
  }
  std::int64_t ms = 0;
  if (!integer(place, value, -kFarthestMs, kFarthestMs, ms)) return false;
  out = from_ms(ms);
  return true;
}

bool MemberReader::list(const Place& place, element value, std::size_t most, std::string_view limit,
                        simdjson::dom::array& out) {
  if (value.get_array().get(out)) return wrong_type(place, value, "a list");
  if (out.size() <= most) return true;
  return fail(Code::kTooMany, place,
              absl::StrCat("has ", out.size(), " or more members, beyond the ", most, " of ",
                           std::string(limit), "; send fewer"));
}

}  // namespace riffle::records
