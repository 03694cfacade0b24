// Topics that lose records, that are deleted and made again, and that take less than Riffle wants to write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "app/metric_text.h"
#include "tests/support/fault_stream.h"
#include "tests/support/topic_admin.h"

namespace riffle {
namespace {

using namespace std::chrono_literals;
using riffle::testing::await;
using riffle::testing::FaultStream;
using riffle::testing::TopicAdmin;
using riffle::testing::WorkerProcess;
using ::testing::HasSubstr;

class TopicFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    RIFFLE_NEEDS_KAFKA(broker);
    stream_ = std::make_unique<FaultStream>(FaultStream::Properties{{"bootstrap.servers", broker}});
  }

  static std::vector<std::string> with(std::vector<std::string> options, std::initializer_list<std::string> more) {
    options.insert(options.end(), more);
    return options;
  }
  // A first worker takes a first part and ends in peace.
  void run_once() {
    WorkerProcess worker(stream_->worker());
    stream_->publish(40, 10);
    ASSERT_TRUE(worker.await_ready()) << worker.process().err();
    ASSERT_NO_FATAL_FAILURE(stream_->expect_all_of_it());
    end(worker);
  }
  static void end(WorkerProcess& worker) {
    worker.process().signal(SIGTERM);
    EXPECT_EQ(worker.process().wait(40s), 0) << worker.process().err();
  }
  static double metric(const WorkerProcess& worker, const std::string& name) {
    return app::metric_sum(worker.page("/metrics").body, name);
  }

  std::unique_ptr<FaultStream> stream_;
};

TEST_F(TopicFaults, WhatRetentionTookFromAStoppedWorkerStopsItByRuleUntilToldToGoOn) {
  ASSERT_NO_FATAL_FAILURE(stream_->create_topics());
  ASSERT_NO_FATAL_FAILURE(run_once());
  // Records that come and go while it is down.
  for (int i = 0; i < 40; ++i) {
    const std::string user = absl::StrCat("gone", i);
    stream_->send(stream_->topics().events, user,
                  absl::StrCat(R"({"event":"interaction","type":"click","item_id":"i","user_id":")", user, "\"}"));
  }
  stream_->settle();
  TopicAdmin admin(stream_->properties());
  auto source = stream_->bus().make_source({}).value();
  for (std::int32_t p = 0; p < 2; ++p) {
    const auto marks = crash::watermarks_of(*source, {stream_->topics().events, Partition(p)});
    ASSERT_EQ(admin.delete_records(stream_->topics().events, p, marks.high.value()), "");
  }

  WorkerProcess refused(stream_->worker());
  EXPECT_EQ(refused.process().wait(60s), 8) << refused.process().err();
  EXPECT_THAT(refused.process().err(), HasSubstr("are no longer in the log and were never applied"));
  EXPECT_THAT(refused.process().err(), HasSubstr("--on-lost-offset earliest"));

  WorkerProcess worker(with(stream_->worker(), {"--on-lost-offset", "earliest"}));
  ASSERT_TRUE(worker.await_ready()) << worker.process().err();
  EXPECT_THAT(worker.process().err(), HasSubstr("going on without them"));
  stream_->publish(40, 10);
  stream_->expect_all_of_it();
  end(worker);
}

TEST_F(TopicFaults, ATopicDeletedUnderAWorkerStopsItAndOneMadeAgainIsRefusedUntilRebuilt) {
  ASSERT_NO_FATAL_FAILURE(stream_->create_topics());
  TopicAdmin admin(stream_->properties());
  {
    WorkerProcess worker(stream_->worker());
    stream_->publish(40, 10);
    ASSERT_TRUE(worker.await_ready()) << worker.process().err();
    ASSERT_NO_FATAL_FAILURE(stream_->expect_all_of_it());
    stream_->expect_requests_committed();  // else they are asked again of the rebuilt state
    ASSERT_EQ(admin.delete_topic(stream_->topics().events), "");
    EXPECT_EQ(worker.process().wait(60s), 4) << worker.process().err();
    EXPECT_THAT(worker.process().err(), HasSubstr(stream_->topics().events));
  }
  {
    WorkerProcess worker(stream_->worker());
    EXPECT_EQ(worker.process().wait(60s), 4) << worker.process().err();
    EXPECT_THAT(worker.process().err(), HasSubstr("riffle topics create"));
  }
  ASSERT_NO_FATAL_FAILURE(stream_->create_topics());
  {
    WorkerProcess worker(stream_->worker());
    EXPECT_EQ(worker.process().wait(60s), 8) << worker.process().err();
    EXPECT_THAT(worker.process().err(), HasSubstr("the topic was deleted and made again"));
    EXPECT_THAT(worker.process().err(), HasSubstr("away and start with --rebuild"));
  }
  std::filesystem::rename(stream_->state(), stream_->state() + "-away");
  stream_->forget_events();
  WorkerProcess worker(with(stream_->worker(), {"--rebuild"}));
  stream_->publish(40, 10);
  ASSERT_TRUE(worker.await_ready()) << worker.process().err();
  stream_->expect_all_of_it();
  end(worker);
}

