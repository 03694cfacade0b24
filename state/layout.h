// What lies where under the state root, which all workers of a host may share:
//
//   <root>/shard-00003/     the store of shard 3, of whichever worker owns it now
//   <root>/worker-<name>/   the worker's own store: catalogue, merged item statistics
//   <root>/worker-<name>.lock
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"

namespace riffle::state {

std::string shard_directory(const std::string& root, Partition shard);
std::string worker_directory(const std::string& root, const std::string& worker);
// The shards that have a directory under the root, ascending. Empty where there is no root yet.
absl::StatusOr<std::vector<Partition>> shards_in(const std::string& root);

// A worker's name under a root, while it lives: two processes with one name would be one group
// member in turn. Released by the destructor, and by the process's death.
class WorkerLock {
 public:
  // Makes the root where there is none. Errors: InvalidArgument for a name that is no file name
  // (letters, digits, `.`, `_`, `-`, at most 64, no leading dot); Unavailable with the holder's
  // process id, fatal: two of a name are a mistake in the configuration, not something that
  // passes; not writable.
  static absl::StatusOr<WorkerLock> acquire(const std::string& root, const std::string& worker);

  WorkerLock(WorkerLock&& other) noexcept;
  WorkerLock& operator=(WorkerLock&& other) noexcept;
  ~WorkerLock();

 private:
  explicit WorkerLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace riffle::state
