// A broker that dies, that answers no more, and that has no room, under a running worker: it says so, goes on by itself,
// and loses nothing.
//
// RIFFLE_FREEZE_SECONDS=60 makes the freeze last a minute at least; here it lasts until the worker has noticed it.
#include "tests/faults/hurt_broker.h"

namespace riffle {
namespace {

using riffle::testing::await;
using riffle::testing::FaultStream;
using riffle::testing::WorkerProcess;
using namespace std::chrono_literals;

class BrokerFaults : public riffle::testing::HurtBroker {
 protected:
  FaultStream stream_{{{"bootstrap.servers", broker_ ? broker_->address() : "none"}}};
};

TEST_F(BrokerFaults, AKilledBrokerComesBackAndNothingIsLost) {
  ASSERT_NO_FATAL_FAILURE(stream_.create_topics());
  WorkerProcess worker(stream_.worker());
  ASSERT_NO_FATAL_FAILURE(expect_running(stream_, worker));

  stream_.publish(100, 30);  // under way as the broker dies
  broker_->kill();
  EXPECT_TRUE(becomes_unready(worker, "the bus cannot be reached"));
  EXPECT_EQ(worker.page("/healthz").status, 200);
  stream_.publish(60, 10);
  ASSERT_EQ(broker_->start(), "");
  ASSERT_TRUE(worker.await_ready(90s)) << worker.process().err();
  stream_.expect_all_of_it();
  expect_graceful_end(worker);
}

TEST_F(BrokerFaults, ABrokerThatFreezesIsNoticedAndGoneOnWithWhenItThaws) {
  ASSERT_NO_FATAL_FAILURE(stream_.create_topics());
  WorkerProcess worker(stream_.worker());
  ASSERT_NO_FATAL_FAILURE(expect_running(stream_, worker));

  const char* seconds = std::getenv("RIFFLE_FREEZE_SECONDS");
  const auto thaw = std::chrono::steady_clock::now() + std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 0);
  stream_.publish(100, 30);
  broker_->freeze();
  EXPECT_TRUE(becomes_unready(worker, "the bus cannot be reached"));
  EXPECT_EQ(worker.page("/healthz").status, 200);
  stream_.publish(60, 10);
  EXPECT_TRUE(await([&] { return std::chrono::steady_clock::now() >= thaw; }, 10min));
  EXPECT_TRUE(worker.process().running());
  broker_->go_on();
  ASSERT_TRUE(worker.await_ready(90s)) << worker.page("/readyz").body << worker.process().err();
  stream_.expect_all_of_it();
  expect_graceful_end(worker);
}

TEST_F(BrokerFaults, ABrokerWhoseLogDirectoryIsFullEndsAndIsGoneOnWithAfterRoomWasMade) {
  if (!disk_->limited()) GTEST_SKIP() << "a small disk can only be mounted by the super-user";
  ASSERT_NO_FATAL_FAILURE(stream_.create_topics());
  WorkerProcess worker(stream_.worker());
  ASSERT_NO_FATAL_FAILURE(expect_running(stream_, worker));

  disk_->fill();
  stream_.publish(100, 30);
  EXPECT_TRUE(await([&] { return !broker_->running(); }, 60s)) << "Kafka goes on with a full log directory";
  EXPECT_TRUE(becomes_unready(worker, "the bus cannot be reached"));
  disk_->make_room();
  ASSERT_EQ(broker_->start(), "");
  ASSERT_TRUE(worker.await_ready(90s)) << worker.process().err();
  stream_.expect_all_of_it();
  expect_graceful_end(worker);
}

}  // namespace
}  // namespace riffle
