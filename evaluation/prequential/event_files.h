// The events and items of files, one after the other, as a stream: Online Retail's CSV or Riffle's own JSON lines, plain or
// gzip (ingest/adapters). Requests and profiles among the lines are passed over, and counted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluation/prequential/event_source.h"
#include "ingest/adapters/adapter.h"

namespace riffle::evaluation {

enum class FileFormat { kOnlineRetail, kJsonLines };

// One thread.
class EventFiles final : public EventSource {
 public:
  // Errors of opening a file come from next(), when its turn comes; "-" is standard input.
  EventFiles(FileFormat format, std::vector<std::string> files) : format_(format), files_(std::move(files)) {}

  absl::StatusOr<Kind> next() override;
  const records::Event& event() const override { return adapter_->event(); }
  const records::Item& item() const override { return adapter_->item(); }
  std::optional<TimePoint> time() const override { return record_.timestamp; }
  std::vector<ingest::RowCount> counts() const override;
  const std::vector<std::string>& problems() const override { return problems_; }

 private:
  absl::Status open(const std::string& file);
  void end_file();

  FileFormat format_;
  std::vector<std::string> files_;
  std::size_t next_file_ = 0;
  std::unique_ptr<ingest::Adapter> adapter_;
  std::vector<ingest::RowCount> counts_;  // of the files before
  std::vector<std::string> problems_;
  ingest::ImportRecord record_;
};

}  // namespace riffle::evaluation
