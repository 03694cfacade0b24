#include "bus/segment.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include <unistd.h>

#include "base/hash.h"
#include "base/rng.h"
#include "bus/files.h"
#include "bus/segment_format.h"
#include "gtest/gtest.h"

namespace riffle::bus {
namespace {

class SegmentFile : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("riffle-segment-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory_);
    path_ = directory_ / "00000000000000000010.segment";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::string frame(std::int64_t offset, const std::string& value) {
    std::string out;
    append_frame(out, Offset(offset), from_ms(1000 + offset), {.key = "key", .value = value, .headers = {{"h", "1"}}});
    return out;
  }

  // Records 10 … 10 + count - 1; the byte at which each frame begins.
  std::vector<std::size_t> write(int count) {
    auto segment = Segment::create(path_, Offset(10), 1 << 20);
    EXPECT_TRUE(segment.ok()) << segment.status();
    std::vector<std::size_t> starts;
    for (int i = 0; i < count; ++i) {
      starts.push_back((*segment)->written_bytes());
      EXPECT_TRUE((*segment)->append(frame(10 + i, "value " + std::to_string(i))).ok());
    }
    EXPECT_TRUE((*segment)->sync().ok());
    (*segment)->publish();
    starts.push_back((*segment)->written_bytes());
    return starts;
  }

  void flip(std::size_t byte) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(byte));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(byte));
    file.put(static_cast<char>(old ^ 0x40));
  }

  std::filesystem::path directory_;
  std::string path_;
};

TEST_F(SegmentFile, IsReadAsItWasWritten) {
  write(5);
  auto segment = Segment::open_sealed(path_);
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ(*(*segment)->next_offset(), Offset(15));
  EXPECT_EQ(*(*segment)->newest(), from_ms(1014));
  auto place = (*segment)->locate(Offset(10));
  ASSERT_TRUE(place.ok());
  std::size_t position = place->position;
  for (int i = 0; i < 5; ++i) {
    const std::string_view bytes = (*segment)->bytes(position, place->end);
    ASSERT_TRUE(frame_is_sound(bytes));
    Record record;
    decode_frame(bytes, record);
    EXPECT_EQ(record.offset, Offset(10 + i));
    EXPECT_EQ(record.value, "value " + std::to_string(i));
    ASSERT_EQ(record.headers.size(), 1u);
    EXPECT_EQ(record.headers[0].name, "h");
    position += read_frame_head(bytes)->bytes;
  }
  EXPECT_EQ(position, place->end);
}

TEST_F(SegmentFile, ATailTornAtAnyByteIsCutBackToTheLastWholeRecordAndGrowsAgain) {
  const auto starts = write(4);
  const std::string whole = *read_file(path_);
  for (std::size_t cut = starts[1]; cut < whole.size(); ++cut) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << whole.substr(0, cut);
    auto segment = Segment::open_last(path_, 1 << 20);
    ASSERT_TRUE(segment.ok()) << cut << ": " << segment.status();
    std::size_t kept = 0;
    while (starts[kept + 1] <= cut) ++kept;
    EXPECT_EQ(*(*segment)->next_offset(), Offset(10 + static_cast<std::int64_t>(kept))) << cut;
    EXPECT_EQ(std::filesystem::file_size(path_), starts[kept]) << cut;
    ASSERT_TRUE((*segment)->append(frame(10 + static_cast<std::int64_t>(kept), "again")).ok());
    (*segment)->publish();
    EXPECT_EQ(*(*segment)->next_offset(), Offset(11 + static_cast<std::int64_t>(kept)));
  }
}

TEST_F(SegmentFile, ATailOfZeroesOrGarbageIsCut) {
  const auto starts = write(2);
  const std::string whole = *read_file(path_);
  Rng rng(7);
  std::string garbage;
  for (int i = 0; i < 500; ++i) garbage += static_cast<char>(rng.below(256));
  for (const std::string& tail : {std::string(4096, '\0'), garbage, frame(5, "an older record's frame")}) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << whole << tail;
    auto segment = Segment::open_last(path_, 1 << 20);
    ASSERT_TRUE(segment.ok()) << segment.status();
    EXPECT_EQ(*(*segment)->next_offset(), Offset(12));
    EXPECT_EQ(std::filesystem::file_size(path_), starts.back());
  }
}

TEST_F(SegmentFile, DamageAnywhereInASealedSegmentIsAnErrorThatNamesFileAndByte) {
  const auto starts = write(3);
  const std::string whole = *read_file(path_);
  for (std::size_t byte = kSegmentHeaderBytes; byte < whole.size(); ++byte) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << whole;
    flip(byte);
    auto segment = Segment::open_sealed(path_);
    ASSERT_TRUE(segment.ok()) << segment.status();
    std::size_t damaged = 0;
    while (starts[damaged + 1] <= byte) ++damaged;
    const absl::Status status = (*segment)->next_offset().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << byte;
    EXPECT_NE(status.message().find(path_), absl::string_view::npos) << status;
    EXPECT_NE(status.message().find("byte " + std::to_string(starts[damaged])), absl::string_view::npos) << status;
    // What lies before the damage can be read, what lies behind cannot.
    EXPECT_EQ((*segment)->locate(Offset(10)).ok(), damaged > 0);
    EXPECT_FALSE((*segment)->locate(Offset(10 + static_cast<std::int64_t>(damaged))).ok());
  }
}

