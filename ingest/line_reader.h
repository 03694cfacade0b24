// Lines of a ByteSource: ended by LF or CRLF (a bare CR is text), the last one also by the end. A
// byte order mark at the start is dropped. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "ingest/byte_source.h"

namespace riffle::ingest {

class LineReader {
 public:
  // Of a longer line only the first `longest` bytes are kept, and cut() says so.
  LineReader(std::unique_ptr<ByteSource> source, std::size_t longest);

  // false: the end. The line has no line end, and is valid until the next call.
  absl::StatusOr<bool> next(std::string_view& line);
  bool cut() const { return cut_; }
  std::uint64_t number() const { return number_; }  // of the line that next() gave, from 1
  const std::string& path() const { return source_->path(); }

 private:
  void append(std::string_view piece);

  std::unique_ptr<ByteSource> source_;
  std::size_t longest_;
  std::string_view rest_;  // of the source's bytes
  std::string line_;
  bool cut_ = false;
  std::uint64_t number_ = 0;
};

}  // namespace riffle::ingest
