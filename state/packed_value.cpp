#include "state/packed_value.h"

#include <lz4.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace riffle::state {
namespace {

enum Kind : char { kAsItIs = 0, kLz4 = 1, kLz4Tail = 2 };

constexpr std::size_t kSizeBytes = 4;
// Shorter ones have nothing to say twice.
constexpr std::size_t kWorthPacking = 256;
// No value is as large; what says that it is was not made by pack().
constexpr std::size_t kLargest = LZ4_MAX_INPUT_SIZE;

absl::Status damaged(std::string_view what) {
  return absl::DataLossError(absl::StrCat("a packed value is damaged: ", std::string(what)));
}

void write_size(std::size_t size, char* to) {
  for (std::size_t i = 0; i < kSizeBytes; ++i) to[i] = static_cast<char>(size >> (8 * i) & 0xff);
}

std::size_t read_size(std::string_view from) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kSizeBytes; ++i)
    size |= static_cast<std::size_t>(static_cast<unsigned char>(from[i])) << (8 * i);
  return size;
}

// Appends what the size and the block behind it say.
absl::Status unpack_block(std::string_view packed, std::string& value) {
  if (packed.size() < kSizeBytes) return damaged("it ends too early");
  const std::size_t size = read_size(packed), before = value.size();
  const std::string_view block = packed.substr(kSizeBytes);
  // LZ4 makes at most 255 bytes of one: more would only be room for nothing.
  if (size > kLargest || size > 255 * block.size()) return damaged("its size is not possible");
  value.resize(before + size);
  const int bytes = LZ4_decompress_safe(block.data(), value.data() + before,
                                        static_cast<int>(block.size()), static_cast<int>(size));
  if (bytes < 0 || static_cast<std::size_t>(bytes) != size)
    return damaged("its block does not have its size");
  return absl::OkStatus();
}

}  // namespace

void pack(std::string_view value, std::size_t plain, std::string& packed) {
  const std::string_view tail = value.substr(std::min(plain, value.size()));
  const std::string_view head = value.substr(0, value.size() - tail.size());
  if (tail.size() >= kWorthPacking && value.size() <= kLargest) {
    const std::size_t before = 1 + (head.empty() ? 0 : kSizeBytes + head.size()),
                      block = before + kSizeBytes;
    const auto size = static_cast<int>(tail.size());
    packed.resize(block + static_cast<std::size_t>(LZ4_compressBound(size)));
    const int bytes = LZ4_compress_default(tail.data(), packed.data() + block, size,
                                           static_cast<int>(packed.size() - block));
    if (bytes > 0 && block + static_cast<std::size_t>(bytes) < value.size()) {
      packed[0] = head.empty() ? kLz4 : kLz4Tail;
      if (!head.empty()) {
        write_size(head.size(), packed.data() + 1);
        std::memcpy(packed.data() + 1 + kSizeBytes, head.data(), head.size());
      }
      write_size(tail.size(), packed.data() + before);
      packed.resize(block + static_cast<std::size_t>(bytes));
      return;
    }
  }
  packed.assign(1, kAsItIs);
  packed.append(value);
}

absl::Status unpack(std::string_view packed, std::string& value) {
  if (packed.empty()) return damaged("it is empty");
  const char kind = packed[0];
  packed.remove_prefix(1);
  value.clear();
  if (kind == kAsItIs) {
    value.assign(packed);
    return absl::OkStatus();
  }
  if (kind == kLz4Tail) {
    if (packed.size() < kSizeBytes || read_size(packed) > packed.size() - kSizeBytes)
      return damaged("its head ends too early");
    const std::size_t plain = read_size(packed);
    value.assign(packed.substr(kSizeBytes, plain));
    packed.remove_prefix(kSizeBytes + plain);
  } else if (kind != kLz4) {
    return damaged("its kind is unknown");
  }
  return unpack_block(packed, value);
}

}  // namespace riffle::state
