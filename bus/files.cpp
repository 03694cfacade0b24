#include "bus/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::bus {

absl::Status file_error(std::string_view call, const std::string& path, int error_number) {
  const std::string what =
      absl::StrCat(std::string(call), " ", path, ": ", std::generic_category().message(error_number));
  switch (error_number) {
    case ENOENT:
      return absl::NotFoundError(what);
    case EACCES:
    case EPERM:
    case EROFS:
      return fatal_error(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(what, "; give this user the right to write there"));
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
      return fatal_error(absl::StatusCode::kFailedPrecondition, what);
    case ENOSPC:
    case EDQUOT:
      return retriable_error(absl::StrCat(what, "; free disk space, the bus goes on by itself"));
    default:
      return retriable_error(what);
  }
}

absl::Status make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return file_error("create directory", path, error.value());
  return absl::OkStatus();
}

absl::Status sync_directory(const std::string& path) {
  const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return file_error("open", path, errno);
  if (::fsync(directory.get()) != 0) return file_error("sync", path, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> list_directory(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entries(path, error);
  for (const std::filesystem::directory_iterator end; !error && entries != end; entries.increment(error))
    names.push_back(entries->path().filename().string());
  if (error) return file_error("list", path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> read_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return file_error("open", path, errno);
  std::string bytes;
  char chunk[16384];
  for (;;) {
    const ssize_t n = ::read(file.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("read", path, errno);
    if (n == 0) return bytes;
    bytes.append(chunk, static_cast<std::size_t>(n));
  }
}

absl::Status write_atomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  {
    const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.valid()) return file_error("create", temporary, errno);
    RIFFLE_RETURN_IF_ERROR(write_at(file, temporary, bytes, 0));
    if (::fsync(file.get()) != 0) return file_error("sync", temporary, errno);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return file_error("rename", temporary, errno);
  return sync_directory(std::filesystem::path(path).parent_path().string());
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int FileDescriptor::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

absl::Status write_at(const FileDescriptor& file, const std::string& path, std::string_view bytes, std::size_t position) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    position += static_cast<std::size_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<FileDescriptor> lock_directory(const std::string& directory) {
  const std::string path = directory + "/LOCK";
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.valid()) return file_error("open", path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock", path, errno);
    char holder[32] = {};
    const ssize_t n = ::pread(file.get(), holder, sizeof holder - 1, 0);
    return fatal_error(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat("the local bus ", directory, " is in use by process ",
                                    n > 0 ? std::string(holder, static_cast<std::size_t>(n)) : "?",
                                    "; stop it, or choose another directory"));
  }
  if (::ftruncate(file.get(), 0) != 0) return file_error("truncate", path, errno);
  RIFFLE_RETURN_IF_ERROR(write_at(file, path, std::to_string(::getpid()), 0));
  return file;
}

}  // namespace riffle::bus
