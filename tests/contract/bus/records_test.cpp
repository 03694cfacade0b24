// What every bus promises about single records: content, order, placing, positions.
#include <thread>

#include "base/hash.h"
#include "bus_fixture.h"

namespace riffle::bus {
namespace {

using Records = BusContract;
INSTANTIATE_TEST_SUITE_P(Bus, Records, testing::Values(Kind::kMemory, Kind::kDirectory, Kind::kKafka), kind_name);

TEST_P(Records, ArriveInTheOrderOfTheirPartitionWithRisingOffsets) {
  const std::string topic = make_topic("order", 2);
  fill(topic, 0, 500);
  fill(topic, 1, 300);
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}, {{topic, Partition(1)}, Offset(0)}}).ok());
  const Seen seen = poll_records(*from, 800);
  ASSERT_EQ(seen.records.size(), 800u);
  std::int64_t next[2] = {0, 0};
  for (const Got& got : seen.records) {
    EXPECT_EQ(got.topic, topic);
    EXPECT_EQ(got.offset, next[got.partition]);
    EXPECT_EQ(got.value, std::to_string(next[got.partition]));
    ++next[got.partition];
  }
  EXPECT_EQ(next[0], 500);
  EXPECT_EQ(next[1], 300);
}

TEST_P(Records, KeepKeysNullsEmptiesHeadersAndTimestamps) {
  const std::string topic = make_topic("content", 1);
  auto to = sink();
  const TimePoint then = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()) - 1h;
  const std::string binary("\0\x01\xff\n", 4);
  ASSERT_TRUE(to->send({.topic = topic, .partition = Partition(0), .key = "k", .value = binary,
                        .headers = {{"a", "1"}, {"a", binary}, {"empty", ""}}, .timestamp = then}).ok());
  ASSERT_TRUE(to->send({.topic = topic, .partition = Partition(0), .key = "tombstone", .value = std::nullopt}).ok());
  ASSERT_TRUE(to->send({.topic = topic, .partition = Partition(0), .key = std::nullopt, .value = ""}).ok());
  auto last = to->send({.topic = topic, .partition = Partition(0), .key = "", .value = std::string_view("v")});
  ASSERT_TRUE(last.ok());
  ASSERT_TRUE(to->wait_acknowledged(*last, kLong));
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}}).ok());
  const auto records = poll_records(*from, 4).records;
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0].key, "k");
  EXPECT_EQ(records[0].value, binary);
  EXPECT_EQ(records[0].timestamp_ms, to_ms(then));
  const std::vector<std::pair<std::string, std::string>> headers = {{"a", "1"}, {"a", binary}, {"empty", ""}};
  EXPECT_EQ(records[0].headers, headers);
  EXPECT_EQ(records[1].key, "tombstone");
  EXPECT_EQ(records[1].value, std::nullopt);
  EXPECT_NEAR(static_cast<double>(records[1].timestamp_ms), static_cast<double>(to_ms(then) + 3'600'000), 60'000.0);
  EXPECT_EQ(records[2].key, std::nullopt);
  EXPECT_EQ(records[2].value, "");
  EXPECT_EQ(records[3].key, "");
}

TEST_P(Records, OfATopicWithLogAppendTimeCarryTheBusesTime) {
  const std::string topic = make_topic("append-time", 1, {{"message.timestamp.type", "LogAppendTime"}});
  auto to = sink();
  const auto sent = to->send({.topic = topic, .key = "k", .value = "v", .timestamp = from_ms(1'000'000'000'000)});
  ASSERT_TRUE(sent.ok());
  ASSERT_TRUE(to->wait_acknowledged(*sent, kLong));
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}}).ok());
  const auto records = poll_records(*from, 1).records;
  const TimePoint now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  EXPECT_NEAR(static_cast<double>(records[0].timestamp_ms), static_cast<double>(to_ms(now)), 60'000.0);
}

