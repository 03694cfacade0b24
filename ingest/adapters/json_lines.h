// One JSON object a line, already in Riffle's formats (records/event.h, request.h, item.h), plain
// or gzip, from a file or standard input. A line goes where its members say: with "event" to events
// or requests, else by its item_id to items, else by its user_id to users. Lines are given as they
// stand, keyed by user_id or item_id.
//
// A line that Riffle would refuse is counted under its code (records/dead_letter.h), reported with
// its number, and the rest goes on; only the file's own faults (unreadable, gzip cut short) are
// errors.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/adapters/adapter.h"
#include "ingest/line_reader.h"
#include "records/json_codec.h"

namespace riffle::ingest {

class JsonLines final : public Adapter {
 public:
  // "-" reads standard input.
  static absl::StatusOr<std::unique_ptr<Adapter>> open(const std::string& path,
                                                       const records::Limits& limits = {},
                                                       Give give = Give::kJson);

  absl::StatusOr<bool> next(ImportRecord& out) override;
  const records::Event& event() const override { return event_; }
  const records::Item& item() const override { return item_; }
  std::vector<RowCount> counts() const override;
  const std::vector<std::string>& problems() const override { return problems_; }

 private:
  JsonLines(std::unique_ptr<ByteSource> source, const records::Limits& limits, Give give);
  std::optional<records::Reason> read(std::string_view line, ImportRecord& out);
  void refuse(const records::Reason& reason);

  records::Limits limits_;
  const Give give_;
  LineReader lines_;
  records::JsonDecoder decoder_;
  records::Event event_;
  records::Request request_;
  records::Item item_;
  std::array<std::uint64_t, 4> given_{};  // by ImportInput
  std::uint64_t blank_ = 0;
  std::vector<std::pair<records::Code, std::uint64_t>> refused_;  // in the order of the codes
  std::vector<std::string> problems_;
};

}  // namespace riffle::ingest
