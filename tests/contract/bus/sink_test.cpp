// What every bus promises to those who write: tickets, refusals, bounds, topics.
#include <map>
#include <thread>

#include "bus_fixture.h"

namespace riffle::bus {
namespace {

using Sinks = BusContract;
INSTANTIATE_TEST_SUITE_P(Bus, Sinks, testing::Values(Kind::kMemory, Kind::kDirectory, Kind::kKafka), kind_name);

TEST_P(Sinks, NumberTheirTicketsAndAcknowledgeAllOfThem) {
  const std::string topic = make_topic("tickets", 3);
  auto to = sink({.linger = 5ms});
  EXPECT_EQ(to->acknowledged(), 0u);
  EXPECT_TRUE(to->wait_acknowledged(0, 0ms));
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    const auto ticket = to->send({.topic = topic, .key = std::to_string(i), .value = "v"});
    ASSERT_TRUE(ticket.ok()) << ticket.status();
    EXPECT_EQ(*ticket, i);
  }
  ASSERT_TRUE(to->wait_acknowledged(1000, kLong));
  EXPECT_EQ(to->acknowledged(), 1000u);
  EXPECT_FALSE(to->wait_acknowledged(1001, 1ms));
  EXPECT_TRUE(to->take_refusals().empty());
  EXPECT_TRUE(to->connected());
}

TEST_P(Sinks, KeepTheOrderOfWhatLeavesAtOnce) {
  const std::string topic = make_topic("at_once", 2);
  auto to = sink();
  constexpr std::uint64_t kRecords = 5000;
  for (std::uint64_t i = 1; i <= kRecords; ++i)
    ASSERT_TRUE(to->send({.topic = topic, .partition = Partition(static_cast<std::int32_t>(i % 2)), .key = "k", .value = std::to_string(i)}).ok());
  ASSERT_TRUE(to->wait_acknowledged(kRecords, kLong));
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}, {{topic, Partition(1)}, kEarliest}}).ok());
  const Seen seen = poll_records(*from, kRecords);
  ASSERT_EQ(seen.records.size(), kRecords);
  std::uint64_t last[2] = {};
  for (const Got& record : seen.records) {
    std::uint64_t& before = last[record.partition];
    const std::uint64_t number = std::stoull(*record.value);
    ASSERT_GT(number, before);
    before = number;
  }
}

// Of a topic that the sink has not met yet, whose partitions it learns while it sends.
TEST_P(Sinks, KeepTheOrderOfEachKeyWhateverItsPartition) {
  const std::string topic = make_topic("keys", 3);
  auto to = sink();
  constexpr std::uint64_t kRecords = 20'000, kKeys = 7;
  std::uint64_t ticket = 0;
  for (std::uint64_t i = 1; i <= kRecords; ++i) {
    const auto sent = to->send({.topic = topic, .key = "k" + std::to_string(i % kKeys), .value = std::to_string(i)});
    ASSERT_TRUE(sent.ok()) << sent.status();
    ticket = *sent;
  }
  ASSERT_TRUE(to->wait_acknowledged(ticket, 60s));
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}, {{topic, Partition(1)}, kEarliest}, {{topic, Partition(2)}, kEarliest}}).ok());
  const Seen seen = poll_records(*from, kRecords);
  ASSERT_EQ(seen.records.size(), kRecords);
  std::map<std::string, std::uint64_t> last;
  for (const Got& record : seen.records) {
    std::uint64_t& before = last[*record.key];
    const std::uint64_t number = std::stoull(*record.value);
    ASSERT_GT(number, before) << *record.key;
    before = number;
  }
}

TEST_P(Sinks, WhatIsAcknowledgedIsThere) {
  const std::string topic = make_topic("there", 1);
  auto to = sink();
  auto from = source();
  for (int i = 1; i <= 20; ++i) {
    const auto ticket = to->send({.topic = topic, .key = "k", .value = "v"});
    ASSERT_TRUE(to->wait_acknowledged(*ticket, kLong));
    EXPECT_EQ(from->watermarks({topic, Partition(0)})->high, Offset(i));
  }
}

TEST_P(Sinks, RefuseWhatIsTooLargeForTheTopicAndKeepTheOrderOfTheRest) {
  const std::string topic = make_topic("large", 1, {{"max.message.bytes", "2000"}});
  auto to = sink({.linger = 20ms});
  std::uint64_t ticket = 0;
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    const bool large = i == 57 || i == 140;
    const std::string value = std::to_string(i) + (large ? std::string(5000, 'x') : std::string(100, '.'));
    const auto sent = to->send({.topic = topic, .key = large ? "large" : "k", .value = value});
    ASSERT_TRUE(sent.ok()) << sent.status();
    ticket = *sent;
    if (!large) expected.push_back(value);
  }
  ASSERT_TRUE(to->wait_acknowledged(ticket, 60s));
  const auto refusals = to->take_refusals();
  ASSERT_EQ(refusals.size(), 2u);
  for (const Refusal& refusal : refusals) {
    EXPECT_EQ(refusal.topic, topic);
    EXPECT_EQ(refusal.key, "large");
    EXPECT_GT(refusal.bytes, 5000u);
    EXPECT_EQ(refusal.status.code(), absl::StatusCode::kInvalidArgument) << refusal.status;
  }
  EXPECT_TRUE(to->take_refusals().empty());
  auto from = source();
  ASSERT_TRUE(from->assign({{{topic, Partition(0)}, kEarliest}}).ok());
  const Seen seen = poll_records(*from, expected.size());
  ASSERT_EQ(seen.records.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(seen.records[i].value, expected[i]) << i;
}

