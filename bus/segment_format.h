// The bytes of a segment file, format 1. All numbers little-endian.
//
//   file   := header frame*
//   header := "RIFFLSEG" | u32 format | u32 0 | i64 base offset | u64 XXH3-64 of the 24 bytes before
//   frame  := u64 XXH3-64 of all that follows | u32 bytes of the body | body
//   body   := i64 offset | i64 record time, ms | i32 key bytes, -1: none | i32 value bytes, -1: none | u32 headers
//             | key | value | (u32 name bytes | u32 value bytes | name | value) per header
//
// Offsets rise from frame to frame; compaction and retention leave gaps, so each frame carries its own. The checksum
// covers the length, so zeroes (a tail that the disk never wrote) are never a frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/time.h"
#include "bus/bus.h"

namespace riffle::bus {

constexpr std::uint32_t kSegmentFormat = 1;
constexpr std::size_t kSegmentHeaderBytes = 32;
constexpr std::size_t kFrameOverheadBytes = 8 + 4 + 28;  // an empty record's frame

std::string encode_segment_header(Offset base);
// The base offset; DataLoss where the header is damaged, FailedPrecondition where its format is another.
absl::StatusOr<Offset> decode_segment_header(std::string_view bytes);

// Bytes of the record's frame.
std::size_t frame_bytes(const OutRecord& record);
void append_frame(std::string& out, Offset offset, TimePoint timestamp, const OutRecord& record);

// What steps over frames need, read without the checksum.
struct FrameHead {
  Offset offset;
  TimePoint timestamp;
  std::size_t bytes = 0;  // of the whole frame
};
// None where `bytes` does not begin with a whole frame (its content may still be damaged).
std::optional<FrameHead> read_frame_head(std::string_view bytes);
// True where the frame is whole, its checksum holds and its inner lengths add up.
bool frame_is_sound(std::string_view bytes);
// Views into `bytes`, which begins with a sound frame. `topic` and `partition` are left alone.
void decode_frame(std::string_view bytes, Record& out);

}  // namespace riffle::bus
