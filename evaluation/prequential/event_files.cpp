#include "evaluation/prequential/event_files.h"

#include <algorithm>

#include "base/errors.h"
#include "ingest/adapters/json_lines.h"
#include "ingest/adapters/online_retail.h"

namespace riffle::evaluation {
namespace {

void add(std::vector<ingest::RowCount>& sums, const std::vector<ingest::RowCount>& more) {
  for (const ingest::RowCount& count : more) {
    const auto place = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.what == count.what; });
    if (place == sums.end())
      sums.push_back(count);
    else
      place->rows += count.rows;
  }
}

}  // namespace

absl::Status EventFiles::open(const std::string& file) {
  if (format_ == FileFormat::kOnlineRetail) {
    RIFFLE_ASSIGN_OR_RETURN(adapter_, ingest::OnlineRetail::open(file, ingest::Give::kDecoded));
  } else {
    RIFFLE_ASSIGN_OR_RETURN(adapter_, ingest::JsonLines::open(file, {}, ingest::Give::kDecoded));
  }
  return absl::OkStatus();
}

void EventFiles::end_file() {
  add(counts_, adapter_->counts());
  for (const std::string& problem : adapter_->problems())
    if (problems_.size() < ingest::Adapter::kMostProblems) problems_.push_back(problem);
  adapter_.reset();
}

absl::StatusOr<EventFiles::Kind> EventFiles::next() {
  for (;;) {
    if (!adapter_) {
      if (next_file_ == files_.size()) return Kind::kEnd;
      RIFFLE_RETURN_IF_ERROR(open(files_[next_file_++]));
    }
    RIFFLE_ASSIGN_OR_RETURN(const bool more, adapter_->next(record_));
    if (!more) {
      end_file();
      continue;
    }
    if (record_.input == ingest::ImportInput::kEvents) return Kind::kEvent;
    if (record_.input == ingest::ImportInput::kItems) return Kind::kItem;
  }
}

std::vector<ingest::RowCount> EventFiles::counts() const {
  std::vector<ingest::RowCount> counts = counts_;
  if (adapter_) add(counts, adapter_->counts());
  for (ingest::RowCount& count : counts)
    if (count.what == "request" || count.what == "user") count.used = false;
  return counts;
}

}  // namespace riffle::evaluation
