// JSON texts of any content, looked at as such: what the command line needs of records that it did
// not make.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace riffle::records {

// The same value on one line, without white space between its parts; nothing where the text is not
// one JSON value.
std::optional<std::string> minified_json(std::string_view text);

// The member of that name of a JSON object, where it is a string; nothing where the text is no
// object or has no such member.
std::optional<std::string> string_member(std::string_view json, std::string_view name);

bool is_utf8(std::string_view bytes);

}  // namespace riffle::records
