#pragma once

#include <string>
#include <string_view>

namespace riffle::ingest {

// Foreign bytes for a message: in quotes, cut to a readable length, with what is not text escaped.
std::string in_quotes(std::string_view bytes);

}  // namespace riffle::ingest
