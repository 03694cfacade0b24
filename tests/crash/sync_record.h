// A file, and how much of it was on the disk when it was synced.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <compare>
#include <cstdint>

namespace riffle::crash {

struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t born_ns = 0;  // inode numbers are used again
  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

struct SyncedFile {
  FileIdentity file;
  std::uint64_t bytes = 0;
};

// Of an open file (`path` empty), or of a path (`fd` AT_FDCWD). False where there is none.
inline bool identify(int fd, const char* path, SyncedFile& found) {
  struct statx status {};
  if (::statx(fd, path, *path == '\0' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW,
              STATX_INO | STATX_SIZE | STATX_BTIME, &status) != 0)
    return false;
  found.file.device = (std::uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor;
  found.file.inode = status.stx_ino;
  found.file.born_ns = status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
  found.bytes = status.stx_size;
  return true;
}

}  // namespace riffle::crash
