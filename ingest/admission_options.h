// What admission holds records to.
#pragma once

#include <chrono>

#include "base/time.h"
#include "ingest/partitioner.h"
#include "records/json_codec.h"

namespace riffle::ingest {

struct AdmissionOptions {
  records::Limits limits;
  Milliseconds lateness{
      std::chrono::hours(24 * 7)};  // older than the newest event by more: timestamp_late
  Milliseconds future_tolerance{
      std::chrono::hours(1)};  // beyond the record's time by more: timestamp_future
  TimePoint oldest{
      std::chrono::sys_days(std::chrono::year(2000) / 1 / 1)};  // before it: timestamp_ancient
  PartitionerSetting partitioner = PartitionerSetting::kAuto;
};

}  // namespace riffle::ingest
