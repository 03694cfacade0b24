// "Did you mean …?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace riffle::config {

// The known word with the fewest edits (insert, delete, replace, swap neighbours) from `word`; empty where none is within a
// third of its length, at least two.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace riffle::config
