#include "ingest/admission.h"

#include "absl/strings/str_cat.h"
#include "ingest/in_quotes.h"
#include "records/time_text.h"

namespace riffle::ingest {

using records::Code;
using records::Reason;

namespace {

Reason no_value(std::string_view what) {
  return {Code::kEmptyRecord,
          absl::StrCat("the record has no value (a tombstone); ", std::string(what))};
}

}  // namespace

Admission::Admission(const AdmissionOptions& options, std::int32_t partitions)
    : options_(options), partitioner_(options.partitioner, partitions), decoder_(options.limits) {}

std::optional<Reason> Admission::admit_event(const bus::Record& record, TimePoint newest_event_time,
                                             records::Event& out) {
  if (!record.value) return no_value("to forget a user send {\"event\":\"erase\",…}");
  if (auto reason = decoder_.decode(*record.value, out)) return reason;
  if (auto reason = check_key(record, out.user_id.str(), "user_id")) return reason;
  if (auto reason = partitioner_.check(*record.key, record.partition)) return reason;
  return check_time(record, out.timestamp, newest_event_time);
}

std::optional<Reason> Admission::admit_request(const bus::Record& record,
                                               TimePoint newest_event_time, records::Request& out) {
  if (!record.value) return no_value("send a request as a JSON object");
  if (auto reason = decoder_.decode(*record.value, out)) return reason;
  if (auto reason = check_key(record, out.user_id.str(), "user_id")) return reason;
  if (auto reason = partitioner_.check(*record.key, record.partition)) return reason;
  // Without a timestamp it is of shard time, which is never late.
  return out.timestamp ? check_time(record, out.timestamp, newest_event_time) : std::nullopt;
}

std::optional<Reason> Admission::admit_profile(const bus::Record& record) {
  if (auto reason = check_tombstone_key(record, "user_id")) return reason;
  if (record.value) {
    if (auto reason = decoder_.check_profile(*record.value, *record.key)) return reason;
  }
  return partitioner_.check(*record.key, record.partition);
}

std::optional<Reason> Admission::admit_item(const bus::Record& record, records::Item& out) {
  if (!record.value) return check_tombstone_key(record, "item_id");
  if (auto reason = decoder_.decode(*record.value, out)) return reason;
  return check_key(record, out.item_id.str(), "item_id");
}

std::optional<Reason> Admission::check_key(const bus::Record& record, std::string_view id,
                                           std::string_view id_name) const {
  if (record.key == id) return std::nullopt;
  const std::string name(id_name);
  if (!record.key)
    return Reason{Code::kMisrouted,
                  absl::StrCat("the record has no key; its ", name, " is ", in_quotes(id),
                               ": produce it with the ", name, " as key")};
  return Reason{Code::kMisrouted,
                absl::StrCat("the record's key is ", in_quotes(*record.key), " but its ", name,
                             " is ", in_quotes(id), "; produce it with the ", name, " as key")};
}

// Where the key alone says whose record it is.
std::optional<Reason> Admission::check_tombstone_key(const bus::Record& record,
                                                     std::string_view id_name) const {
  const std::string name(id_name);
  if (!record.key || record.key->empty())
    return Reason{Code::kMisrouted,
                  absl::StrCat("the record has no key; produce it with the ", name, " as key")};
  if (record.key->size() > options_.limits.id_bytes)
    return Reason{Code::kBadField, absl::StrCat("the record's key has ", record.key->size(),
                                                " bytes, more than the ", options_.limits.id_bytes,
                                                " of limits.id_bytes; send a shorter ", name)};
  return std::nullopt;
}

std::optional<Reason> Admission::check_time(const bus::Record& record,
                                            std::optional<TimePoint> timestamp,
                                            TimePoint newest_event_time) const {
  const TimePoint time = timestamp.value_or(record.timestamp);
  const auto is = [&] {
    return absl::StrCat(timestamp ? "\"timestamp\" is " : "the record's time is ",
                        records::format_time(time));
  };
  if (time < options_.oldest)
    return Reason{
        Code::kTimestampAncient,
        absl::StrCat(is(), ", before ", records::format_time(options_.oldest),
                     "; send milliseconds since 1970, not seconds, and an event's own time")};
  if (time > record.timestamp + options_.future_tolerance)
    return Reason{
        Code::kTimestampFuture,
        absl::StrCat(is(), ", more than ", options_.future_tolerance.count(),
                     " ms (future_tolerance) beyond the "
                     "record's time ",
                     records::format_time(record.timestamp), "; set the sender's clock right")};
  if (newest_event_time != kNoTime && time < newest_event_time - options_.lateness)
    return Reason{
        Code::kTimestampLate,
        absl::StrCat(is(), ", more than ", options_.lateness.count(),
                     " ms (lateness) older than the newest event's ",
                     records::format_time(newest_event_time),
                     "; import a history in the order of its times, or allow more lateness")};
  return std::nullopt;
}

}  // namespace riffle::ingest
