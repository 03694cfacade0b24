#include "ingest/line_reader.h"

#include <algorithm>

#include "base/errors.h"

namespace riffle::ingest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteSource> source, std::size_t longest)
    : source_(std::move(source)), longest_(longest) {}

absl::StatusOr<bool> LineReader::next(std::string_view& line) {
  line_.clear();
  cut_ = false;
  bool any = false;
  for (;;) {
    if (rest_.empty()) {
      RIFFLE_ASSIGN_OR_RETURN(rest_, source_->read());
      if (rest_.empty()) break;
    }
    any = true;
    const std::size_t end = rest_.find('\n');
    append(rest_.substr(0, end));
    if (end == std::string_view::npos) {
      rest_ = {};
      continue;
    }
    rest_.remove_prefix(end + 1);
    break;
  }
  if (!any) return false;
  ++number_;
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  line = line_;
  if (number_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  return true;
}

void LineReader::append(std::string_view piece) {
  const std::size_t room = longest_ - line_.size();
  cut_ |= piece.size() > room;
  line_.append(piece.substr(0, room));
}

}  // namespace riffle::ingest
