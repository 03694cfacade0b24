#include "state/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

constexpr std::size_t kChunk = 1 << 20;

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

absl::Status write_all(const File& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.fd(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return absl::OkStatus();
}

// Reads the whole file; `use` gets chunk after chunk. The hash chains the chunks', so that no file
// has to fit in RAM.
template <class Use>
absl::StatusOr<std::uint64_t> read_chunks(const std::string& path, Use&& use) {
  const File file(path, O_RDONLY);
  if (!file.valid()) return file_error("open", path, errno);
  std::string buffer(kChunk, '\0');
  std::uint64_t hash = 0;
  while (true) {
    std::size_t filled = 0;
    while (filled < kChunk) {
      const ssize_t n = ::read(file.fd(), buffer.data() + filled, kChunk - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return file_error("read", path, errno);
      if (n == 0) break;
      filled += static_cast<std::size_t>(n);
    }
    if (filled == 0) return hash;
    const std::string_view chunk(buffer.data(), filled);
    hash = stable_hash(chunk, hash);
    RIFFLE_RETURN_IF_ERROR(use(chunk));
  }
}

absl::Status sync_path(const std::string& path, int flags) {
  const File file(path, flags);
  if (!file.valid()) return file_error("open", path, errno);
  if (::fsync(file.fd()) != 0) return file_error("fsync", path, errno);
  return absl::OkStatus();
}

}  // namespace

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string parent_of(const std::string& path) {
  const std::filesystem::path p(path);
  const auto parent = (p.has_filename() ? p : p.parent_path()).parent_path();
  return parent.empty() ? "." : parent.string();
}

absl::Status make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return file_error("create directory", path, error.value());
  return absl::OkStatus();
}

absl::Status make_writable_directory(const std::string& path) {
  RIFFLE_RETURN_IF_ERROR(make_directories(path));
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return file_error("stat", path, errno);
  if (!S_ISDIR(status.st_mode)) return file_error("open", path, ENOTDIR);
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) return file_error("access", path, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> list_directory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator i(path, error), end; !error && i != end;
       i.increment(error))
    names.push_back(i->path().filename().string());
  if (error) return file_error("list", path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::uint64_t> file_size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return file_error("stat", path, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

absl::StatusOr<std::string> read_file(const std::string& path) {
  std::string bytes;
  RIFFLE_RETURN_IF_ERROR(read_chunks(path, [&](std::string_view chunk) {
                           bytes.append(chunk);
                           return absl::OkStatus();
                         }).status());
  return bytes;
}

absl::Status remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return file_error("remove", path, error.value());
  return absl::OkStatus();
}

absl::Status sync_file(const std::string& path) { return sync_path(path, O_RDONLY); }
absl::Status sync_directory(const std::string& path) {
  return sync_path(path, O_RDONLY | O_DIRECTORY);
}

absl::Status write_atomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  {
    const File file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.valid()) return file_error("create", temporary, errno);
    RIFFLE_RETURN_IF_ERROR(write_all(file, temporary, bytes));
    if (::fsync(file.fd()) != 0) return file_error("fsync", temporary, errno);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return file_error("rename", path, errno);
  return sync_directory(parent_of(path));
}

absl::Status publish(const std::string& from, const std::string& to) {
  if (exists(to)) return file_error("rename", to, EEXIST);
  if (std::rename(from.c_str(), to.c_str()) != 0) return file_error("rename", to, errno);
  return sync_directory(parent_of(to));
}

absl::StatusOr<std::uint64_t> hash_file(const std::string& path) {
  return read_chunks(path, [](std::string_view) { return absl::OkStatus(); });
}

absl::StatusOr<std::uint64_t> copy_file(const std::string& from, const std::string& to) {
  const File copy(to, O_WRONLY | O_CREAT | O_EXCL);
  if (!copy.valid()) return file_error("create", to, errno);
  auto hash = read_chunks(from, [&](std::string_view chunk) { return write_all(copy, to, chunk); });
  if (hash.ok() && ::fsync(copy.fd()) != 0) return file_error("fsync", to, errno);
  return hash;
}

}  // namespace riffle::state
