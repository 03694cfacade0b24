// The segment files of the local bus: once as they are, and once with their checksums set right, so
// that what stands behind a checksum is reached. A file that is opened holds sound frames with
// rising offsets, says the same when it is opened again, and takes more.
#include <limits>

#include "bus/segment.h"
#include "bus/segment_format.h"
#include "base/hash.h"
#include "input.h"

namespace {

using namespace riffle;
using namespace riffle::bus;

constexpr std::size_t kCapacity = 1 << 16;
constexpr std::size_t kHeaderSum = 24;
constexpr std::size_t kFrameSum = 8;

void put_sum(std::string& file, std::size_t at, std::uint64_t sum) {
  std::memcpy(file.data() + at, &sum, sizeof sum);
}

std::string with_checksums(std::string file) {
  if (file.size() < kSegmentHeaderBytes) return file;
  put_sum(file, kHeaderSum, stable_hash(std::string_view(file).substr(0, kHeaderSum)));
  for (std::size_t at = kSegmentHeaderBytes; at < file.size();) {
    const std::string_view rest = std::string_view(file).substr(at);
    const auto head = read_frame_head(rest);
    if (!head) break;
    put_sum(file, at, stable_hash(rest.substr(kFrameSum, head->bytes - kFrameSum)));
    at += head->bytes;
  }
  return file;
}

OutRecord as_written(const Record& record) {
  OutRecord out;
  out.key = record.key;
  out.value = record.value;
  out.headers = record.headers;
  return out;
}

// Every frame of what is visible; the number of them.
std::size_t check_frames(const Segment& segment) {
  const auto place = segment.locate(segment.base());
  RIFFLE_CHECK(place.ok());
  std::string_view rest = segment.bytes(place->position, place->end);
  Offset least = segment.base();
  std::size_t frames = 0;
  while (!rest.empty()) {
    RIFFLE_CHECK(frame_is_sound(rest));
    Record record;
    decode_frame(rest, record);
    RIFFLE_CHECK(record.offset >= least, record.offset, least);
    least = next(record.offset);
    std::string again;
    append_frame(again, record.offset, record.timestamp, as_written(record));
    RIFFLE_CHECK(again == rest.substr(0, again.size()));
    rest.remove_prefix(again.size());
    ++frames;
  }
  const auto after = segment.next_offset();
  RIFFLE_CHECK(after.ok() && *after == least);
  return frames;
}

void run(const std::string& content) {
  static fuzz::MemoryFile file;
  file.set(content);
  std::size_t frames = 0;
  {
    // Sealed, it is not repaired: what comes before the damage is read, the damage is an error.
    const auto sealed = Segment::open_sealed(file.path());
    if (sealed.ok() && (*sealed)->next_offset().ok()) frames = check_frames(**sealed);
  }
  {
    const auto last = Segment::open_last(file.path(), kCapacity);
    if (!last.ok()) return;
    RIFFLE_CHECK((*last)->written_bytes() == (*last)->visible_bytes());
    const std::size_t kept = check_frames(**last);
    RIFFLE_CHECK(kept >= frames);
    frames = kept;
    if (*(*last)->next_offset() == Offset(std::numeric_limits<std::int64_t>::max())) return;  // the last record there can be
    std::string more;
    append_frame(more, *(*last)->next_offset(), from_ms(1), {.key = "key", .headers = {{"h", "1"}}});
    if (!(*last)->fits(more.size())) return;
    RIFFLE_CHECK((*last)->append(more).ok() && (*last)->sync().ok());
    (*last)->publish();
    RIFFLE_CHECK(check_frames(**last) == frames + 1);
  }
  const auto again = Segment::open_sealed(file.path());
  RIFFLE_CHECK(again.ok() && check_frames(**again) == frames + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string content(reinterpret_cast<const char*>(data), size);
  run(content);
  run(with_checksums(content));
  return 0;
}
