#include "state/packed_value.h"

#include <lz4.h>

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace riffle::state {
namespace {

enum Kind : char { kAsItIs = 0, kLz4 = 1 };

constexpr std::size_t kSizeBytes = 4;
// Shorter ones have nothing to say twice.
constexpr std::size_t kWorthPacking = 256;
// No value is as large; what says that it is was not made by pack().
constexpr std::size_t kLargest = LZ4_MAX_INPUT_SIZE;

absl::Status damaged(std::string_view what) {
  return absl::DataLossError(absl::StrCat("a packed value is damaged: ", std::string(what)));
}

}  // namespace

void pack(std::string_view value, std::string& packed) {
  packed.clear();
  if (value.size() >= kWorthPacking && value.size() <= kLargest) {
    constexpr std::size_t kHead = 1 + kSizeBytes;
    const auto size = static_cast<int>(value.size());
    packed.resize(kHead + static_cast<std::size_t>(LZ4_compressBound(size)));
    const int bytes = LZ4_compress_default(value.data(), packed.data() + kHead, size, static_cast<int>(packed.size() - kHead));
    if (bytes > 0 && kHead + static_cast<std::size_t>(bytes) < value.size()) {
      packed[0] = kLz4;
      for (std::size_t i = 0; i < kSizeBytes; ++i) packed[1 + i] = static_cast<char>(value.size() >> (8 * i) & 0xff);
      packed.resize(kHead + static_cast<std::size_t>(bytes));
      return;
    }
    packed.clear();
  }
  packed.push_back(kAsItIs);
  packed.append(value);
}

absl::Status unpack(std::string_view packed, std::string& value) {
  if (packed.empty()) return damaged("it is empty");
  if (packed[0] == kAsItIs) {
    value.assign(packed.substr(1));
    return absl::OkStatus();
  }
  if (packed[0] != kLz4 || packed.size() < 1 + kSizeBytes) return damaged("its kind is unknown");
  std::size_t size = 0;
  for (std::size_t i = 0; i < kSizeBytes; ++i)
    size |= static_cast<std::size_t>(static_cast<unsigned char>(packed[1 + i])) << (8 * i);
  const std::string_view block = packed.substr(1 + kSizeBytes);
  // LZ4 makes at most 255 bytes of one: more would only be room for nothing.
  if (size > kLargest || size > 255 * block.size()) return damaged("its size is not possible");
  value.resize(size);
  const int bytes = LZ4_decompress_safe(block.data(), value.data(), static_cast<int>(block.size()), static_cast<int>(size));
  if (bytes < 0 || static_cast<std::size_t>(bytes) != size) return damaged("its block does not have its size");
  return absl::OkStatus();
}

}  // namespace riffle::state
