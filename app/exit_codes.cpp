#include "app/exit_codes.h"

#include "base/errors.h"

namespace riffle::app {
namespace {

ExitCode of_bus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;  // a property that librdkafka does not take
    case absl::StatusCode::kResourceExhausted:
      return ExitCode::kFailed;
    case absl::StatusCode::kNotFound:
      return ExitCode::kTopics;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kBusUnreachable;
    default:
      return error_class(status) == ErrorClass::kRetriable ? ExitCode::kBusUnreachable
                                                           : ExitCode::kFailed;
  }
}

ExitCode of_state(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;  // a worker's name that is no file name
    case absl::StatusCode::kNotFound:
      return ExitCode::kTopics;  // a shard's topic was deleted
    case absl::StatusCode::kUnavailable:
      return ExitCode::kStateInUse;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kStateUnwritable;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kStateCorrupt;
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kLost;
    default:
      return ExitCode::kFailed;
  }
}

}  // namespace

ExitCode exit_code(const absl::Status& status, Origin origin) {
  if (status.ok()) return ExitCode::kOk;
  switch (origin) {
    case Origin::kBus:
      return of_bus(status);
    case Origin::kTopics:
      return status.code() == absl::StatusCode::kFailedPrecondition ? ExitCode::kTopics
                                                                    : of_bus(status);
    case Origin::kState:
      return of_state(status);
  }
  return ExitCode::kFailed;
}

std::string exit_code_help() {
  return "Exit codes:\n"
         "  0  done\n"
         "  1  failed; stderr says why\n"
         "  2  wrong argument, or a configuration with mistakes\n"
         "  3  the bus cannot be reached (broker down, access refused, local bus in use)\n"
         "  4  a topic is missing, or has another number of partitions\n"
         "  5  the state directory or the worker's name is in use\n"
         "  6  the state cannot be written (permissions, full disk)\n"
         "  7  the state is corrupt\n"
         "  8  stopped by rule: state, records or a topic were lost, and going on would hide it\n"
         "  9  refused: the log cannot tell what was asked; the report says why, and what to do\n"
         " 10  differs: what was made again from the log is not what there is; the report says where\n";
}

}  // namespace riffle::app
