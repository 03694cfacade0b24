// What the Kafka bus makes of a broker that fails, on librdkafka's own broker, which fails when it is told to.
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/hash.h"
#include "bus/kafka_bus.h"
#include "gtest/gtest.h"

namespace riffle::bus {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTopic = "topic";
constexpr std::chrono::seconds kLong{20};  // never reached where nothing is lost
constexpr std::int16_t kProduce = 0, kOffsetFetch = 9;  // requests' numbers in Kafka's protocol
constexpr int kAnswersAfterMs = 50;   // so that what is sent meanwhile is in flight together

class FailingBroker : public testing::Test {
 protected:
  void SetUp() override {
    char reason[256];
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, nullptr, reason, sizeof reason));
    ASSERT_TRUE(handle_) << reason;
    cluster_.reset(rd_kafka_mock_cluster_new(handle_.get(), 1));
    ASSERT_TRUE(cluster_);
    ASSERT_EQ(rd_kafka_mock_topic_create(cluster_.get(), kTopic, 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_mock_broker_set_rtt(cluster_.get(), -1, kAnswersAfterMs);
    auto bus = make_kafka_bus({.properties = {{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_.get())}}});
    ASSERT_TRUE(bus.ok()) << bus.status();
    bus_ = *std::move(bus);
  }

  // The broker is not the leader (it has just been told that it is, say) for every second request.
  void fail_every_second(int times) {
    for (int i = 0; i < times; ++i)
      rd_kafka_mock_push_request_errors(cluster_.get(), kProduce, 2, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                        RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // The beginnings of the values by partition, in their order.
  std::map<std::int32_t, std::vector<std::string>> read() {
    std::map<std::int32_t, std::vector<std::string>> values;
    auto from = bus_->make_source({}).value();
    EXPECT_TRUE(from->assign({{{kTopic, Partition(0)}, kEarliest}, {{kTopic, Partition(1)}, kEarliest}}).ok());
    std::set<TopicPartition> ended;
    for (const auto until = std::chrono::steady_clock::now() + kLong; ended.size() < 2 && std::chrono::steady_clock::now() < until;) {
      const auto batch = from->poll(1000, 100ms);
      if (!batch.ok()) {
        ADD_FAILURE() << batch.status();
        break;
      }
      ended.insert(batch->ends.begin(), batch->ends.end());
      for (const Record& record : batch->records) values[record.partition.value()].emplace_back(record.value->substr(0, 10));
    }
    EXPECT_EQ(ended.size(), 2u);
    return values;
  }

  struct Destroy {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_mock_cluster_t* cluster) const { rd_kafka_mock_cluster_destroy(cluster); }
  };
  std::unique_ptr<rd_kafka_t, Destroy> handle_;
  std::unique_ptr<rd_kafka_mock_cluster_t, Destroy> cluster_;
  std::unique_ptr<Bus> bus_;
};

// So large that it shares no batch with what follows, which is in flight behind it. Few of them: that broker keeps 5 MB a partition.
std::string large(std::string value) { return value + std::string(1'100'000, ' '); }

TEST_F(FailingBroker, LosesNoFirstBatchOfAPartition) {
  fail_every_second(1);
  auto to = bus_->make_sink({}).value();
  ASSERT_TRUE(to->send({.topic = kTopic, .partition = Partition(1), .value = large("value 1000")}).ok());
  for (int i = 1; i < 100; ++i)
    ASSERT_TRUE(to->send({.topic = kTopic, .partition = Partition(1), .value = "value " + std::to_string(1000 + i)}).ok());
  ASSERT_TRUE(to->wait_acknowledged(100, kLong));
  EXPECT_TRUE(to->take_refusals().empty());
  const auto values = read();
  ASSERT_EQ(values.size(), 1u);
  ASSERT_EQ(values.at(1).size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values.at(1)[static_cast<std::size_t>(i)], "value " + std::to_string(1000 + i));
}

TEST_F(FailingBroker, LosesNoFirstBatchOfAPartitionThatKeysChoose) {
  fail_every_second(3);
  auto to = bus_->make_sink({}).value();
  std::map<std::int32_t, std::vector<std::string>> sent;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "key " + std::to_string(i % 7), value = "value " + std::to_string(1000 + i);
    ASSERT_TRUE(to->send({.topic = kTopic, .key = key, .value = i % 40 == 0 ? large(value) : value}).ok());
    sent[murmur2_partition(key, 2).value()].push_back(value);
  }
  ASSERT_TRUE(to->wait_acknowledged(100, kLong));
  EXPECT_TRUE(to->take_refusals().empty());
  EXPECT_EQ(read(), sent);
}

// Until it knows them, one record is in flight at a time.
TEST_F(FailingBroker, LearnsThePartitionsOfABrokerThatIsFar) {
  rd_kafka_mock_broker_set_rtt(cluster_.get(), -1, 300);
  auto to = bus_->make_sink({}).value();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(to->send({.topic = kTopic, .key = std::to_string(i), .value = "value"}).ok());
  EXPECT_TRUE(to->wait_acknowledged(200, kLong));
}

TEST_F(FailingBroker, SpreadsRecordsWithoutAKey) {
  auto to = bus_->make_sink({}).value();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(to->send({.topic = kTopic, .value = "value"}).ok());
  ASSERT_TRUE(to->wait_acknowledged(100, kLong));
  const auto values = read();
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values.at(0).size() + values.at(1).size(), 100u);
}

// As after it has started, or has taken the group over from another broker.
TEST_F(FailingBroker, IsAskedForAGroupsOffsetsAgainWhereItsCoordinatorIsNotReady) {
  auto group = bus_->make_source({.group = "group"}).value();
  rd_kafka_mock_push_request_errors(cluster_.get(), kOffsetFetch, 3, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
  const auto offset = group->committed({kTopic, Partition(0)});
  ASSERT_TRUE(offset.ok()) << offset.status();
  EXPECT_EQ(*offset, std::nullopt) << "nothing was committed";
}

}  // namespace
}  // namespace riffle::bus