TEST_F(SegmentFile, AHeaderThatIsDamagedOrOfAnotherFormatIsRefused) {
  write(1);
  flip(20);
  EXPECT_EQ(Segment::open_sealed(path_).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Segment::open_last(path_, 1 << 20).status().code(), absl::StatusCode::kDataLoss);
  std::string header = encode_segment_header(Offset(10));
  header[8] = 2;
  const std::uint64_t checksum = stable_hash(std::string_view(header).substr(0, 24));
  std::memcpy(header.data() + 24, &checksum, sizeof checksum);
  EXPECT_EQ(decode_segment_header(header).status().code(), absl::StatusCode::kFailedPrecondition);
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << header.substr(0, 12);
  EXPECT_EQ(Segment::open_last(path_, 1 << 20).status().code(), absl::StatusCode::kNotFound) << "never finished";
}

TEST_F(SegmentFile, ShowsReadersOnlyWhatIsPublished) {
  auto segment = *Segment::create(path_, Offset(10), 1 << 20);
  ASSERT_TRUE(segment->append(frame(10, "a")).ok());
  EXPECT_EQ(segment->locate(Offset(10))->end, kSegmentHeaderBytes);
  segment->publish();
  const std::size_t published = segment->locate(Offset(10))->end;
  EXPECT_GT(published, kSegmentHeaderBytes);
  ASSERT_TRUE(segment->append(frame(11, "taken back")).ok());
  segment->abandon();
  ASSERT_TRUE(segment->append(frame(11, "b")).ok());
  segment->publish();
  Record record;
  decode_frame(segment->bytes(published, segment->locate(Offset(10))->end), record);
  EXPECT_EQ(record.value, "b");
}

TEST_F(SegmentFile, LocatesAnyOffsetNoFartherThanItsMarks) {
  auto segment = *Segment::create("", Offset(0), 8 << 20);
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(segment->append(frame(3 * i, std::string(900, 'v'))).ok());
  segment->publish();
  for (std::int64_t offset = 0; offset < 6000; offset += 7) {
    auto place = *segment->locate(Offset(offset));
    const FrameHead head = *read_frame_head(segment->bytes(place.position, place.end));
    EXPECT_LE(head.offset.value(), offset);
    EXPECT_GT(head.offset.value(), offset - 3 * 20) << "16 KiB hold 17 of these records";
  }
}

TEST(SegmentFormat, HashesHaveTheirPublishedValues) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(murmur2("21"), static_cast<std::uint32_t>(-973932308));
  EXPECT_EQ(murmur2("foobar"), static_cast<std::uint32_t>(-790332482));
  EXPECT_EQ(murmur2("abc"), static_cast<std::uint32_t>(479470107));
  EXPECT_EQ(murmur2_partition("foobar", 10), Partition((-790332482 & 0x7fffffff) % 10));
  // Key "a" with librdkafka's "consistent" partitioner: crc32("a") mod 3.
  EXPECT_EQ(crc32_partition("a", 3), Partition(static_cast<std::int32_t>(0xE8B7BE43u % 3)));
}

TEST(SegmentFormat, AFrameWithATrueChecksumOverFalseNumbersIsNotSound) {
  std::string sound;
  append_frame(sound, Offset(1), from_ms(2), {.key = "k", .value = "v"});
  ASSERT_TRUE(frame_is_sound(sound));
  const auto with = [&](std::size_t at, auto lie) {
    std::string bytes = sound;
    std::memcpy(bytes.data() + 12 + at, &lie, sizeof lie);
    const std::uint64_t checksum = stable_hash(std::string_view(bytes).substr(8));
    std::memcpy(bytes.data(), &checksum, sizeof checksum);
    return bytes;
  };
  EXPECT_TRUE(frame_is_sound(with(0, std::int64_t{7}))) << "another offset is another record";
  EXPECT_FALSE(frame_is_sound(with(0, std::int64_t{-1})));
  EXPECT_FALSE(frame_is_sound(with(0, std::numeric_limits<std::int64_t>::max()))) << "there is no next offset";
  for (const std::size_t length : {16, 20})
    for (const std::int32_t lie : {1000, -2}) EXPECT_FALSE(frame_is_sound(with(length, lie))) << length << " " << lie;
}

TEST(SegmentFormat, AHeaderWithATrueChecksumOverANegativeOffsetIsDamaged) {
  EXPECT_EQ(decode_segment_header(encode_segment_header(Offset(-1))).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(*decode_segment_header(encode_segment_header(Offset(0))), Offset(0));
}

}  // namespace
}  // namespace riffle::bus
