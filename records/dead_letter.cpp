#include "records/dead_letter.h"

#include "base/check.h"

namespace riffle::records {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kEmptyRecord:
      return "empty_record";
    case Code::kNotJson:
      return "not_json";
    case Code::kNotUtf8:
      return "not_utf8";
    case Code::kTooLarge:
      return "too_large";
    case Code::kTooDeep:
      return "too_deep";
    case Code::kDuplicateKey:
      return "duplicate_key";
    case Code::kUnknownKind:
      return "unknown_kind";
    case Code::kSchemaRegistry:
      return "schema_registry";
    case Code::kMissingField:
      return "missing_field";
    case Code::kBadField:
      return "bad_field";
    case Code::kTooMany:
      return "too_many";
    case Code::kTimestampFuture:
      return "timestamp_future";
    case Code::kTimestampAncient:
      return "timestamp_ancient";
    case Code::kTimestampLate:
      return "timestamp_late";
    case Code::kMisrouted:
      return "misrouted";
    case Code::kIdCollision:
      return "id_collision";
    case Code::kRequestReused:
      return "request_reused";
    case Code::kDeadlinePassed:
      return "deadline_passed";
    case Code::kRefusedByBus:
      return "refused_by_bus";
  }
  return "unknown";
}

Code code_of(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::kRefusedByBus); ++i)
    if (code_name(static_cast<Code>(i)) == name) return static_cast<Code>(i);
  RIFFLE_CHECK(false, "no dead letter's code is named", name);
  return Code::kRefusedByBus;
}

}  // namespace riffle::records
