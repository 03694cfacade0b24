// What the fuzz targets share: the bytes of a run taken apart into numbers, and bytes as a file.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/log.h"

namespace riffle::fuzz {

// Takes values from the front; once the bytes have run out, every value is zero.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  std::string_view bytes(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  template <class T>
  T take() {
    T value{};
    const std::string_view from = bytes(sizeof value);
    if (!from.empty()) std::memcpy(&value, from.data(), from.size());
    return value;
  }
  bool flag() { return (take<std::uint8_t>() & 1) != 0; }
  // At most 255.
  std::size_t below(std::size_t bound) { return take<std::uint8_t>() % bound; }
  // A length byte and that many bytes.
  std::string_view text() { return bytes(take<std::uint8_t>()); }

 private:
  std::string_view rest_;
};

// One file in memory, given new content for each run.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    RIFFLE_CHECK(file_ >= 0);
    path_ = "/proc/self/fd/" + std::to_string(file_);
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::string& path() const { return path_; }
  void set(std::string_view content) {
    RIFFLE_CHECK(::ftruncate(file_, 0) == 0);
    RIFFLE_CHECK(::pwrite(file_, content.data(), content.size(), 0) ==
                 static_cast<ssize_t>(content.size()));
  }

 private:
  int file_;
  std::string path_;
};

// Millions of runs, each of which would warn of what it is given.
inline const bool kQuiet = (log::set_level(log::level::off), true);

}  // namespace riffle::fuzz
