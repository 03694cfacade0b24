// A shop's stream on a broker that is hurt meanwhile, and what must have become of it: every event is in its user's row
// once, every request has a list, and no two.
//
//   FaultStream stream({{"bootstrap.servers", address}});
//   stream.create_topics();
//   WorkerProcess worker(stream.worker());
//   stream.publish(100, 20);           // events, requests
//   … the fault …
//   stream.expect_all_of_it();
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "app/row_json.h"
#include "base/log.h"
#include "bus/kafka_bus.h"
#include "bus/topics.h"
#include "crash/topics.h"
#include "pipeline/shard_opener.h"
#include "records/json_codec.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"
#include "tests/support/kafka.h"
#include "tests/support/scratch.h"
#include "tests/support/worker_process.h"

namespace riffle::testing {

class FaultStream {
 public:
  using Properties = std::map<std::string, std::string>;

  // `own`: how this test reaches the broker. A worker may be sent another way. `state`: the workers' state directory;
  // one of this stream's own, where none is said.
  explicit FaultStream(Properties own, std::string state = "")
      : own_(std::move(own)), prefix_(new_namespace()), topics_(prefix_), state_(state.empty() ? scratch_ / "state" : std::move(state)) {
    init_log("warn");
    bus_ = bus::make_kafka_bus({.properties = own_}).value();
  }

  // `limit`: the max.message.bytes of `recommendations`, where it is to be another one.
  void create_topics(std::int64_t limit = 0) {
    bus::TopicsOptions options;
    options.prefix = prefix_;
    options.partitions = 2;
    auto specs = bus::riffle_topics(options);
    for (bus::TopicSpec& spec : specs)
      if (limit > 0 && spec.name == topics_.recommendations) spec.config["max.message.bytes"] = absl::StrCat(limit);
    const absl::Status created = bus_->create_topics(specs);
    ASSERT_TRUE(created.ok()) << created;
    sink_ = bus_->make_sink({}).value();
  }

  // Options of `riffle run`. `more`: Kafka's properties, over this test's own.
  std::vector<std::string> worker(const Properties& more = {}, const std::string& name = "worker") const {
    Properties all = own_;
    // A worker that is gone is missed soon, and a broker that answers no more is given up soon.
    all.insert({{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "1000"}, {"socket.timeout.ms", "3000"}});
    for (const auto& [property, value] : more) all[property] = value;
    std::vector<std::string> options = {"--set", "topics.prefix=" + prefix_, "--set", "worker.group=" + group(),
                                        "--set", "state.directory=" + state(), "--set", "worker.name=" + name};
    for (const auto& [property, value] : all) options.insert(options.end(), {"--set", "kafka." + property + "=" + value});
    return options;
  }

