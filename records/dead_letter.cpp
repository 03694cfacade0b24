#include "records/dead_letter.h"

namespace riffle::records {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kEmptyRecord: return "empty_record";
    case Code::kNotJson: return "not_json";
    case Code::kNotUtf8: return "not_utf8";
    case Code::kTooLarge: return "too_large";
    case Code::kTooDeep: return "too_deep";
    case Code::kDuplicateKey: return "duplicate_key";
    case Code::kUnknownKind: return "unknown_kind";
    case Code::kSchemaRegistry: return "schema_registry";
    case Code::kMissingField: return "missing_field";
    case Code::kBadField: return "bad_field";
    case Code::kTooMany: return "too_many";
    case Code::kTimestampFuture: return "timestamp_future";
    case Code::kTimestampAncient: return "timestamp_ancient";
    case Code::kTimestampLate: return "timestamp_late";
    case Code::kMisrouted: return "misrouted";
    case Code::kIdCollision: return "id_collision";
    case Code::kRequestReused: return "request_reused";
    case Code::kDeadlinePassed: return "deadline_passed";
    case Code::kRefusedByBus: return "refused_by_bus";
  }
  return "unknown";
}

}  // namespace riffle::records
