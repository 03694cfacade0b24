#include "bus/segment_format.h"

#include <bit>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"

namespace riffle::bus {
namespace {

static_assert(std::endian::native == std::endian::little, "segment files are little-endian");

constexpr std::string_view kMagic = "RIFFLSEG";
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kPrefixBytes = kChecksumBytes + 4;
constexpr std::size_t kBodyFixedBytes = 28;

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <class T>
T get(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

std::int32_t nullable_size(const std::optional<std::string_view>& bytes) {
  return bytes ? static_cast<std::int32_t>(bytes->size()) : -1;
}

std::size_t present(std::int32_t size) { return size < 0 ? 0 : static_cast<std::size_t>(size); }

}  // namespace

std::string encode_segment_header(Offset base) {
  std::string out(kMagic);
  put(out, kSegmentFormat);
  put(out, std::uint32_t{0});
  put(out, base.value());
  put(out, stable_hash(out));
  return out;
}

absl::StatusOr<Offset> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic)
    return fatal_error(absl::StatusCode::kDataLoss, "is not a segment file, or its header is damaged");
  if (get<std::uint64_t>(bytes.data() + 24) != stable_hash(bytes.substr(0, 24)))
    return fatal_error(absl::StatusCode::kDataLoss, "has a damaged header (checksum)");
  if (const auto format = get<std::uint32_t>(bytes.data() + 8); format != kSegmentFormat)
    return fatal_error(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat("has segment format ", format, ", this build reads format ", kSegmentFormat));
  const auto base = get<std::int64_t>(bytes.data() + 16);
  if (base < 0) return fatal_error(absl::StatusCode::kDataLoss, absl::StrCat("has a base offset that cannot be: ", base));
  return Offset(base);
}

std::size_t frame_bytes(const OutRecord& record) {
  std::size_t bytes = kFrameOverheadBytes + (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  for (const Header& header : record.headers) bytes += 8 + header.name.size() + header.value.size();
  return bytes;
}

void append_frame(std::string& out, Offset offset, TimePoint timestamp, const OutRecord& record) {
  const std::size_t start = out.size();
  put(out, std::uint64_t{0});
  put(out, static_cast<std::uint32_t>(frame_bytes(record) - kPrefixBytes));
  put(out, offset.value());
  put(out, to_ms(timestamp));
  put(out, nullable_size(record.key));
  put(out, nullable_size(record.value));
  put(out, static_cast<std::uint32_t>(record.headers.size()));
  if (record.key) out.append(*record.key);
  if (record.value) out.append(*record.value);
  for (const Header& header : record.headers) {
    put(out, static_cast<std::uint32_t>(header.name.size()));
    put(out, static_cast<std::uint32_t>(header.value.size()));
    out.append(header.name).append(header.value);
  }
  const std::uint64_t checksum = stable_hash(std::string_view(out).substr(start + kChecksumBytes));
  std::memcpy(out.data() + start, &checksum, sizeof checksum);
}

std::optional<FrameHead> read_frame_head(std::string_view bytes) {
  if (bytes.size() < kFrameOverheadBytes) return std::nullopt;
  const std::size_t body = get<std::uint32_t>(bytes.data() + kChecksumBytes);
  if (body < kBodyFixedBytes || body > bytes.size() - kPrefixBytes) return std::nullopt;
  return FrameHead{Offset(get<std::int64_t>(bytes.data() + kPrefixBytes)),
                   from_ms(get<std::int64_t>(bytes.data() + kPrefixBytes + 8)), kPrefixBytes + body};
}

bool frame_is_sound(std::string_view bytes) {
  const auto head = read_frame_head(bytes);
  if (!head) return false;
  const std::string_view frame = bytes.substr(0, head->bytes);
  if (get<std::uint64_t>(frame.data()) != stable_hash(frame.substr(kChecksumBytes))) return false;
  // A writer's fault could have given a false number a true checksum; a reader must not run out of the frame then, nor
  // out of the offsets.
  constexpr std::int64_t kMostOffset = std::numeric_limits<std::int64_t>::max() - 1;
  if (head->offset.value() < 0 || head->offset.value() > kMostOffset) return false;
  const char* body = frame.data() + kPrefixBytes;
  if (get<std::int32_t>(body + 16) < -1 || get<std::int32_t>(body + 20) < -1) return false;
  std::size_t used = kFrameOverheadBytes;
  const auto take = [&](std::size_t n) { return n <= frame.size() - used ? (used += n, true) : false; };
  if (!take(present(get<std::int32_t>(body + 16))) || !take(present(get<std::int32_t>(body + 20)))) return false;
  for (auto headers = get<std::uint32_t>(body + 24); headers > 0; --headers) {
    const char* at = frame.data() + used;
    if (!take(8)) return false;
    if (!take(get<std::uint32_t>(at)) || !take(get<std::uint32_t>(at + 4))) return false;
  }
  return used == frame.size();
}

void decode_frame(std::string_view bytes, Record& out) {
  const char* at = bytes.data() + kPrefixBytes;
  out.offset = Offset(get<std::int64_t>(at));
  out.timestamp = from_ms(get<std::int64_t>(at + 8));
  const auto key = get<std::int32_t>(at + 16);
  const auto value = get<std::int32_t>(at + 20);
  const auto headers = get<std::uint32_t>(at + 24);
  at += kBodyFixedBytes;
  if (key >= 0) out.key.emplace(at, present(key));
  at += present(key);
  if (value >= 0) out.value.emplace(at, present(value));
  at += present(value);
  out.headers.reserve(headers);
  for (std::uint32_t i = 0; i < headers; ++i) {
    const std::size_t name_bytes = get<std::uint32_t>(at), value_bytes = get<std::uint32_t>(at + 4);
    out.headers.push_back({{at + 8, name_bytes}, {at + 8 + name_bytes, value_bytes}});
    at += 8 + name_bytes + value_bytes;
  }
}

}  // namespace riffle::bus