  // Hands so many events and requests to the bus, without waiting for it. Each event has an item of its own.
  void publish(int events, int requests) {
    for (; events > 0 || requests > 0; --events, --requests) {
      if (events > 0) {
        const std::string user = absl::StrCat("u", events_ % kUsers), item = absl::StrCat("i", events_);
        send(topics_.events, user,
             absl::StrCat(R"({"event":"interaction","type":"click","event_id":"e)", events_, R"(","user_id":")", user,
                          R"(","item_id":")", item, "\"}"));
        expected_[user].insert(item);
        ++events_;
      }
      if (requests > 0) {
        send(topics_.requests, absl::StrCat("u", requests_ % kUsers),
             absl::StrCat(R"({"event":"request","request_id":"r)", requests_, R"(","n":3,"user_id":"u)",
                          requests_ % kUsers, "\"}"));
        ++requests_;
      }
    }
  }
  void send(const std::string& topic, const std::string& key, const std::string& value) {
    bus::OutRecord record;
    record.topic = topic;
    record.key = key;
    record.value = value;
    last_ticket_ = sink_->send(record).value();
  }
  // Until the bus has all of it.
  void settle(std::chrono::milliseconds most = std::chrono::seconds(60)) {
    EXPECT_TRUE(sink_->wait_acknowledged(last_ticket_, most)) << "the bus does not take the test's own records";
    for (const bus::Refusal& refusal : sink_->take_refusals()) ADD_FAILURE() << refusal.topic << ": " << refusal.status;
  }

  // How many requests have a list now; two different ones are a failure.
  std::size_t answered() {
    const auto of_requests = lists();
    for (const auto& [request, different] : of_requests) EXPECT_EQ(different.size(), 1U) << "lists of request " << request;
    return of_requests.size();
  }

  // Waits until each request has a list and each event is in its user's row; nothing may be there twice.
  void expect_all_of_it(std::chrono::milliseconds most = std::chrono::seconds(60)) {
    settle();
    EXPECT_TRUE(await([&] { return answered() >= static_cast<std::size_t>(requests_) || ::testing::Test::HasFailure(); }, most))
        << answered() << " of " << requests_ << " requests have a list" << unanswered();
    std::string missing;
    EXPECT_TRUE(await([&] { return (missing = missing_events()).empty(); }, most)) << missing;
  }

  // Waits until the workers' group says of every request that it was answered: no other worker takes it again, whatever it knows.
  void expect_requests_committed() {
    auto source = bus_->make_source({.group = pipeline::requests_group(group())}).value();
    for (std::int32_t p = 0; p < 2; ++p) {
      const bus::TopicPartition where{topics_.requests, Partition(p)};
      const Offset end = crash::watermarks_of(*source, where).high;
      const auto committed = [&] {
        const auto offset = source->committed(where);
        return end == Offset(0) || (offset.ok() && *offset == end);
      };
      EXPECT_TRUE(await(committed)) << "requests/" << p;
    }
  }

  // The events so far are no longer in the log: they are in no row that is made anew.
  void forget_events() { expected_.clear(); }

  const std::string& state() const { return state_; }
  const bus::TopicNames& topics() const { return topics_; }
  bus::Bus& bus() { return *bus_; }
  int requests() const { return requests_; }
  std::string group() const { return prefix_ + "group"; }
  const Properties& properties() const { return own_; }

 private:
  static constexpr int kUsers = 20;  // of 50 events at most: a row's history has no more

  // By request, what was published of it.
  std::map<std::string, std::set<std::string>> lists() {
    std::map<std::string, std::set<std::string>> lists;
    for (const crash::Read& read : crash::read_topic(*bus_, topics_.recommendations)) {
      const auto list = records::decode_recommendation(read.value.value_or(""));
      EXPECT_TRUE(list.ok()) << list.status() << ": " << read.value.value_or("");
      if (list.ok()) lists[list->request_id.str()].insert(*read.value);
    }
    return lists;
  }

  // The requests without a list, each with where it is and why it was refused, and how far the workers' group has read.
  std::string unanswered() {
    std::map<std::string, std::string> why;
    records::JsonDecoder decoder({});
    records::Request request;
    for (const crash::Read& read : crash::read_topic(*bus_, topics_.requests))
      if (!decoder.decode(read.value.value_or(""), request))
        why[request.request_id.str()] = absl::StrCat(read.partition.value(), "/", read.offset.value());
    for (const auto& [id, list] : lists()) why.erase(id);
    std::string text;
    for (const auto& [id, where] : why) absl::StrAppend(&text, "; ", id, " at ", where);
    for (const crash::Read& read : crash::read_topic(*bus_, topics_.dead_letters))
      absl::StrAppend(&text, "; refused: ", read.value.value_or(""));
    auto source = bus_->make_source({.group = pipeline::requests_group(group())}).value();
    for (std::int32_t p = 0; p < 2; ++p) {
      const auto offset = source->committed({topics_.requests, Partition(p)});
      absl::StrAppend(&text, "; committed of ", p, ": ", offset.ok() && *offset ? (*offset)->value() : -1);
    }
    return text;
  }

  // Empty, or the first user whose row is not what was sent.
  std::string missing_events() const {
    std::map<std::string, std::string> rows;
    for (std::int32_t shard = 0; shard < 2; ++shard) {
      state::RocksDbOptions options;
      options.directory = state::shard_directory(state_, Partition(shard));
      options.read_only = true;
      const auto store = state::open_rocksdb_store(options);
      if (!store.ok()) return std::string(store.status().message());
      for (const auto& [user, items] : expected_) {
        const auto row = app::user_json(**store, Partition(shard), user);
        if (!row.ok()) return std::string(row.status().message());
        if (*row) rows[user] = **row;
      }
    }
    for (const auto& [user, items] : expected_) {
      const std::multiset<std::string> found = history_of(rows[user]);
      if (found != std::multiset<std::string>(items.begin(), items.end()))
        return absl::StrCat(user, " has ", found.size(), " events in his row, ", items.size(), " were sent: ", rows[user]);
    }
    return "";
  }

  static std::multiset<std::string> history_of(const std::string& row) {
    static const std::string kItem = R"("item_id": ")";
    std::multiset<std::string> items;
    const std::size_t begins = row.find("\"history\""), ends = row.find("\"impressions\"");
    for (std::size_t at = begins; at < ends && (at = row.find(kItem, at)) < ends;) {
      at += kItem.size();
      items.insert(row.substr(at, row.find('"', at) - at));
    }
    return items;
  }

  const Properties own_;
  const std::string prefix_;
  const bus::TopicNames topics_;
  const Scratch scratch_;
  const std::string state_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<bus::Sink> sink_;
  std::uint64_t last_ticket_ = 0;
  int events_ = 0, requests_ = 0;
  std::map<std::string, std::set<std::string>> expected_;
};

}  // namespace riffle::testing
