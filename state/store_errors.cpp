#include "state/store_errors.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::state {
namespace {

// Any code with the retriable payload; base/errors.h gives Unavailable only.
absl::Status retriable_error(absl::StatusCode code, const std::string& message) {
  absl::Status status(code, message);
  riffle::retriable_error("").ForEachPayload(
      [&](absl::string_view url, const absl::Cord& value) { status.SetPayload(url, value); });
  return status;
}

}  // namespace

absl::Status in_use_error(std::string_view path, std::string_view holder) {
  return retriable_error(
      absl::StatusCode::kUnavailable,
      absl::StrCat("the state directory ", std::string(path), " is in use by ", std::string(holder),
                   "; stop it, or give this worker a state directory of its own"));
}

absl::Status disk_full_error(std::string_view path, std::string_view cause) {
  return retriable_error(
      absl::StatusCode::kResourceExhausted,
      absl::StrCat("the disk of ", std::string(path), " is full (", std::string(cause),
                   "); make room on it: nothing that was committed is lost"));
}

absl::Status not_writable_error(std::string_view path, std::string_view cause) {
  return fatal_error(
      absl::StatusCode::kPermissionDenied,
      absl::StrCat(std::string(path), " is not writable (", std::string(cause),
                   "); change its owner or permissions, or name another state directory"));
}

absl::Status format_error(std::string_view path, std::string_view cause) {
  return fatal_error(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("the store in ", std::string(path), " has another format: ", std::string(cause),
                   "; name another state directory and start with `--rebuild`: events are read again"));
}

absl::Status corruption_error(std::string_view path, std::string_view cause) {
  return fatal_error(
      absl::StatusCode::kDataLoss,
      absl::StrCat("the store in ", std::string(path), " is corrupt: ", std::string(cause),
                   "; restore it from a checkpoint, or move it away and start with --rebuild"));
}

absl::Status file_error(std::string_view call, std::string_view path, int error_number) {
  const std::string cause =
      absl::StrCat(std::string(call), ": ", std::generic_category().message(error_number));
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return disk_full_error(path, cause);
    case EACCES:
    case EPERM:
    case EROFS:
      return not_writable_error(path, cause);
    case ENOENT:
      return fatal_error(absl::StatusCode::kNotFound, absl::StrCat(std::string(path), ": ", cause));
    case ENOTDIR:
    case EEXIST:
    case ENOTEMPTY:
      return fatal_error(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(std::string(path), ": ", cause,
                                      "; move away what is in the way, or name another directory"));
    default:
      return fatal_error(absl::StatusCode::kInternal, absl::StrCat(std::string(path), ": ", cause));
  }
}

}  // namespace riffle::state
