// What can be wrong with a store, one function a kind, so that every file here says it alike and
// the command line gives each its own exit code:
//
//   kind            code                 class      what helps
//   in use          kUnavailable         retriable  the other owner ends
//   disk full       kResourceExhausted   retriable  room on the disk
//   not writable    kPermissionDenied    fatal      permissions, or another directory
//   other format    kFailedPrecondition  fatal      another state directory, and --rebuild
//   corrupt         kDataLoss            fatal      a checkpoint, or --rebuild
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace riffle::state {

absl::Status in_use_error(std::string_view path, std::string_view holder);
absl::Status disk_full_error(std::string_view path, std::string_view cause);
absl::Status not_writable_error(std::string_view path, std::string_view cause);
absl::Status format_error(std::string_view path, std::string_view cause);
absl::Status corruption_error(std::string_view path, std::string_view cause);

// The kind that fits errno's value after `call` on `path`; kInternal and fatal where none does.
absl::Status file_error(std::string_view call, std::string_view path, int error_number);

}  // namespace riffle::state