TEST_P(Sinks, RefuseUnknownTopicsAndPartitions) {
  const std::string topic = make_topic("known", 2);
  auto to = sink();
  ASSERT_TRUE(to->send({.topic = topic, .partition = Partition(5), .key = "far", .value = "v"}).ok());
  ASSERT_TRUE(to->send({.topic = name_ + ".nowhere", .key = "nowhere", .value = "v"}).ok());
  const auto good = to->send({.topic = topic, .key = "k", .value = "v"});
  ASSERT_TRUE(good.ok());
  ASSERT_TRUE(to->wait_acknowledged(*good, 40s));
  const auto refusals = to->take_refusals();
  ASSERT_EQ(refusals.size(), 2u);
  for (const Refusal& refusal : refusals) EXPECT_EQ(refusal.status.code(), absl::StatusCode::kNotFound) << refusal.status;
}

TEST_P(Sinks, BoundWhatIsUnacknowledgedByWaiting) {
  const std::string topic = make_topic("bound", 1);
  auto to = sink({.linger = 1ms, .max_unacknowledged_bytes = 10'000});
  const std::string value(1000, 'v');
  for (int i = 0; i < 200; ++i) {
    const auto ticket = to->send({.topic = topic, .key = "k", .value = value});
    ASSERT_TRUE(ticket.ok());
    EXPECT_LE(*ticket - to->acknowledged(), 10u);
  }
  const auto larger_than_the_bound = to->send({.topic = topic, .key = "k", .value = std::string(20'000, 'v')});
  ASSERT_TRUE(larger_than_the_bound.ok());
  EXPECT_TRUE(to->wait_acknowledged(*larger_than_the_bound, kLong));
}

TEST_P(Sinks, TakeRecordsFromManyThreads) {
  const std::string topic = make_topic("threads", 4);
  auto to = sink({.linger = 1ms});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string value = std::to_string(i);
        ASSERT_TRUE(to->send({.topic = topic, .partition = Partition(t), .key = "k", .value = value}).ok());
      }
    });
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(to->wait_acknowledged(2000, kLong));
  auto from = source();
  std::vector<Position> all;
  for (int t = 0; t < 4; ++t) all.push_back({{topic, Partition(t)}, kEarliest});
  ASSERT_TRUE(from->assign(all).ok());
  std::vector<int> next(4);
  for (const Got& got : poll_records(*from, 2000).records)
    EXPECT_EQ(got.value, std::to_string(next[static_cast<std::size_t>(got.partition)]++));
}

TEST_P(Sinks, TopicsAreCreatedOnceAndComparedAfterwards) {
  const std::string topic = make_topic("spec", 3);
  EXPECT_EQ(make_topic("spec", 3), topic);  // again: nothing to do
  const auto info = bus_->describe(topic);
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_TRUE(info->has_value());
  EXPECT_EQ((*info)->partitions, 3);
  TopicSpec other, fresh;
  fresh.name = name_ + ".fresh";
  other.name = topic;
  other.partitions = 5;
  const absl::Status mismatch = bus_->create_topics({fresh, other});
  EXPECT_EQ(mismatch.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(mismatch.message().find("3 partitions"), absl::string_view::npos) << mismatch;
  EXPECT_NE(mismatch.message().find("not 5"), absl::string_view::npos) << mismatch;
  EXPECT_FALSE(bus_->describe(fresh.name)->has_value()) << "nothing is created where one topic does not fit";
  EXPECT_EQ((*bus_->describe(topic))->partitions, 3);
}

TEST_P(Sinks, UnknownTopicSettingsAreRefusedByName) {
  TopicSpec spec;
  spec.name = name_ + ".settings";
  spec.config["max.mesage.bytes"] = "17";
  const absl::Status status = bus_->create_topics({spec});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_NE(status.message().find("max.mesage.bytes"), absl::string_view::npos) << status;
}

TEST_P(Sinks, TheBusHasOneNameForEver) {
  const auto id = bus_->cluster_id();
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_FALSE(id->empty());
  EXPECT_EQ(*bus_->cluster_id(), *id);
}

}  // namespace
}  // namespace riffle::bus
