#include "state/rocksdb_status.h"

#include <fcntl.h>
#include <rocksdb/status.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

bool held_by_this_process(const rocksdb::Status& status) {
  return absl::StrContains(status.ToString(), "lock hold by current process");
}

}  // namespace

absl::Status from_rocksdb(const rocksdb::Status& status, std::string_view what,
                          const std::string& directory) {
  if (status.ok()) return absl::OkStatus();
  const std::string cause = absl::StrCat(std::string(what), ": ", status.ToString());
  if (status.IsCorruption()) return corruption_error(directory, cause);
  if (status.IsNoSpace()) return disk_full_error(directory, cause);
  if (status.IsBusy() || status.IsTryAgain() || status.IsTimedOut() || status.IsIncomplete())
    return retriable_error(
        absl::StrCat("the store in ", directory, " is busy: ", cause, "; try again"));
  if (status.IsIOError() && (absl::StrContains(cause, "Permission denied") ||
                             absl::StrContains(cause, "Read-only file system")))
    return not_writable_error(directory, cause);
  // A file that the MANIFEST names is gone.
  if (status.IsPathNotFound() || (status.IsIOError() && absl::StrContains(cause, "No such file")))
    return corruption_error(directory, cause);
  if (status.IsInvalidArgument())
    return fatal_error(absl::StatusCode::kInvalidArgument,
                       absl::StrCat("the store in ", directory, ": ", cause));
  return fatal_error(absl::StatusCode::kInternal,
                     absl::StrCat("the store in ", directory, " failed: ", cause,
                                  "; look at the disk and the kernel's log, then start again"));
}

bool is_locked(const rocksdb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string text = status.ToString();
  return held_by_this_process(status) ||
         (absl::StrContains(text, "lock file") &&
          absl::StrContains(text, "Resource temporarily unavailable"));
}

std::string lock_holder(const rocksdb::Status& status, const std::string& directory) {
  // Asking would open LOCK, and closing it would give up the lock that another store of this
  // process holds.
  if (held_by_this_process(status)) return "this process";
  const int fd = ::open((directory + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return "another process";
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool known = ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0;
  ::close(fd);
  return known ? absl::StrCat("process ", lock.l_pid) : "another process";
}

}  // namespace riffle::state
