// Typed members of a parsed record. Every read answers true and fills its output, or answers false
// and keeps the Reason, which names the member's place ("items[3].item_id"). Private to records/.
#pragma once

#include <simdjson.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "records/json_codec.h"

namespace riffle::records {

using simdjson::dom::element;

// Where a value stands in its record. Costs nothing until it is printed.
struct Place {
  std::string_view member;
  std::ptrdiff_t index = -1;    // in the member's list; -1: the member itself
  std::string_view inner = {};  // a member of the list's object

  Place(std::string_view m, std::ptrdiff_t i = -1, std::string_view in = {})
      : member(m), index(i), inner(in) {}
  Place(const char* m) : member(m) {}
  std::string text() const;
};

// Foreign text for a message, cut between characters.
std::string shortened(std::string_view text);

class MemberReader {
 public:
  explicit MemberReader(const Limits& limits) : limits_(limits) {}
  const Limits& limits() const { return limits_; }
  void set_limits(const Limits& limits) { limits_ = limits; }

  // Always false, so that a reader can `return fail(...)`. `what` goes on after the place's name.
  bool fail(Code code, const Place& place, std::string_view what);
  bool missing(std::string_view member, std::string_view what_for);
  Reason take_reason() { return std::move(reason_); }

  // Any text up to the record's size; the view points into the parsed record.
  bool text(const Place& place, element value, std::string_view& out);
  bool text(const Place& place, element value, std::string& out);
  // A name or id: at most limits.id_bytes, no NUL (rows use it as separator). An empty one is left
  // to the caller.
  bool name(const Place& place, element value, std::string_view& out);
  bool name(const Place& place, element value, std::string& out);
  template <class Tag>
  bool id(const Place& place, element value, StringId<Tag>& out) {
    std::string_view text;
    if (!name(place, value, text)) return false;
    out.assign(text);
    return true;
  }
  // An id that must say something.
  template <class Tag>
  bool needed_id(const Place& place, element value, StringId<Tag>& out) {
    if (!id(place, value, out)) return false;
    return !out.empty() || fail(Code::kBadField, place, "is empty; it must name something");
  }
  bool number(const Place& place, element value, double low, double high, double& out);
  // Also takes a number like 3.0.
  bool integer(const Place& place, element value, std::int64_t low, std::int64_t high,
               std::int64_t& out);
  bool position(const Place& place, element value, std::int32_t& out);
  bool time(const Place& place, element value, std::optional<TimePoint>& out);
  // A list of at most `most` values.
  bool list(const Place& place, element value, std::size_t most, std::string_view limit,
            simdjson::dom::array& out);

 private:
  bool wrong_type(const Place& place, element value, std::string_view wanted);

  Limits limits_;
  Reason reason_{};
};

// The member names of a kind of record. Producers write members in the same order again and again,
// so the search starts behind the name found last.
template <std::size_t N>
class MemberNames {
 public:
  explicit constexpr MemberNames(const std::array<std::string_view, N>& names) : names_(names) {}

  // Its index, or N.
  std::size_t find(std::string_view name) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::size_t j = next_ + i < N ? next_ + i : next_ + i - N;
      if (names_[j] == name) {
        next_ = j + 1 == N ? 0 : j + 1;
        return j;
      }
    }
    return N;
  }
  std::string_view operator[](std::size_t i) const { return names_[i]; }

 private:
  std::array<std::string_view, N> names_;
  std::size_t next_ = 0;
};

}  // namespace riffle::records
