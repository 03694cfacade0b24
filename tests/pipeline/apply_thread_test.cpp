// The apply thread by itself: a store in memory, and a bus whose acknowledgements are held back, so that a commit lasts as
// long as a test wants.
#include "pipeline/apply_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "learner/trainer.h"
#include "state/memory_store.h"

namespace riffle::pipeline {
namespace {

constexpr auto kPatience = absl::Seconds(30);

class HeldSink final : public bus::Sink {
 public:
  absl::StatusOr<std::uint64_t> send(const bus::OutRecord& record) override {
    absl::MutexLock lock(&mutex_);
    topics_.emplace_back(record.topic);
    return topics_.size();
  }
  bool wait_acknowledged(std::uint64_t, Milliseconds wait) override {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&released_), absl::FromChrono(wait));
  }
  std::uint64_t acknowledged() const override { return 0; }
  std::vector<bus::Refusal> take_refusals() override { return {}; }
  bool connected() const override { return true; }

  void release() {
    absl::MutexLock lock(&mutex_);
    released_ = true;
  }
  // Until so many records of the topic were sent; false where the time passes first.
  bool await(const std::string& topic, std::size_t records = 1) {
    absl::MutexLock lock(&mutex_);
    const auto sent = [&] { return static_cast<std::size_t>(std::count(topics_.begin(), topics_.end(), topic)) >= records; };
    return mutex_.AwaitWithTimeout(absl::Condition(&sent), kPatience);
  }
  std::size_t count(const std::string& topic) {
    absl::MutexLock lock(&mutex_);
    return static_cast<std::size_t>(std::count(topics_.begin(), topics_.end(), topic));
  }

 private:
  absl::Mutex mutex_;
  bool released_ = false;
  std::vector<std::string> topics_;
};

class ApplyThreadTest : public testing::Test {
 protected:
  static constexpr std::size_t kEpochRecords = 10;
  static constexpr Partition kShard{0};

  static EpochOptions of_few_records() {
    EpochOptions epoch;
    epoch.records = kEpochRecords;
    return epoch;
  }

  explicit ApplyThreadTest(const EpochOptions& epoch = of_few_records()) {
    options_.rows.types = features::default_types();
    serving::PolicyOptions policy;
    policy.id = PolicyId("popularity");
    policy.scorer = "popularity";
    options_.policies = {policy};
    options_.experiments.arms = {{policy.id, 1.0}};
    World world;
    world.catalogue = std::make_shared<const features::Catalogue>();
    world.stats = std::make_shared<const features::ItemStatsSnapshot>();
    auto policies = std::make_shared<PolicySet>();
    policies->versions[policy.id] = {policy.id, 0, learner::make_scorer("popularity", "", {}).value(), 0};
    world.policies = std::move(policies);
    world_.set(std::make_shared<const World>(std::move(world)));
    writer_ = std::make_unique<EpochWriter>(&outputs_, &lists_, topics_, Fsync::kEpoch, [](Statistics) {}, metrics_);

    ApplyThread::Environment environment;
    environment.clock = &clock_;
    environment.world = &world_;
    environment.writer = writer_.get();
    environment.epoch = epoch;
    environment.metrics = &metrics_;
    environment.world_ready = [] { return true; };
    environment.connected = [] { return true; };
    environment.resume = [](Partition, Input) {};
    environment.on_committed = [](Partition, std::vector<bus::Position>) {};
    environment.on_failed = [](Partition, const absl::Status& status) { ADD_FAILURE() << status; };
    environment.topics = &topics_;
    thread_ = std::make_unique<ApplyThread>(std::move(environment));
    add(1);
  }
  ~ApplyThreadTest() override {
    close();
    thread_.reset();
    writer_.reset();
  }

  std::unique_ptr<Shard> open() {
    ShardSetup setup;
    setup.shard = kShard;
    setup.partitions = 1;
    setup.cluster_id = "here";
    setup.store = store_.reopen();
    setup.lists = &lists_;
    setup.options = &options_;
    setup.metrics = &metrics_;
    setup.new_generation = 1;
    auto shard = Shard::open(std::move(setup));
    EXPECT_TRUE(shard.ok()) << shard.status();
    for (const Input input : {Input::kEvents, Input::kRequests, Input::kUsers}) (*shard)->start_at(input, Offset(0));
    return *std::move(shard);
  }

  void add(std::uint64_t assignment) {
    assignment_ = assignment;
    thread_->add(kShard, assignment, [this] { return open(); });
    await_turn();
  }
  void close() {
    outputs_.release();
    lists_.release();
    absl::Notification closed;
    thread_->close(kShard, true, [&] { closed.Notify(); });
    closed.WaitForNotification();
  }

