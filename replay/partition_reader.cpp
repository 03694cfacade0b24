#include "replay/partition_reader.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::replay {
namespace {

constexpr std::size_t kRecordsAPoll = 5000;
constexpr Milliseconds kWait{100}, kPatience{10'000};

}  // namespace

absl::StatusOr<PartitionReader> PartitionReader::open(bus::Bus& bus, const bus::TopicPartition& where, Offset from) {
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(where.topic));
  if (!info || where.partition.value() >= info->partitions)
    return fatal_error(absl::StatusCode::kNotFound,
                       absl::StrCat("there is no ", where.topic, "/", where.partition.value(), " on this bus"));
  PartitionReader reader;
  reader.where_ = where;
  RIFFLE_ASSIGN_OR_RETURN(reader.source_, bus.make_source({}));
  RIFFLE_ASSIGN_OR_RETURN(reader.marks_, reader.source_->watermarks(where));
  reader.from_ = reader.next_ = from == bus::kEarliest ? reader.marks_.low : from;
  if (reader.next_ < reader.marks_.low)
    return fatal_error(absl::StatusCode::kOutOfRange,
                       absl::StrCat(where.topic, "/", where.partition.value(), ": records ", from.value(), " to ",
                                    reader.marks_.low.value() - 1, " are no longer in the log"));
  reader.ended_ = reader.next_ >= reader.marks_.high;
  if (!reader.ended_) RIFFLE_RETURN_IF_ERROR(reader.source_->assign({{where, reader.next_}}));
  return reader;
}

absl::StatusOr<const bus::Record*> PartitionReader::peek() {
  while (!ended_ && at_ == batch_.records.size()) RIFFLE_RETURN_IF_ERROR(fetch());
  if (ended_) return nullptr;
  const bus::Record& record = batch_.records[at_];
  if (record.offset < marks_.high) return &record;
  ended_ = true;  // written since
  return nullptr;
}

absl::StatusOr<const bus::Record*> PartitionReader::next() {
  RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, peek());
  if (!record) return nullptr;
  ++at_;
  next_ = riffle::next(record->offset);
  return record;
}

absl::Status PartitionReader::fetch() {
  if (next_ >= marks_.high) {
    ended_ = true;
    return absl::OkStatus();
  }
  for (Milliseconds waited{0}; waited < kPatience; waited += kWait) {
    RIFFLE_ASSIGN_OR_RETURN(batch_, source_->poll(kRecordsAPoll, kWait));
    at_ = 0;
    for (const bus::PartitionError& error : batch_.errors) return error.status;
    if (!batch_.records.empty()) return absl::OkStatus();
    if (!batch_.ends.empty()) {  // what is missing before the end was compacted away, or is a transaction's mark
      ended_ = true;
      return absl::OkStatus();
    }
  }
  return retriable_error(absl::StrCat("the bus gave nothing of ", where_.topic, "/", where_.partition.value(),
                                      " for ten seconds, with records ", next_.value(), " to ", marks_.high.value() - 1,
                                      " to come; is the broker up?"));
}

double PartitionReader::fraction() const {
  if (marks_.high <= from_) return 1;
  return static_cast<double>(next_.value() - from_.value()) / static_cast<double>(marks_.high.value() - from_.value());
}

}  // namespace riffle::replay
