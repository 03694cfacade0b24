#include "bench/vw/stream.h"

#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace riffle::bench {
namespace {

// Of the head, which streams.py writes with one blank behind each colon.
std::string_view value_of(std::string_view head, std::string_view key) {
  const std::string quoted = "\"" + std::string(key) + "\": ";
  const auto at = head.find(quoted);
  if (at == std::string_view::npos) return {};
  const auto rest = head.substr(at + quoted.size());
  return rest.substr(0, rest.find_first_of(",}"));
}

template <class T>
bool read_column(std::istream& in, std::vector<T>& column, std::size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  column.resize(count);
  in.read(reinterpret_cast<char*>(column.data()), static_cast<std::streamsize>(count * sizeof(T)));
  return static_cast<bool>(in);
}

}  // namespace

absl::StatusOr<Stream> read_stream(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string head;
  if (!std::getline(in, head)) return absl::NotFoundError(absl::StrCat(path, ": no stream to read"));
  Stream stream;
  std::size_t decisions = 0, actions = 0;
  const auto kind = value_of(head, "kind");
  stream.kind = kind == "\"arms\""         ? StreamKind::kArms
                : kind == "\"contextual\"" ? StreamKind::kContextual
                                           : StreamKind::kShared;
  const auto number = [&](std::string_view key, std::size_t& into) {
    return absl::SimpleAtoi(std::string(value_of(head, key)), &into);
  };
  if (!number("decisions", decisions) || !number("actions", actions) || !number("features", stream.features))
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a stream: ", head.substr(0, 100)));
  std::vector<std::uint64_t> items;
  if (!read_column(in, stream.counts, decisions) || !read_column(in, items, actions) ||
      !read_column(in, stream.means, actions) || !read_column(in, stream.rewards, actions) ||
      !read_column(in, stream.rows, actions * stream.features))
    return absl::InvalidArgumentError(absl::StrCat(path, ": cut short"));
  stream.items.reserve(actions);
  for (const std::uint64_t item : items) stream.items.emplace_back(item);
  return stream;
}

absl::Status write_vw_text(const Stream& stream, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  std::string text;
  std::size_t action = 0;
  for (const std::uint32_t count : stream.counts) {
    for (std::uint32_t a = 0; a < count; ++a, ++action) {
      absl::StrAppend(&text, a + 1, ":", 1 - stream.rewards[action], " |");
      if (stream.kind == StreamKind::kArms) absl::StrAppend(&text, " ", stream.items[action].value());
      const std::uint64_t first =
          stream.kind == StreamKind::kContextual ? stream.items[action].value() * stream.features : 0;
      const auto row = stream.row(action);
      for (std::size_t f = 0; f < row.size(); ++f)
        if (row[f] != 0) absl::StrAppend(&text, " ", first + f, ":", row[f]);
      text += '\n';
    }
    text += '\n';
    if (text.size() < (1U << 20)) continue;
    out << text;
    text.clear();
  }
  out << text;
  out.flush();
  return out ? absl::OkStatus() : absl::DataLossError(absl::StrCat(path, ": cannot be written"));
}

}  // namespace riffle::bench