TEST_P(Records, GoToThePartitionThatJavaClientsChoose) {
  const std::string topic = make_topic("placing", 7);
  // Hashes of Kafka's own tests (UtilsTest.testMurmur2): partition = (hash & 0x7fffffff) mod 7.
  const std::vector<std::pair<std::string, std::int32_t>> known = {
      {"21", -973932308}, {"foobar", -790332482}, {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829}, {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971}, {"abc", 479470107}};
  auto to = sink();
  std::uint64_t ticket = 0;
  for (const auto& [key, hash] : known) ticket = *to->send({.topic = topic, .key = key, .value = "v"});
  ASSERT_TRUE(to->wait_acknowledged(ticket, kLong));
  auto from = source();
  std::vector<Position> all;
  for (int p = 0; p < 7; ++p) all.push_back({{topic, Partition(p)}, kEarliest});
  ASSERT_TRUE(from->assign(all).ok());
  const Seen seen = poll_records(*from, known.size());
  for (const auto& [key, hash] : known) {
    const auto got = std::find_if(seen.records.begin(), seen.records.end(), [&k = key](const Got& g) { return g.key == k; });
    ASSERT_NE(got, seen.records.end()) << key;
    EXPECT_EQ(got->partition, (hash & 0x7fffffff) % 7) << key;
    EXPECT_EQ(murmur2(key), static_cast<std::uint32_t>(hash)) << key;
  }
}

TEST_P(Records, StayReadableAsLongAsTheirBatch) {
  const std::string topic = make_topic("views", 1);
  fill(topic, 0, 10);
  Batch kept;
  {
    auto from = source();
    ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}}).ok());
    const auto until = std::chrono::steady_clock::now() + kLong;
    while (kept.records.empty() && std::chrono::steady_clock::now() < until) kept = *from->poll(10, 100ms);
  }
  ASSERT_FALSE(kept.records.empty());
  EXPECT_EQ(kept.records[0].value, "0");
  EXPECT_EQ(kept.records[0].topic, topic);
}

TEST_P(Records, AreReadFromTheGivenPosition) {
  const std::string topic = make_topic("position", 1);
  fill(topic, 0, 20);
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, Offset(15)}}).ok());
  const Seen seen = poll_records(*from, 5);
  EXPECT_EQ(seen.records.front().offset, 15);
  EXPECT_EQ(seen.records.back().offset, 19);
  // A new assignment replaces the old one, backwards too.
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, Offset(3)}}).ok());
  EXPECT_EQ(poll_records(*from, 1).records.front().offset, 3);
}

TEST_P(Records, FromTheLatestPositionAreThoseWrittenAfterwards) {
  const std::string topic = make_topic("latest", 1);
  fill(topic, 0, 5);
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kLatest}}).ok());
  const Seen end = poll_until(*from, [](const Seen& seen) { return !seen.ends.empty(); });
  EXPECT_TRUE(end.records.empty());
  fill(topic, 0, 1);
  const Seen seen = poll_records(*from, 1);
  EXPECT_EQ(seen.records[0].offset, 5);
}

TEST_P(Records, PositionsOutsideOfTheLogAreErrorsSaidOnce) {
  const std::string topic = make_topic("range", 2);
  fill(topic, 0, 3);
  fill(topic, 1, 3);
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, Offset(4)}, {{topic, Partition(1)}, Offset(0)}}).ok());
  const Seen seen = poll_until(*from, [](const Seen& s) { return !s.errors.empty() && s.records.size() == 3; });
  ASSERT_EQ(seen.errors.size(), 1u);
  EXPECT_EQ(seen.errors[0].where, (TopicPartition{topic, Partition(0)}));
  EXPECT_EQ(seen.errors[0].status.code(), absl::StatusCode::kOutOfRange) << seen.errors[0].status;
  for (const Got& got : seen.records) EXPECT_EQ(got.partition, 1);
  fill(topic, 0, 2);  // now offset 4 is there, but what was refused stays refused until it is assigned again
  auto batch = from->poll(10, 300ms);
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(batch->errors.empty());
  EXPECT_TRUE(batch->records.empty());
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, Offset(4)}}).ok());
  EXPECT_EQ(poll_records(*from, 1).records[0].offset, 4);
}

