// Protobuf's wire format by hand, for the rows that are written and read by the hundred thousand:
// it costs half of what the generated classes take, and their messages would still have to be
// copied. tests/records/rows_codec_test.cpp holds the bytes equal to those of the generated
// classes.
//
// WireWriter writes into memory that its caller sized for the worst case; WireReader never reads
// beyond its bytes and answers ok() = false for good once anything is broken.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace riffle::records {

static_assert(std::endian::native == std::endian::little,
              "the wire is little-endian, and so is this code");

enum class WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::size_t kLongestVarint = 10;

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// Proto3: a scalar with the default's bits is not written. Field numbers are below 16, so that a
// tag is one byte.
class WireWriter {
 public:
  explicit WireWriter(char* to) : at_(to) {}
  char* at() const { return at_; }

  void tag(std::uint32_t field, WireType type) {
    *at_++ = static_cast<char>(field << 3 | static_cast<std::uint32_t>(type));
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      *at_++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at_++ = static_cast<char>(value);
  }
  template <class T>
  void raw(T value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void bytes(std::string_view text) {
    varint(text.size());
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  void unsigned_field(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    tag(field, WireType::kVarint);
    varint(value);
  }
  void signed_field(std::uint32_t field, std::int64_t value) {
    unsigned_field(field, zigzag(value));
  }
  void fixed_field(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    tag(field, WireType::kFixed64);
    raw(value);
  }
  void double_field(std::uint32_t field, double value) {
    fixed_field(field, std::bit_cast<std::uint64_t>(value));
  }
  void float_field(std::uint32_t field, float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (bits == 0) return;
    tag(field, WireType::kFixed32);
    raw(bits);
  }
  void string_field(std::uint32_t field, std::string_view text) {
    if (text.empty()) return;
    tag(field, WireType::kBytes);
    bytes(text);
  }
  // A submessage shorter than 128 bytes: its length is one byte, filled in afterwards.
  template <class F>
  void short_message(std::uint32_t field, F&& write_members) {
    tag(field, WireType::kBytes);
    char* length = at_++;
    write_members();
    *length = static_cast<char>(at_ - length - 1);
  }

 private:
  char* at_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  // The next field, until the end or a fault. Its payload must be taken with one of the calls
  // below, or skipped.
  bool next(std::uint32_t& field, WireType& type) {
    if (!ok_ || at_ == end_) return false;
    const std::uint64_t tag = varint();
    field = static_cast<std::uint32_t>(tag >> 3);
    type = static_cast<WireType>(tag & 7);
    if (field == 0 || tag > 0xFFFFFFFFULL) ok_ = false;
    return ok_;
  }
  // Takes a tag that comes next where fields stand in their order, as our writer leaves them.
  bool take(std::uint32_t field, WireType type) {
    if (at_ == end_ || *at_ != static_cast<char>(field << 3 | static_cast<std::uint32_t>(type)))
      return false;
    ++at_;
    return true;
  }
  std::uint64_t varint() {
    if (at_ != end_ && *at_ >= 0)
      return static_cast<std::uint64_t>(*at_++);  // one byte: lengths and most counts
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  template <class T>
  T raw() {
    T value{};
    if (left() < sizeof value) {
      ok_ = false;
      at_ = end_;
      return value;
    }
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string_view bytes() { return block(varint()); }
  std::string_view block(std::uint64_t size) {
    if (!ok_ || size > left()) {
      ok_ = false;
      at_ = end_;
      return {};
    }
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }
  // What a newer version wrote and this one does not know.
  void skip(WireType type) {
    switch (type) {
      case WireType::kVarint:
        varint();
        return;
      case WireType::kFixed64:
        raw<std::uint64_t>();
        return;
      case WireType::kBytes:
        bytes();
        return;
      case WireType::kFixed32:
        raw<std::uint32_t>();
        return;
    }
    fail();
  }
  void fail() { ok_ = false; }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace riffle::records
