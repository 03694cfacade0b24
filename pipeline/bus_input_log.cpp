#include "pipeline/bus_input_log.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "pipeline/record_checksum.h"

namespace riffle::pipeline {

const std::string& BusInputLog::topic(Input input) const {
  switch (input) {
    case Input::kEvents: return topics_.events;
    case Input::kRequests: return topics_.requests;
    case Input::kUsers: return topics_.users;
  }
  RIFFLE_CHECK(false, "input", static_cast<int>(input));
  return topics_.events;
}

absl::StatusOr<bus::Source*> BusInputLog::source() {
  if (!source_) {
    RIFFLE_ASSIGN_OR_RETURN(source_, bus_.make_source({}));
  }
  return source_.get();
}

absl::StatusOr<bus::Batch> BusInputLog::read(Input input, Partition shard, Offset from, Offset to) {
  const bus::TopicPartition where{topic(input), shard};
  RIFFLE_ASSIGN_OR_RETURN(bus::Source * source, this->source());
  RIFFLE_RETURN_IF_ERROR(source->assign({{where, from}}));
  bus::Batch all;
  auto memory = std::make_shared<std::vector<std::shared_ptr<void>>>();
  all.memory = memory;
  const auto missing = [&](std::string_view why) {
    return fatal_error(absl::StatusCode::kOutOfRange,
                       absl::StrCat(where.topic, "/", shard.value(), ": records ", from.value(), " to ", to.value() - 1,
                                    " are needed to restore the shard, and ", std::string(why),
                                    "; lengthen the topic's retention, restore a checkpoint, or move the shard's state directory away and start "
                                    "with --rebuild"));
  };
  while (true) {
    RIFFLE_ASSIGN_OR_RETURN(bus::Batch batch, source->poll(10'000, std::chrono::milliseconds(100)));
    for (const bus::PartitionError& error : batch.errors) return missing(std::string(error.status.message()));
    memory->push_back(std::move(batch.memory));
    bool past = false;
    for (bus::Record& record : batch.records) {
      if (record.offset >= to) {
        past = true;
        break;
      }
      all.records.push_back(std::move(record));
    }
    const bool last = !all.records.empty() && next(all.records.back().offset) >= to;
    if (past || last) break;
    if (!batch.ends.empty()) {
      if (input == Input::kUsers) break;
      return missing("the log ends before them");
    }
  }
  RIFFLE_RETURN_IF_ERROR(source->assign({}));
  return all;
}

absl::StatusOr<std::optional<std::uint64_t>> BusInputLog::checksum(Input input, Partition shard, Offset offset) {
  const bus::TopicPartition where{topic(input), shard};
  RIFFLE_ASSIGN_OR_RETURN(bus::Source * source, this->source());
  RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, source->watermarks(where));
  if (offset < marks.low || offset >= marks.high) return std::optional<std::uint64_t>();
  RIFFLE_RETURN_IF_ERROR(source->assign({{where, offset}}));
  std::optional<std::uint64_t> found;
  while (!found) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, source->poll(1, std::chrono::milliseconds(100)));
    if (!batch.errors.empty()) break;
    if (!batch.records.empty()) {
      if (batch.records.front().offset == offset) found = record_checksum(batch.records.front());
      break;
    }
    if (!batch.ends.empty()) break;
  }
  RIFFLE_RETURN_IF_ERROR(source->assign({}));
  return found;
}

}  // namespace riffle::pipeline