TEST_P(Records, AtTheHighWatermarkIsInsideOfTheLog) {
  const std::string topic = make_topic("edge", 1);
  fill(topic, 0, 3);
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, Offset(3)}}).ok());
  const Seen seen = poll_until(*from, [](const Seen& s) { return !s.ends.empty() || !s.errors.empty(); });
  EXPECT_TRUE(seen.errors.empty());
  fill(topic, 0, 1);
  EXPECT_EQ(poll_records(*from, 1).records[0].offset, 3);
}

TEST_P(Records, OfAnUnknownTopicAreAnError) {
  auto from = source();
  ASSERT_TRUE(from->assign({{{name_ + ".nowhere", Partition(0)}, Offset(0)}}).ok());
  const Seen seen = poll_until(*from, [](const Seen& s) { return !s.errors.empty(); });
  EXPECT_EQ(seen.errors[0].status.code(), absl::StatusCode::kNotFound) << seen.errors[0].status;
}

TEST_P(Records, EndsAreSaidEachTimeTheyAreReached) {
  const std::string topic = make_topic("ends", 1);
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}}).ok());
  poll_until(*from, [](const Seen& s) { return !s.ends.empty(); });
  fill(topic, 0, 2);
  const Seen seen = poll_until(*from, [](const Seen& s) { return s.records.size() == 2 && !s.ends.empty(); });
  EXPECT_EQ(seen.ends.back(), (TopicPartition{topic, Partition(0)}));
}

TEST_P(Records, OfAPausedPartitionWait) {
  const std::string topic = make_topic("pause", 2);
  auto from = source();
  const TopicPartition paused{topic, Partition(0)}, other{topic, Partition(1)};
  ASSERT_TRUE(from->assign({{paused, kEarliest}, {other, kEarliest}}).ok());
  poll_until(*from, [](const Seen& s) { return s.ends.size() == 2; });
  ASSERT_TRUE(from->pause({paused}).ok());
  fill(topic, 0, 3);
  fill(topic, 1, 3);
  const Seen seen = poll_records(*from, 3);
  for (const Got& got : seen.records) EXPECT_EQ(got.partition, 1);
  ASSERT_TRUE(from->resume({paused}).ok());
  const Seen rest = poll_records(*from, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rest.records[static_cast<std::size_t>(i)].partition, 0);
    EXPECT_EQ(rest.records[static_cast<std::size_t>(i)].offset, i);
  }
}

TEST_P(Records, WatermarksBoundTheLog) {
  const std::string topic = make_topic("watermarks", 1);
  auto from = source();
  fill(topic, 0, 7);
  const auto marks = from->watermarks({topic, Partition(0)});
  ASSERT_TRUE(marks.ok()) << marks.status();
  EXPECT_EQ(marks->low, Offset(0));
  EXPECT_EQ(marks->high, Offset(7));
  EXPECT_EQ(from->watermarks({topic, Partition(9)}).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(Records, AWaitingPollReturnsWhenItIsWoken) {
  const std::string topic = make_topic("wake", 1);
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kLatest}}).ok());
  poll_until(*from, [](const Seen& s) { return !s.ends.empty(); });
  const auto began = std::chrono::steady_clock::now();
  std::thread other([&] { from->wake(); });
  const auto batch = from->poll(10, kLong);
  other.join();
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(batch->records.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - began, kLong / 2);
  // Woken between two polls counts for the next one.
  from->wake();
  ASSERT_TRUE(from->poll(10, kLong).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, kLong / 2);
}

}  // namespace
}  // namespace riffle::bus
