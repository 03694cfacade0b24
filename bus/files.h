// The few file operations the local bus needs, with errors that name the file, the call and the reason.
//
// All but write_atomically leave durability to the caller. Errors are retriable where the disk may recover (full, busy,
// I/O error), FailedPrecondition where a person has to act (permissions, not a directory). Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace riffle::bus {

// "write /data/x.segment: No space left on device; ..." from errno's value.
absl::Status file_error(std::string_view call, const std::string& path, int error_number);

absl::Status make_directories(const std::string& path);
// Makes the names in the directory durable: after creating, renaming or deleting a file in it.
absl::Status sync_directory(const std::string& path);
// The names in a directory, sorted.
absl::StatusOr<std::vector<std::string>> list_directory(const std::string& path);

absl::StatusOr<std::string> read_file(const std::string& path);  // NotFound where there is none
// After success the file has the new bytes, after a crash at any moment the old or the new ones, never a mix.
absl::Status write_atomically(const std::string& path, std::string_view bytes);

// A file descriptor that closes itself.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int release();
  int fd_ = -1;
};

// Writes all bytes at `position`, however many calls that takes.
absl::Status write_at(const FileDescriptor& file, const std::string& path, std::string_view bytes, std::size_t position);

// Holds the directory for this process: a second open, by any process, fails with FailedPrecondition that names the
// holder's process id. Released by the destructor and by the process's death.
absl::StatusOr<FileDescriptor> lock_directory(const std::string& directory);

}  // namespace riffle::bus
