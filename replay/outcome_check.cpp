#include "replay/outcome_check.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "records/proto_codec.h"
#include "records/riffle.pb.h"

namespace riffle::replay {
namespace {

constexpr std::size_t kMostNamed = 5;

}  // namespace

absl::StatusOr<OutcomeCheck> OutcomeCheck::open(bus::Bus& bus, const bus::TopicPartition& where) {
  RIFFLE_ASSIGN_OR_RETURN(auto reader, PartitionReader::open(bus, where, bus::kEarliest));
  return OutcomeCheck(std::move(reader));
}

absl::Status OutcomeCheck::made(std::string_view bytes, OutcomeFigures& figures) {
  if (figures.begins_late) {
    ++figures.not_in_log;
    return absl::OkStatus();
  }
  // Nearly always the next one is it, and neither needs to be decoded.
  RIFFLE_ASSIGN_OR_RETURN(const bus::Record* next, reader_.peek());
  if (next && next->value && *next->value == bytes) {
    ++figures.equal;
    return reader_.next().status();
  }
  pb::Outcome mine, logged;
  RIFFLE_RETURN_IF_ERROR(pb::decode(bytes, mine));
  while (true) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader_.peek());
    if (record && record->value && *record->value == bytes) {
      ++figures.equal;
      return reader_.next().status();
    }
    if (!record) break;
    // Repeats of a sequence, and those of stores before this one, lie below.
    const bool readable = record->value && pb::decode(*record->value, logged).ok();
    if (!readable || logged.sequence() < mine.sequence()) {
      RIFFLE_RETURN_IF_ERROR(reader_.next().status());
      continue;
    }
    if (logged.sequence() > mine.sequence()) {
      figures.begins_late = figures.equal + figures.different == 0;
      break;
    }
    ++figures.different;
    if (figures.first_different.size() < kMostNamed)
      figures.first_different.push_back(absl::StrCat(mine.recommendation_id(), ", revision ", mine.revision()));
    return reader_.next().status();
  }
  ++figures.not_in_log;
  return absl::OkStatus();
}

}  // namespace riffle::replay
