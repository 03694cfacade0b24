// One JSON object out of bytes that nobody checked: everything is validated before a member is
// looked at. Private to records/: it shows simdjson.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>
#include <vector>

#include "records/json_codec.h"

namespace riffle::records {

// Nested arrays and objects, the record's own included. Shops nest two or three deep; every level
// costs the parser a stack entry, and our writer a call.
constexpr std::size_t kDeepest = 64;

// Reuses its memory from record to record. One thread.
class JsonReader {
 public:
  // `object` points into this reader's memory, until the next call. The whole text is one object,
  // or a Reason says why not.
  std::optional<Reason> parse(std::string_view json, std::size_t largest_bytes,
                              simdjson::dom::object& object);

 private:
  simdjson::error_code make_room(std::size_t bytes);

  simdjson::dom::parser parser_;
  std::vector<char> padded_;  // the parser reads a few bytes beyond the text
  std::size_t capacity_ = 0;
};

}  // namespace riffle::records
