#include "ingest/adapters/json_lines.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::ingest {

using records::Code;
using records::Reason;

absl::StatusOr<std::unique_ptr<Adapter>> JsonLines::open(const std::string& path,
                                                         const records::Limits& limits, Give give) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, ByteSource::open(path));
  return std::unique_ptr<Adapter>(new JsonLines(std::move(source), limits, give));
}

// A line one byte over the limit is enough for the decoder to refuse it; a longer rest need not be
// kept.
JsonLines::JsonLines(std::unique_ptr<ByteSource> source, const records::Limits& limits, Give give)
    : limits_(limits), give_(give), lines_(std::move(source), limits.record_bytes + 1), decoder_(limits) {}

absl::StatusOr<bool> JsonLines::next(ImportRecord& out) {
  for (;;) {
    std::string_view line;
    RIFFLE_ASSIGN_OR_RETURN(const bool more, lines_.next(line));
    if (!more) return false;
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) {
      ++blank_;
      continue;
    }
    if (const auto reason = read(line.substr(begin), out)) {
      refuse(*reason);
      continue;
    }
    ++given_[static_cast<std::size_t>(out.input)];
    return true;
  }
}

std::optional<Reason> JsonLines::read(std::string_view line, ImportRecord& out) {
  if (lines_.cut())
    return Reason{Code::kTooLarge,
                  absl::StrCat("the line has more than the ", limits_.record_bytes,
                               " bytes of limits.record_bytes; send less, or raise the limit")};
  records::JsonDecoder::Kind kind;
  if (auto reason = decoder_.tell_kind(line, kind)) return reason;
  out.timestamp.reset();
  switch (kind.kind) {
    case records::RecordKind::kEvent:
      if (auto reason = decoder_.decode(line, event_)) return reason;
      out.input = ImportInput::kEvents;
      out.key = event_.user_id.str();
      out.timestamp = event_.timestamp;
      break;
    case records::RecordKind::kRequest:
      if (auto reason = decoder_.decode(line, request_)) return reason;
      out.input = ImportInput::kRequests;
      out.key = request_.user_id.str();
      out.timestamp = request_.timestamp;
      break;
    case records::RecordKind::kItem:
      if (auto reason = decoder_.decode(line, item_)) return reason;
      out.input = ImportInput::kItems;
      out.key = item_.item_id.str();
      break;
    case records::RecordKind::kProfile:
      out.key.assign(kind.id);
      if (auto reason = decoder_.check_profile(line, out.key)) return reason;
      out.input = ImportInput::kUsers;
      break;
  }
  if (give_ == Give::kJson) out.value.assign(line);
  return std::nullopt;
}

void JsonLines::refuse(const Reason& reason) {
  const auto place = std::ranges::lower_bound(refused_, reason.code, {},
                                              [](const auto& entry) { return entry.first; });
  if (place != refused_.end() && place->first == reason.code)
    ++place->second;
  else
    refused_.insert(place, {reason.code, 1});
  if (problems_.size() < kMostProblems)
    problems_.push_back(absl::StrCat(lines_.path(), ":", lines_.number(), ": ",
                                     std::string(records::code_name(reason.code)), ": ",
                                     reason.message));
}

std::vector<RowCount> JsonLines::counts() const {
  const auto given = [&](ImportInput input) { return given_[static_cast<std::size_t>(input)]; };
  std::vector<RowCount> counts = {{"event", true, given(ImportInput::kEvents)},
                                  {"request", true, given(ImportInput::kRequests)},
                                  {"user", true, given(ImportInput::kUsers)},
                                  {"item", true, given(ImportInput::kItems)},
                                  {"blank_line", false, blank_}};
  for (const auto& [code, lines] : refused_)
    counts.push_back({std::string(records::code_name(code)), false, lines});
  return counts;
}

}  // namespace riffle::ingest
