// A sink whose topic is made anew under it.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "bus/kafka_bus.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_admin.h"

namespace riffle {
namespace {

using namespace std::chrono_literals;

class SinkFaults : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kRecords = 30;

  void SetUp() override {
    RIFFLE_NEEDS_KAFKA(broker);
    properties_ = {{"bootstrap.servers", broker}};
    auto bus = bus::make_kafka_bus({.properties = properties_});
    ASSERT_TRUE(bus.ok()) << bus.status();
    bus_ = *std::move(bus);
  }
  void create(std::int32_t partitions) {
    bus::TopicSpec spec;
    spec.name = topic_;
    spec.partitions = partitions;
    const absl::Status created = bus_->create_topics({spec});
    ASSERT_TRUE(created.ok()) << created;
  }
  void send(bus::Sink& to, const std::string& what) {
    std::uint64_t ticket = 0;
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      const auto sent = to.send({.topic = topic_, .key = "key " + std::to_string(i), .value = what + std::to_string(i)});
      ASSERT_TRUE(sent.ok()) << sent.status();
      ticket = *sent;
    }
    ASSERT_TRUE(to.wait_acknowledged(ticket, 60s));
    for (const bus::Refusal& refusal : to.take_refusals()) ADD_FAILURE() << refusal.key << ": " << refusal.status;
  }
  std::set<std::string> values_of(std::int32_t partition) {
    std::set<std::string> values;
    auto from = bus_->make_source({}).value();
    EXPECT_TRUE(from->assign({{{topic_, Partition(partition)}, bus::kEarliest}}).ok());
    for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;) {
      const auto batch = from->poll(1000, 100ms).value();
      for (const bus::Record& record : batch.records) values.emplace(*record.value);
      if (!batch.ends.empty()) return values;
    }
    ADD_FAILURE() << "no end of partition " << partition;
    return values;
  }

  const std::string topic_ = testing::new_namespace() + "made-anew";
  std::map<std::string, std::string> properties_;
  std::unique_ptr<bus::Bus> bus_;
};

TEST_F(SinkFaults, KeysFindTheirPlaceWhereATopicIsMadeAnewWithFewerPartitions) {
  ASSERT_NO_FATAL_FAILURE(create(3));
  auto to = bus_->make_sink({}).value();
  ASSERT_NO_FATAL_FAILURE(send(*to, "before "));
  ASSERT_EQ(testing::TopicAdmin(properties_).delete_topic(topic_), "");
  ASSERT_NO_FATAL_FAILURE(create(1));
  ASSERT_NO_FATAL_FAILURE(send(*to, "after "));
  const auto values = values_of(0);
  EXPECT_EQ(values.size(), kRecords);
  for (std::uint64_t i = 0; i < kRecords; ++i) EXPECT_TRUE(values.contains("after " + std::to_string(i))) << i;
}

}  // namespace
}  // namespace riffle
