// Writes one JSON text, member by member, for what the command line and the pages answer. Text that
// is not UTF-8 gets U+FFFD where a byte does not fit, and a number that JSON does not have becomes
// null: the result is always JSON.
//
//   JsonWriter json;
//   json.begin_object();
//   json.member("user_id", user.str());
//   json.key("history").begin_array();
//   for (…) json.value(…);
//   json.end_array().end_object();
//   return json.take();
//
// Misuse (a value without its key, unbalanced ends) stops the program in take().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace riffle::records {

class JsonWriter {
 public:
  enum class Layout { kOneLine, kIndented };

  explicit JsonWriter(Layout layout = Layout::kOneLine);
  ~JsonWriter();
  JsonWriter(JsonWriter&&) noexcept;

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(float number);  // with the digits that a float has
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(std::int32_t number) { return value(std::int64_t{number}); }
  JsonWriter& value(std::uint32_t number) { return value(std::uint64_t{number}); }
  JsonWriter& value(bool flag);
  JsonWriter& value(TimePoint time);  // "2025-10-09T08:53:20.123Z"
  template <class Tag>
  JsonWriter& value(const StringId<Tag>& id) {
    return value(std::string_view(id.str()));
  }
  JsonWriter& null();
  // What is JSON already (see minified_json of records/json_text.h); it is not looked at.
  JsonWriter& json(std::string_view text);

  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

  // The text; the writer is done.
  std::string take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace riffle::records
