// Files for `riffle import`: every row or line is counted once, and what is given is a record that
// Riffle takes. The first byte chooses the format.
#include "ingest/adapters/json_lines.h"
#include "ingest/adapters/online_retail.h"
#include "ingest/csv_reader.h"
#include "input.h"
#include "records/json_codec.h"

namespace {

using namespace riffle;
using namespace riffle::ingest;

constexpr records::Limits kLimits{.record_bytes = 512, .id_bytes = 32, .fields = 16};

std::string quoted(const std::vector<std::string>& fields) {
  std::string row;
  for (const std::string& field : fields) {
    row += row.empty() ? "\"" : ",\"";
    for (const char c : field) row += c == '"' ? "\"\"" : std::string(1, c);
    row += '"';
  }
  return row + "\n";
}

std::unique_ptr<ByteSource> source(fuzz::MemoryFile& file, std::string_view content) {
  file.set(content);
  auto opened = ByteSource::open(file.path());
  RIFFLE_CHECK(opened.ok(), opened.status().ToString());
  return std::move(*opened);
}

// Rows come back from what they are written as.
void run_csv(std::string_view content) {
  static fuzz::MemoryFile file, written;
  CsvReader rows(source(file, content));
  std::vector<std::vector<std::string>> all;
  std::vector<std::string> fields;
  std::string text;
  for (;;) {
    const auto more = rows.next(fields);
    if (!more.ok() || !*more) break;
    for (std::string& field : fields) std::erase(field, '\r');  // CR LF inside quotes is read as LF
    all.push_back(fields);
    text += quoted(fields);
  }
  CsvReader again(source(written, text));
  for (const auto& row : all) {
    const auto more = again.next(fields);
    RIFFLE_CHECK(more.ok() && *more);
    RIFFLE_CHECK(fields == row, text);
  }
}

// A shop's table may hold a quantity or an id beyond the stream's limits: that becomes a dead letter there.
bool beyond_limits(const std::optional<records::Reason>& reason) {
  return reason && reason->code == records::Code::kBadField;
}

void take(records::JsonDecoder& decoder, const ImportRecord& record, bool table) {
  std::optional<records::Reason> reason;
  if (record.input == ImportInput::kEvents) {
    records::Event event;
    reason = decoder.decode(record.value, event);
    RIFFLE_CHECK(reason || event.user_id.str() == record.key);
  } else if (record.input == ImportInput::kRequests) {
    records::Request request;
    reason = decoder.decode(record.value, request);
    RIFFLE_CHECK(reason || request.user_id.str() == record.key);
  } else if (record.input == ImportInput::kItems) {
    records::Item item;
    reason = decoder.decode(record.value, item);
    RIFFLE_CHECK(reason || item.item_id.str() == record.key);
  } else {
    reason = decoder.check_profile(record.value, record.key);
  }
  RIFFLE_CHECK(!reason || (table && beyond_limits(reason)), record.value, reason->message);
}

void run_adapter(Adapter& adapter, const records::Limits& limits, bool table) {
  records::JsonDecoder decoder(limits);
  ImportRecord record;
  std::uint64_t given = 0;
  for (;;) {
    const auto more = adapter.next(record);
    if (!more.ok() || !*more) break;
    take(decoder, record, table);
    ++given;
  }
  std::uint64_t used = 0;
  for (const RowCount& count : adapter.counts()) used += count.used ? count.rows : 0;
  RIFFLE_CHECK(table ? used <= given : used == given, used, given);  // a table's row may give an item too
  RIFFLE_CHECK(adapter.problems().size() <= Adapter::kMostProblems);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file;
  fuzz::Input input(data, size);
  const std::size_t format = input.below(3);
  const std::string_view content = input.rest();
  if (format == 0) {
    run_csv(content);
    return 0;
  }
  file.set(content);
  auto adapter = format == 1 ? JsonLines::open(file.path(), kLimits) : OnlineRetail::open(file.path());
  if (adapter.ok()) run_adapter(**adapter, format == 1 ? kLimits : records::Limits{}, format == 2);
  return 0;
}
