// Rows of comma-separated values (RFC 4180): fields in double quotes may hold commas, line ends and
// "" for one quote. Lenient where files in the wild are: a quote inside an unquoted field is text,
// and so is a bare CR. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/byte_source.h"
#include "ingest/line_reader.h"

namespace riffle::ingest {

class CsvReader {
 public:
  explicit CsvReader(std::unique_ptr<ByteSource> source);

  // false: the end. Empty lines are skipped. kInvalidArgument where a quote is never closed, with
  // its line.
  absl::StatusOr<bool> next(std::vector<std::string>& fields);
  std::uint64_t line() const { return first_line_; }  // where the row given last begins, from 1
  const std::string& path() const { return lines_.path(); }

 private:
  LineReader lines_;
  std::uint64_t first_line_ = 0;
};

}  // namespace riffle::ingest
