#include "bus/topics.h"

#include <algorithm>
#include <set>

#include "bus/kafka_bus.h"
#include "bus/local_bus.h"
#include "bus/range_assignor.h"
#include "gtest/gtest.h"

namespace riffle::bus {
namespace {

TEST(Topics, AllHaveTheirPrefixAndTheShardsTopicsOnePartitionCount) {
  TopicsOptions options;
  options.prefix = "shop.";
  options.partitions = 6;
  options.replication_factor = 3;
  const auto topics = riffle_topics(options);
  const TopicNames names("shop.");
  EXPECT_EQ(topics.size(), 10u);
  std::set<std::string> seen, compacted;
  for (const TopicSpec& topic : topics) {
    seen.insert(topic.name);
    EXPECT_EQ(topic.name.rfind("shop.", 0), 0u);
    EXPECT_EQ(topic.replication_factor, 3);
    EXPECT_EQ(topic.config.at("max.message.bytes"), "4194304");
    EXPECT_EQ(topic.config.at("message.timestamp.type"), "LogAppendTime");
    const bool global = topic.name == names.items || topic.name == names.policy;
    EXPECT_EQ(topic.partitions, global ? 1 : 6) << topic.name;
    if (topic.cleanup == Cleanup::kCompact) compacted.insert(topic.name);
    EXPECT_EQ(topic.retention.has_value(), topic.cleanup == Cleanup::kDelete) << topic.name;
  }
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(compacted, (std::set<std::string>{names.users, names.items, names.item_stats, names.policy}));
  EXPECT_EQ(names.dead_letters, "shop.dead-letters");
  EXPECT_EQ(names.item_stats, "shop.item-stats");
}

// A replay begins with the journal's first entry, however long the worker has run.
TEST(Topics, TheJournalIsKeptForEverUnlessToldOtherwise) {
  TopicsOptions options;
  options.retention = Milliseconds(1000);
  const auto retention_of = [&](const std::string& name) {
    for (const TopicSpec& topic : riffle_topics(options))
      if (topic.name == name) return topic.retention.value();
    return Milliseconds(0);
  };
  const TopicNames names("riffle.");
  EXPECT_EQ(retention_of(names.epochs), Milliseconds(-1));
  EXPECT_EQ(retention_of(names.events), Milliseconds(1000));
  EXPECT_EQ(retention_of(names.outcomes), Milliseconds(1000));
  options.epochs_retention = Milliseconds(2000);
  EXPECT_EQ(retention_of(names.epochs), Milliseconds(2000));
}

TEST(Topics, TheLocalBusMakesThemAll) {
  auto bus = *make_local_bus({});
  ASSERT_TRUE(bus->create_topics(riffle_topics({})).ok());
  for (const TopicSpec& topic : riffle_topics({})) EXPECT_EQ((*bus->describe(topic.name))->partitions, topic.partitions);
}

TEST(RangeAssignor, GivesRunsThatDifferByOneAtMost) {
  const std::set<std::string> both = {"a", "b"};
  const auto shares = assign_ranges({{1, both}, {2, both}, {7, {"b"}}}, {{"a", 5}, {"b", 3}});
  const auto of = [&](std::uint64_t member, const std::string& topic) {
    std::vector<int> partitions;
    for (const TopicPartition& where : shares.at(member))
      if (where.topic == topic) partitions.push_back(where.partition.value());
    return partitions;
  };
  EXPECT_EQ(of(1, "a"), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(of(2, "a"), (std::vector<int>{3, 4}));
  EXPECT_EQ(of(7, "a"), (std::vector<int>{}));
  EXPECT_EQ(of(1, "b"), (std::vector<int>{0}));
  EXPECT_EQ(of(7, "b"), (std::vector<int>{2}));
}

TEST(RangeAssignor, LeavesMembersWithoutPartitionsInTheAnswer) {
  const auto shares = assign_ranges({{1, {"a"}}, {2, {"a"}}}, {{"a", 1}});
  EXPECT_EQ(shares.at(1).size(), 1u);
  EXPECT_TRUE(shares.at(2).empty());
}

TEST(KafkaProperties, AreRefusedByNameBeforeAnyConnection) {
  const auto refusal = [](std::map<std::string, std::string> properties) {
    properties.emplace("bootstrap.servers", "127.0.0.1:1");
    return std::string(make_kafka_bus({.properties = properties}).status().message());
  };
  EXPECT_NE(refusal({{"bootstrap.serves", "x"}}).find("\"bootstrap.serves\""), std::string::npos);
  EXPECT_NE(refusal({{"socket.timeout.ms", "soon"}}).find("socket.timeout.ms"), std::string::npos);
  EXPECT_NE(refusal({{"enable.idempotence", "false"}}).find("enable.idempotence is set by Riffle"), std::string::npos);
  EXPECT_NE(refusal({{"security.protocol", "sasl_pigeon"}}).find("security.protocol"), std::string::npos);
  EXPECT_NE(std::string(make_kafka_bus({}).status().message()).find("bootstrap.servers is missing"), std::string::npos);
}

TEST(KafkaProperties, ABrokerThatIsAwayIsRetriableWithinTheTimeLimitAndNotConnected) {
  KafkaOptions options;
  options.properties = {{"bootstrap.servers", "127.0.0.1:1"}, {"log_level", "0"}};
  options.request_timeout = Milliseconds(300);
  auto bus = make_kafka_bus(options);
  ASSERT_TRUE(bus.ok()) << bus.status();
  const auto info = (*bus)->describe("t");
  EXPECT_EQ(info.status().code(), absl::StatusCode::kUnavailable) << info.status();
  EXPECT_NE(info.status().message().find("127.0.0.1:1"), absl::string_view::npos) << info.status();
  EXPECT_EQ((*bus)->cluster_id().status().code(), absl::StatusCode::kUnavailable);
  auto source = *(*bus)->make_source({});
  ASSERT_TRUE(source->assign({{{"t", Partition(0)}, Offset(0)}}).ok());
  const auto batch = source->poll(10, Milliseconds(300));
  ASSERT_TRUE(batch.ok()) << "an empty batch, not an error: " << batch.status();
  EXPECT_TRUE(batch->records.empty());
  EXPECT_FALSE(source->connected());
  auto sink = *(*bus)->make_sink({});
  const auto ticket = sink->send({.topic = "t", .key = "k", .value = "v"});
  ASSERT_TRUE(ticket.ok());
  EXPECT_FALSE(sink->wait_acknowledged(*ticket, Milliseconds(100)));
  EXPECT_FALSE(sink->connected());
}

}  // namespace
}  // namespace riffle::bus