  void deliver(Input input, const std::string& topic, std::size_t count, const std::string& json) {
    auto kept = std::make_shared<std::pair<std::string, std::string>>(topic, json);
    std::vector<bus::Record> records(count);
    for (bus::Record& record : records) {
      record.topic = kept->first;
      record.partition = kShard;
      record.offset = next_[static_cast<std::size_t>(input)];
      record.timestamp = clock_.now();
      record.key = "u1";
      record.value = kept->second;
      next_[static_cast<std::size_t>(input)] = next(record.offset);
    }
    thread_->deliver(kShard, input, assignment_, std::move(records), kept);
  }
  void deliver_events(std::size_t count) {
    deliver(Input::kEvents, topics_.events, count,
            R"({"event":"interaction","type":"view","timestamp":1760000000000,"user_id":"u1","item_id":"i1"})");
  }
  // A turn that began after the call has ended when it returns.
  void await_turn() {
    for (int i = 0; i < 2; ++i) {
      absl::Notification done;
      thread_->post([&] { done.Notify(); });
      done.WaitForNotification();
    }
  }

  bus::TopicNames topics_;
  ShardOptions options_;
  Metrics metrics_;
  std::uint64_t assignment_ = 0;
  ManualClock clock_{from_ms(1'760'000'001'000)};
  Published<World> world_;
  state::MemoryStore store_;
  HeldSink outputs_, lists_;
  std::array<Offset, kInputs> next_{Offset(0), Offset(0), Offset(0)};
  std::unique_ptr<EpochWriter> writer_;
  std::unique_ptr<ApplyThread> thread_;
};

TEST_F(ApplyThreadTest, AFullEpochThatWaitsForACommitTakesNoMoreEventsButAnswersRequests) {
  deliver_events(kEpochRecords);
  ASSERT_TRUE(outputs_.await(topics_.epochs)) << "the first epoch is on its way";
  deliver_events(kEpochRecords);
  await_turn();
  ASSERT_EQ(thread_->waiting(), 0U) << "the second is full";
  deliver_events(1);
  deliver(Input::kRequests, topics_.requests, 1, R"({"event":"request","request_id":"r1","user_id":"u1","n":1})");
  EXPECT_TRUE(lists_.await(topics_.recommendations));
  EXPECT_EQ(thread_->waiting(), 1U);
}

TEST_F(ApplyThreadTest, RequestsOfACommitThatDoesNotEndAreBounded) {
  deliver_events(kEpochRecords);
  ASSERT_TRUE(outputs_.await(topics_.epochs));
  deliver_events(kEpochRecords);
  await_turn();
  const std::string request = R"({"event":"request","user_id":"u1","n":1})";
  for (std::size_t i = 0; i < kEpochRecords; ++i) {
    deliver(Input::kRequests, topics_.requests, 1, request);
    await_turn();
  }
  EXPECT_LT(lists_.count(topics_.recommendations), kEpochRecords);
  outputs_.release();
  lists_.release();
  EXPECT_TRUE(lists_.await(topics_.recommendations, kEpochRecords)) << "the commit ended: all are answered";
}

// A reader may hold records in its hands while a shard is given away and comes back. Those before them went to the shard as it
// was, which was being closed: taken now, they would make it skip these.
TEST_F(ApplyThreadTest, WhatWasReadForAnEarlierAssignmentIsDropped) {
  const auto ask = [this](const std::string& id) {
    deliver(Input::kRequests, topics_.requests, 1, R"({"event":"request","user_id":"u1","n":1,"request_id":")" + id + "\"}");
  };
  close();
  ask("r0");  // the shard is not here
  add(2);
  deliver_events(1);
  assignment_ = 1;
  ask("r1");
  assignment_ = 2;
  next_[static_cast<std::size_t>(Input::kRequests)] = Offset(0);
  ask("r0");
  ask("r1");
  EXPECT_TRUE(lists_.await(topics_.recommendations, 2)) << lists_.count(topics_.recommendations) << " lists of two requests";
}

// Epochs that end by their bytes alone.
class AskedApplyThreadTest : public ApplyThreadTest {
 protected:
  static EpochOptions of_few_bytes_while_asked() {
    EpochOptions epoch;
    epoch.interval = epoch.catching_up_interval = std::chrono::hours(1);
    epoch.asked_dirty_bytes = 1;
    return epoch;
  }
  AskedApplyThreadTest() : ApplyThreadTest(of_few_bytes_while_asked()) {}
};

TEST_F(AskedApplyThreadTest, EpochsAreSmallOnceListsAreAskedFor) {
  deliver_events(kEpochRecords);
  await_turn();
  ASSERT_EQ(thread_->waiting(), 0U);
  EXPECT_EQ(outputs_.count(topics_.epochs), 0U) << "nobody waits: the epoch may grow";
  deliver(Input::kRequests, topics_.requests, 1, R"({"event":"request","request_id":"r1","user_id":"u1","n":1})");
  EXPECT_TRUE(outputs_.await(topics_.epochs));
  EXPECT_TRUE(lists_.await(topics_.recommendations));
}

}  // namespace
}  // namespace riffle::pipeline
