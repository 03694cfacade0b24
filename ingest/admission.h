// Decides of each input record: accept, or dead letter with a reason. A function of the record, of
// the newest event time and of the partitioner's state alone: it reads no clock, so that a replay
// admits what the live run admitted. (Duplicates are found by features/, in the user's row.)
//
// A worked example of times, with the defaults: the newest event applied is of 12 March 10:00. An
// event of 5 March 09:59 is late; one of 5 March 10:00 is taken. An event that says 10 March, on a
// record that the broker stamped 10 March 08:59 with an event time of 10:00, is from the future; at
// 09:00 it is taken.
//
// One thread. The partitioner is shared by the records of all inputs of a shard.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "bus/bus.h"
#include "ingest/admission_options.h"
#include "ingest/partitioner.h"
#include "records/dead_letter.h"
#include "records/json_codec.h"

namespace riffle::ingest {

class Admission {
 public:
  // `partitions`: of each user-keyed input.
  Admission(const AdmissionOptions& options, std::int32_t partitions);

  // nullopt: admitted and decoded into `out`. Otherwise why not; `out` is then unspecified.
  // `newest_event_time`: the largest applied so far; kNoTime before the first. The event's own time
  // is its timestamp, else the record's.
  std::optional<records::Reason> admit_event(const bus::Record& record, TimePoint newest_event_time,
                                             records::Event& out);
  std::optional<records::Reason> admit_request(const bus::Record& record,
                                               TimePoint newest_event_time, records::Request& out);
  // A user's attributes, kept as sent; a tombstone (no value) deletes them.
  std::optional<records::Reason> admit_profile(const bus::Record& record);
  // An item; a tombstone deletes it and leaves `out` as it is. Items may lie in any partition:
  // every worker reads all.
  std::optional<records::Reason> admit_item(const bus::Record& record, records::Item& out);

  // See Partitioner::state and restore.
  std::string partitioner_state() const { return partitioner_.state(); }
  void restore_partitioner(std::string_view state) { partitioner_.restore(state); }

 private:
  std::optional<records::Reason> check_key(const bus::Record& record, std::string_view id,
                                           std::string_view id_name) const;
  std::optional<records::Reason> check_tombstone_key(const bus::Record& record,
                                                     std::string_view id_name) const;
  std::optional<records::Reason> check_time(const bus::Record& record,
                                            std::optional<TimePoint> timestamp,
                                            TimePoint newest_event_time) const;

  AdmissionOptions options_;
  Partitioner partitioner_;
  records::JsonDecoder decoder_;
};

}  // namespace riffle::ingest
