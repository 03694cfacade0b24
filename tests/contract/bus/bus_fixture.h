// Runs a test on every bus: in memory, on a directory, and on a real broker when RIFFLE_KAFKA=host:port names one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "bus/bus.h"
#include "bus/kafka_bus.h"
#include "bus/local_bus.h"
#include "gtest/gtest.h"

namespace riffle::bus {

using namespace std::chrono_literals;

enum class Kind { kMemory, kDirectory, kKafka };

inline std::string kind_name(const testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::kMemory ? "Memory" : info.param == Kind::kDirectory ? "Directory" : "Kafka";
}

// Text that is its own, so that a failed test prints it.
struct Got {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key, value;
  std::vector<std::pair<std::string, std::string>> headers;
};

class BusContract : public testing::TestWithParam<Kind> {
 protected:
  static constexpr Milliseconds kLong{20000};  // never reached where the contract holds

  void SetUp() override {
    static std::atomic<int> count{0};
    name_ = "contract-" + std::to_string(::getpid()) + "-" + std::to_string(++count) + "-" +
            std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
    if (GetParam() == Kind::kKafka) {
      const char* broker = std::getenv("RIFFLE_KAFKA");
      if (broker == nullptr || *broker == '\0') GTEST_SKIP() << "set RIFFLE_KAFKA=host:port to run this on a real broker";
      auto bus = make_kafka_bus({.properties = {{"bootstrap.servers", broker}}});
      ASSERT_TRUE(bus.ok()) << bus.status();
      bus_ = *std::move(bus);
      return;
    }
    LocalBusOptions options;
    if (GetParam() == Kind::kDirectory) {
      directory_ = std::filesystem::temp_directory_path() / ("riffle-" + name_);
      options.directory = directory_;
    }
    auto bus = make_local_bus(options);
    ASSERT_TRUE(bus.ok()) << bus.status();
    bus_ = *std::move(bus);
  }

  void TearDown() override {
    bus_.reset();
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  std::string make_topic(const std::string& name, std::int32_t partitions, std::map<std::string, std::string> config = {}) {
    TopicSpec spec;
    spec.name = name_ + "." + name;
    spec.partitions = partitions;
    spec.config = std::move(config);
    const absl::Status created = bus_->create_topics({spec});
    EXPECT_TRUE(created.ok()) << created;
    return spec.name;
  }

  std::unique_ptr<Source> source(const std::string& group = "") {
    auto made = bus_->make_source({.group = group.empty() ? "" : name_ + group, .group_member = !group.empty()});
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }

  std::unique_ptr<Sink> sink(SinkOptions options = {}) {
    auto made = bus_->make_sink(options);
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }

  // Sends values "0" … to one partition and waits for them.
  void fill(const std::string& topic, std::int32_t partition, int count) {
    auto to = sink();
    std::uint64_t ticket = 0;
    for (int i = 0; i < count; ++i) {
      const std::string value = std::to_string(i);
      auto sent = to->send({.topic = topic, .partition = Partition(partition), .key = "k", .value = value});
      ASSERT_TRUE(sent.ok()) << sent.status();
      ticket = *sent;
    }
    ASSERT_TRUE(to->wait_acknowledged(ticket, kLong));
  }

  struct Seen {
    std::vector<Got> records;
    std::vector<TopicPartition> ends;
    std::vector<PartitionError> errors;
  };

  // Polls until `enough` says so.
  static Seen poll_until(Source& from, const std::function<bool(const Seen&)>& enough, std::size_t max_records = 1000) {
    Seen seen;
    const auto until = std::chrono::steady_clock::now() + kLong;
    while (!enough(seen)) {
      if (std::chrono::steady_clock::now() > until) {
        ADD_FAILURE() << "waited too long; saw " << seen.records.size() << " records";
        return seen;
      }
      auto batch = from.poll(max_records, 100ms);
      if (!batch.ok()) {
        ADD_FAILURE() << batch.status();
        return seen;
      }
      EXPECT_LE(batch->records.size(), max_records);
      for (const Record& record : batch->records) seen.records.push_back(own(record));
      seen.ends.insert(seen.ends.end(), batch->ends.begin(), batch->ends.end());
      seen.errors.insert(seen.errors.end(), batch->errors.begin(), batch->errors.end());
    }
    return seen;
  }
  static Seen poll_records(Source& from, std::size_t count) {
    return poll_until(from, [count](const Seen& seen) { return seen.records.size() >= count; });
  }

  static Got own(const Record& record) {
    Got got{std::string(record.topic), record.partition.value(), record.offset.value(), to_ms(record.timestamp), {}, {}, {}};
    if (record.key) got.key = std::string(*record.key);
    if (record.value) got.value = std::string(*record.value);
    for (const Header& header : record.headers) got.headers.emplace_back(header.name, header.value);
    return got;
  }

  std::string name_;
  std::filesystem::path directory_;
  std::unique_ptr<Bus> bus_;
};

}  // namespace riffle::bus
