// A record refused, with its reason. It goes to `dead-letters` under the origin's key with the
// original bytes and the headers error.code, error.message, origin.topic, origin.partition,
// origin.offset (and truncated, with the full size, where the bytes were cut at the topic's limit).
#pragma once

#include <string>
#include <string_view>

namespace riffle::records {

// Why a record was refused. The names (code_name) are part of the contract: add, never rename.
enum class Code {
  kEmptyRecord,       // empty_record: no value, or an empty one, where a value is needed
  kNotJson,           // not_json: not JSON, or cut short
  kNotUtf8,           // not_utf8
  kTooLarge,          // too_large: over limits.record_bytes
  kTooDeep,           // too_deep: nested beyond the parser's depth
  kDuplicateKey,      // duplicate_key
  kUnknownKind,       // unknown_kind: "event" is not one that this topic carries
  kSchemaRegistry,    // schema_registry: starts with the registry's magic byte 0
  kMissingField,      // missing_field
  kBadField,          // bad_field: wrong type, empty, too long, not finite, out of range
  kTooMany,           // too_many: fields, list members
  kTimestampFuture,   // timestamp_future: beyond the record's time + 1 h
  kTimestampAncient,  // timestamp_ancient: before the year 2000
  kTimestampLate,     // timestamp_late: older than event time - lateness
  kMisrouted,         // misrouted: key is not the user_id, or the partition is not the key's
  kIdCollision,       // id_collision: another item has this id's 64-bit key
  kRequestReused,     // request_reused: request_id repeated with other content
  kDeadlinePassed,    // deadline_passed: of a request, before it was taken
  kRefusedByBus       // refused_by_bus: an output that the bus will never take
};

std::string_view code_name(Code code);
// The code of a name that was stored. Names are never taken away, so an unknown one is a
// programmer's error.
Code code_of(std::string_view name);

struct Reason {
  Code code;
  std::string message;  // what was wrong, where, and what to do
};

}  // namespace riffle::records
