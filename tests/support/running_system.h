// A worker on a bus of its own directory, in this process: the whole real pipeline behind
// app/service.h. A test publishes, waits for records, and stops and starts the worker as it likes.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/service.h"
#include "app/system.h"
#include "base/log.h"
#include "bus/topics.h"
#include "tests/support/await.h"
#include "tests/support/scratch.h"

namespace riffle::testing {

// A record, owned.
struct Seen {
  std::string key, value;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::map<std::string, std::string> headers;
};

class RunningSystem {
 public:
  RunningSystem() {
    init_log("warn");
    config.local.directory = scratch / "bus";
    config.local.fsync = false;
    config.state.directory = scratch / "state";
    config.http.port = 0;
    config.topics.partitions = 2;
  }
  ~RunningSystem() { stop(); }

  // The topics are made with the bus. `topics`: false leaves them out.
  void open_bus(bool topics = true) {
    auto made = app::make_bus(config);
    ASSERT_TRUE(made.ok()) << made.status();
    bus = *std::move(made);
    if (topics) {
      const absl::Status created = bus->create_topics(bus::riffle_topics(config.topics));
      ASSERT_TRUE(created.ok()) << created;
    }
    auto sink = bus->make_sink({});
    ASSERT_TRUE(sink.ok()) << sink.status();
    sink_ = *std::move(sink);
  }

  void start() {
    auto started =
        app::Service::start(*bus, app::worker_setup(config), config.http, clock_, metrics);
    ASSERT_TRUE(started.ok()) << started.status();
    service = *std::move(started);
  }
  void start_and_await_ready() {
    start();
    ASSERT_TRUE(await([&] { return service->not_ready_because().empty(); }))
        << service->not_ready_because();
  }
  // Everything is committed when it returns.
  void stop() {
    if (service) {
      EXPECT_TRUE(service->stop(std::chrono::seconds(30)));
    }
    service.reset();
  }
  // Lets go of the bus too, so that a command of this process may open it.
  void close() {
    stop();
    sink_.reset();
    bus.reset();
  }

  void publish(const std::string& topic, std::string_view key, std::string_view value) {
    bus::OutRecord record;
    record.topic = topic;
    record.key = key;
    record.value = value;
    const auto ticket = sink_->send(record);
    ASSERT_TRUE(ticket.ok()) << ticket.status();
    ASSERT_TRUE(sink_->wait_acknowledged(*ticket, std::chrono::seconds(10)));
  }

  // The records of a topic from its beginning, once there are at least `count`; what is there when
  // the time is over.
  std::vector<Seen> await_records(const std::string& topic, std::size_t count,
                                  std::chrono::milliseconds most = std::chrono::seconds(30)) {
    std::vector<Seen> seen;
    auto source = *bus->make_source({});
    std::vector<bus::Position> all;
    const auto info = *bus->describe(topic);
    for (std::int32_t p = 0; p < info->partitions; ++p)
      all.push_back({{topic, Partition(p)}, bus::kEarliest});
    EXPECT_TRUE(source->assign(all).ok());
    const auto end = std::chrono::steady_clock::now() + most;
    while (seen.size() < count && std::chrono::steady_clock::now() < end) {
      auto batch = source->poll(1000, Milliseconds(50));
      if (!batch.ok()) break;
      for (const bus::Record& record : batch->records) {
        Seen one{std::string(record.key.value_or("")),
                 std::string(record.value.value_or("")),
                 record.partition.value(),
                 record.offset.value(),
                 {}};
        for (const bus::Header& header : record.headers)
          one.headers[std::string(header.name)] = header.value;
        seen.push_back(std::move(one));
      }
    }
    return seen;
  }

  bus::TopicNames topics() const { return app::topic_names(config); }

  Scratch scratch;
  config::Config config;
  Metrics metrics;
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<app::Service> service;

 private:
  SystemClock clock_;
  std::unique_ptr<bus::Sink> sink_;
};

}  // namespace riffle::testing
