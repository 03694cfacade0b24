#include "state/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "base/errors.h"
#include "state/files.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

constexpr char kShardPrefix[] = "shard-";
constexpr std::size_t kLongestName = 64;

absl::Status check_name(const std::string& worker) {
  const bool valid = !worker.empty() && worker.size() <= kLongestName && worker.front() != '.' &&
                     std::all_of(worker.begin(), worker.end(), [](char c) {
                       return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
                              c == '_' || c == '-';
                     });
  if (valid) return absl::OkStatus();
  return fatal_error(
      absl::StatusCode::kInvalidArgument,
      absl::StrCat("the worker's name \"", worker, "\" is not usable: 1 to ", kLongestName,
                   " letters, digits, `.`, `_` or `-`, not starting with a dot"));
}

// The process id that the holder wrote down.
std::string holder_of(int fd) {
  char digits[32] = {};
  const ssize_t n = ::pread(fd, digits, sizeof digits - 1, 0);
  std::int64_t pid = 0;
  return n > 0 && absl::SimpleAtoi(digits, &pid) ? absl::StrCat("process ", pid)
                                                 : "another process";
}

}  // namespace

std::string shard_directory(const std::string& root, Partition shard) {
  RIFFLE_CHECK(shard.value() >= 0, "shard", shard.value());
  return absl::StrCat(root, "/", kShardPrefix, absl::Dec(shard.value(), absl::kZeroPad5));
}

std::string worker_directory(const std::string& root, const std::string& worker) {
  return absl::StrCat(root, "/worker-", worker);
}

absl::StatusOr<std::vector<Partition>> shards_in(const std::string& root) {
  std::vector<Partition> shards;
  if (!exists(root)) return shards;
  RIFFLE_ASSIGN_OR_RETURN(const auto names, list_directory(root));
  for (const std::string& name : names) {
    absl::string_view digits = name;
    std::int32_t number = 0;
    if (!absl::ConsumePrefix(&digits, kShardPrefix) || !absl::SimpleAtoi(digits, &number) ||
        number < 0)
      continue;
    // Only names as they are made here: "shard-3.partial" and "shard-3" are none.
    if (shard_directory(root, Partition(number)) == absl::StrCat(root, "/", name))
      shards.emplace_back(number);
  }
  std::sort(shards.begin(), shards.end());
  return shards;
}

absl::StatusOr<WorkerLock> WorkerLock::acquire(const std::string& root, const std::string& worker) {
  RIFFLE_RETURN_IF_ERROR(check_name(worker));
  RIFFLE_RETURN_IF_ERROR(make_writable_directory(root));
  const std::string path = worker_directory(root, worker) + ".lock";
  WorkerLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.fd_ < 0) return file_error("open", path, errno);
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock", path, errno);
    return fatal_error(
        absl::StatusCode::kUnavailable,
        absl::StrCat("a worker named \"", worker, "\" runs already on the state root ", root, " (",
                     holder_of(lock.fd_), "); stop it, or give this one another name"));
  }
  const std::string pid = absl::StrCat(::getpid(), "\n");
  if (::ftruncate(lock.fd_, 0) != 0 || ::pwrite(lock.fd_, pid.data(), pid.size(), 0) < 0)
    return file_error("write", path, errno);
  return lock;
}

// The file stays: removing it would let a third process lock a new one beside a second that waits
// on the old.
WorkerLock::~WorkerLock() {
  if (fd_ >= 0) ::close(fd_);
}
WorkerLock::WorkerLock(WorkerLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
WorkerLock& WorkerLock::operator=(WorkerLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

}  // namespace riffle::state
