#include "replay/run_records.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"

namespace riffle::replay {

using pipeline::Input;

const std::string& RunRecords::topic(Input input) const {
  switch (input) {
    case Input::kEvents:
      return topics_.events;
    case Input::kRequests:
      return topics_.requests;
    case Input::kUsers:
      return topics_.users;
  }
  RIFFLE_CHECK(false, "input", static_cast<int>(input));
  return topics_.events;
}

absl::Status RunRecords::read(const pb::JournalEntry& entry) {
  memory_.clear();
  for (auto& records : records_) records.clear();
  for (const pb::Run& run : entry.runs()) {
    if (run.input() >= pipeline::kInputs)
      return fatal_error(absl::StatusCode::kDataLoss,
                         absl::StrCat("journal entry ", entry.number(), " names input ", run.input(),
                                      ", which this version does not know; use the version that wrote it"));
    if (!past_end_) RIFFLE_RETURN_IF_ERROR(read(run, records_[run.input()]));
  }
  return absl::OkStatus();
}

absl::Status RunRecords::read(const pb::Run& run, std::vector<bus::Record>& out) {
  const auto input = static_cast<Input>(run.input());
  auto& reader = readers_[run.input()];
  const bus::TopicPartition where{topic(input), shard_};
  const auto missing = [&](std::string_view why) {
    return fatal_error(
        absl::StatusCode::kOutOfRange,
        absl::StrCat(where.topic, "/", shard_.value(), ": records ", run.from(), " to ", run.to() - 1,
                     " were applied, and ", std::string(why),
                     "; what was made of them cannot be made again. Keep the topic as long as you want to "
                     "replay: retention.ms of the topic"));
  };
  if (!reader) {
    // A compacted topic may begin anywhere.
    auto opened = PartitionReader::open(bus_, where, Offset(run.from()));
    if (absl::IsOutOfRange(opened.status()) && input == Input::kUsers)
      opened = PartitionReader::open(bus_, where, bus::kEarliest);
    if (absl::IsOutOfRange(opened.status())) return missing("the log no longer has all of them");
    RIFFLE_RETURN_IF_ERROR(opened.status());
    reader.emplace(*std::move(opened));
  }
  std::int64_t next = run.from();
  while (next < run.to()) {
    auto record = reader->peek();
    if (absl::IsOutOfRange(record.status())) return missing("the log no longer has all of them");
    RIFFLE_RETURN_IF_ERROR(record.status());
    if (!*record && input != Input::kUsers && reader->end().value() < run.to())
      return missing("the log ends before them");
    if (!*record || (*record)->offset.value() >= run.to()) break;
    if (until_ && (*record)->timestamp > *until_) {
      past_end_ = true;
      return absl::OkStatus();
    }
    next = (*record)->offset.value() + 1;
    if ((*record)->offset.value() >= run.from()) {
      if (memory_.empty() || memory_.back() != reader->memory()) memory_.push_back(reader->memory());
      out.push_back(**record);
      record_time_ = std::max(record_time_, (*record)->timestamp);
    }
    RIFFLE_RETURN_IF_ERROR(reader->next().status());
  }
  return absl::OkStatus();
}

}  // namespace riffle::replay
