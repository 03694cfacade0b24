#include "records/json_text.h"

#include <simdjson.h>

#include <algorithm>

namespace riffle::records {

std::optional<std::string> minified_json(std::string_view text) {
  // The minifier only drops white space; the parser says whether the text is JSON at all.
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::dom::element value;
  if (parser.parse(padded).get(value) != simdjson::SUCCESS) return std::nullopt;
  std::string small(text.size(), '\0');
  std::size_t length = 0;
  if (simdjson::minify(text.data(), text.size(), small.data(), length) != simdjson::SUCCESS)
    return std::nullopt;
  small.resize(length);
  return small;
}

std::optional<std::string> string_member(std::string_view json, std::string_view name) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(json);
  std::string_view text;
  if (parser.parse(padded).at_key(name).get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

bool is_utf8(std::string_view bytes) {
  // A short text is ASCII mostly, and told sooner than asked about.
  constexpr std::size_t kShort = 64;
  if (bytes.size() <= kShort &&
      std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return true;
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

}  // namespace riffle::records
