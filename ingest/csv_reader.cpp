#include "ingest/csv_reader.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::ingest {
namespace {

constexpr std::size_t kLongestRow = 1 << 20;  // an open quote would otherwise swallow the file

// Where the text from here on meets a quote or, outside of quotes, a comma.
std::size_t end_of_text(std::string_view line, std::size_t from, bool quoted) {
  std::size_t at = from;
  while (at < line.size() && line[at] != '"' && (quoted || line[at] != ',')) ++at;
  return at;
}

}  // namespace

CsvReader::CsvReader(std::unique_ptr<ByteSource> source) : lines_(std::move(source), kLongestRow) {}

absl::StatusOr<bool> CsvReader::next(std::vector<std::string>& fields) {
  std::string_view line;
  do {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, lines_.next(line));
    if (!more) return false;
  } while (line.empty());
  first_line_ = lines_.number();

  const auto broken = [&](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat(lines_.path(), ":", first_line_, ": ", what));
  };
  std::size_t count = 0;
  std::size_t bytes = 0;
  const auto new_field = [&]() -> std::string& {
    if (count == fields.size()) fields.emplace_back();
    fields[count].clear();
    return fields[count++];
  };
  std::string* field = &new_field();
  bool quoted = false;
  for (std::size_t i = 0;; ++i) {
    const std::size_t end = end_of_text(line, i, quoted);
    field->append(line, i, end - i);
    i = end;
    if (i == line.size()) {
      if (lines_.cut() || (bytes += line.size()) > kLongestRow)
        return broken("the row is longer than 1 MiB; is a quote left open?");
      if (!quoted) break;
      field->push_back('\n');  // inside quotes the row goes on
      RIFFLE_ASSIGN_OR_RETURN(const bool more, lines_.next(line));
      if (!more)
        return broken("a quote is opened here and never closed; double the quotes inside a field");
      i = static_cast<std::size_t>(-1);
      continue;
    }
    const char c = line[i];
    if (quoted) {
      if (i + 1 < line.size() && line[i + 1] == '"') {
        field->push_back('"');
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == ',') {
      field = &new_field();
    } else if (c == '"' && field->empty()) {
      quoted = true;
    } else {
      field->push_back(c);
    }
  }
  fields.resize(count);
  return true;
}

}  // namespace riffle::ingest
