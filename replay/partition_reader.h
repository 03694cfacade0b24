// Reads one partition from a place to where it ends when the reader is opened, record by record, and keeps nothing of
// it. A live topic therefore ends, too. One thread.
//
//   auto reader = PartitionReader::open(bus, {"riffle.events", Partition(0)}, bus::kEarliest);
//   while (const bus::Record* record = reader->next().value()) …
//
// Errors: NotFound where there is no such topic; OutOfRange where the place is no longer in the log; retriable where
// the bus gives nothing for ten seconds.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "bus/bus.h"

namespace riffle::replay {

class PartitionReader {
 public:
  static absl::StatusOr<PartitionReader> open(bus::Bus& bus, const bus::TopicPartition& where, Offset from);

  // Null: the end. The record lives until the next call, longer with memory().
  absl::StatusOr<const bus::Record*> next();
  // The record that next() will answer: it is left where it is.
  absl::StatusOr<const bus::Record*> peek();
  std::shared_ptr<void> memory() const { return batch_.memory; }

  const bus::TopicPartition& where() const { return where_; }
  Offset low() const { return marks_.low; }  // as they were when it was opened
  Offset end() const { return marks_.high; }
  double fraction() const;  // of the records that were to be read, in [0, 1]

 private:
  absl::Status fetch();

  bus::TopicPartition where_;
  bus::Watermarks marks_;
  std::unique_ptr<bus::Source> source_;
  bus::Batch batch_;
  std::size_t at_ = 0;
  Offset from_{0}, next_{0};
  bool ended_ = false;
};

}  // namespace riffle::replay
