#include "replay/journal_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "records/proto_codec.h"

namespace riffle::replay {
namespace {

absl::Status decode(const bus::Record& record, pb::EpochRecord& epoch) {
  if (record.value && pb::decode(*record.value, epoch).ok()) return absl::OkStatus();
  return fatal_error(absl::StatusCode::kDataLoss,
                     absl::StrCat(std::string(record.topic), "/", record.partition.value(), "/", record.offset.value(),
                                  " is no epoch record: the topic has something in it that Riffle did not write"));
}

}  // namespace

absl::StatusOr<JournalLog> JournalLog::open(bus::Bus& bus, const bus::TopicPartition& where) {
  RIFFLE_ASSIGN_OR_RETURN(auto search, PartitionReader::open(bus, where, bus::kEarliest));
  std::optional<Offset> begin;
  std::uint64_t begin_sequence = 0, generation = 0, last = 0, earlier = 0, first_number = 0;
  pb::EpochRecord epoch;
  while (true) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, search.next());
    if (!record) break;
    RIFFLE_RETURN_IF_ERROR(decode(*record, epoch));
    if (epoch.entries_size() == 0) continue;
    if (first_number == 0) first_number = epoch.entries(0).number();
    if (epoch.entries(0).number() == 1 && (!begin || epoch.sequence() > begin_sequence)) {
      earlier += begin || first_number != 1 ? 1 : 0;
      begin = record->offset;
      begin_sequence = epoch.sequence();
      generation = epoch.sequence() >> 20;  // a store's first epoch has the sequence generation · 2²⁰
      last = 0;
    }
    if (begin) last = std::max(last, epoch.entries(epoch.entries_size() - 1).number());
  }
  if (!begin && first_number > 0)
    return fatal_error(
        absl::StatusCode::kOutOfRange,
        absl::StrCat(where.topic, "/", where.partition.value(), " begins at journal entry ", first_number,
                     ": entries 1 to ", first_number - 1,
                     " are no longer in the log, and what was made of "
                     "them cannot be made again. Keep `epochs` (and what it names of `events`) as long as you "
                     "want to replay: retention.ms of the topics"));
  RIFFLE_ASSIGN_OR_RETURN(auto reader, PartitionReader::open(bus, where, begin.value_or(search.end())));
  JournalLog log(std::move(reader));
  log.generation_ = generation;
  log.last_ = last;
  log.earlier_ = earlier;
  return log;
}

absl::StatusOr<const pb::JournalEntry*> JournalLog::next() {
  while (true) {
    while (at_ < record_.entries_size()) {
      const pb::JournalEntry& entry = record_.entries(at_++);
      if (entry.number() < next_) continue;
      if (entry.number() > next_)
        return fatal_error(
            absl::StatusCode::kDataLoss,
            absl::StrCat(reader_.where().topic, "/", reader_.where().partition.value(), ": journal entries ", next_,
                         " to ", entry.number() - 1, " are missing; rows after them cannot be made"));
      ++next_;
      return &entry;
    }
    RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader_.next());
    if (!record) return nullptr;
    RIFFLE_RETURN_IF_ERROR(decode(*record, record_));
    at_ = 0;
  }
}

}  // namespace riffle::replay