TEST_F(TopicFaults, RecordsOverTheBrokersLimitAreRefusedCountedAndHoldNothingUp) {
  ASSERT_NO_FATAL_FAILURE(stream_->create_topics(/*limit=*/1500));
  WorkerProcess worker(stream_->worker());
  stream_->publish(40, 0);
  ASSERT_TRUE(worker.await_ready()) << worker.process().err();
  stream_->expect_all_of_it();
  // Lists of 100 slots: more than the topic takes.
  std::string candidates = "\"c0\"";
  for (int c = 1; c < 100; ++c) absl::StrAppend(&candidates, ",\"c", c, "\"");
  for (int i = 0; i < 5; ++i)
    stream_->send(stream_->topics().requests, "u1",
                  absl::StrCat(R"({"event":"request","request_id":"long)", i, R"(","n":100,"user_id":"u1","candidates":[)",
                               candidates, "]}"));
  stream_->settle();
  EXPECT_TRUE(await([&] { return metric(worker, "riffle_outputs_refused_total") >= 5; })) << worker.process().err();
  EXPECT_THAT(worker.process().err(), HasSubstr("the bus refused a record of"));
  EXPECT_THAT(worker.process().err(), HasSubstr(stream_->topics().recommendations));
  // Short ones go on, also after a restart.
  stream_->publish(20, 10);
  stream_->expect_all_of_it();
  end(worker);
  WorkerProcess again(stream_->worker());
  stream_->publish(20, 10);
  stream_->expect_all_of_it();
  end(again);
}

TEST_F(TopicFaults, AnEventOverRifflesLimitIsADeadLetterCutToFit) {
  ASSERT_NO_FATAL_FAILURE(stream_->create_topics());
  WorkerProcess worker(stream_->worker());
  stream_->send(stream_->topics().events, "u1",
                absl::StrCat(R"({"event":"interaction","type":"click","item_id":"i","user_id":"u1","fields":{"x":")",
                             std::string(3 << 20, 'x'), "\"}}"));
  stream_->publish(40, 10);
  ASSERT_TRUE(worker.await_ready()) << worker.process().err();
  stream_->expect_all_of_it();
  std::vector<crash::Read> dead;
  EXPECT_TRUE(await([&] { return !(dead = crash::read_topic(stream_->bus(), stream_->topics().dead_letters)).empty(); }));
  if (dead.size() != 1) {  // what is needed to tell a lost event from a lost dead letter
    std::string events;
    for (const crash::Read& event : crash::read_topic(stream_->bus(), stream_->topics().events))
      absl::StrAppend(&events, " ", event.partition.value(), "/", event.offset.value(), ":", event.value.value_or("").size());
    auto source = stream_->bus().make_source({}).value();
    for (std::int32_t p = 0; p < 2; ++p) {
      const auto marks = crash::watermarks_of(*source, {stream_->topics().events, Partition(p)});
      absl::StrAppend(&events, " [", p, ": ", marks.low.value(), "..", marks.high.value(), "]");
    }
    FAIL() << dead.size() << " dead letters; events on the bus, as partition/offset:bytes" << events << "; by the worker's count "
           << metric(worker, "riffle_dead_letters_total") << " dead letters, " << metric(worker, "riffle_events_consumed_total")
           << " events consumed, " << metric(worker, "riffle_outputs_refused_total") << " outputs refused\n" << worker.process().err();
  }
  EXPECT_EQ(dead[0].header("error.code"), "too_large");
  EXPECT_EQ(dead[0].key, "u1");
  end(worker);
}

}  // namespace
}  // namespace riffle
