// A network that is cut, that swallows everything, and that is slow, between a worker and its broker.
#include "tests/faults/hurt_broker.h"

namespace riffle {
namespace {

using riffle::testing::await;
using riffle::testing::FaultStream;
using riffle::testing::WorkerProcess;
using namespace std::chrono_literals;

// The test's own records go straight to the broker; only the worker is behind the proxy.
class NetworkFaults : public riffle::testing::HurtBroker {
 protected:
  void TearDown() override {
    if (proxy_) proxy_->mend();
  }
  FaultStream::Properties through_the_proxy() const { return {{"bootstrap.servers", proxy_->address()}}; }

  FaultStream stream_{{{"bootstrap.servers", broker_ ? broker_->address() : "none"}}};
};

TEST_F(NetworkFaults, AConnectionThatIsCutAgainAndAgainLosesNothing) {
  ASSERT_NO_FATAL_FAILURE(stream_.create_topics());
  WorkerProcess worker(stream_.worker(through_the_proxy()));
  ASSERT_NO_FATAL_FAILURE(expect_running(stream_, worker));
  for (int i = 0; i < 3; ++i) {
    stream_.publish(60, 20);
    stream_.settle();
    proxy_->cut();
    EXPECT_TRUE(becomes_unready(worker, "the bus cannot be reached"));
    stream_.publish(20, 5);
    proxy_->mend();
    ASSERT_TRUE(worker.await_ready(60s)) << worker.process().err();
  }
  stream_.expect_all_of_it();
  expect_graceful_end(worker);
}

TEST_F(NetworkFaults, ANetworkThatSwallowsEverythingIsNoticedAndGoneOnWith) {
  ASSERT_NO_FATAL_FAILURE(stream_.create_topics());
  WorkerProcess worker(stream_.worker(through_the_proxy()));
  ASSERT_NO_FATAL_FAILURE(expect_running(stream_, worker));
  stream_.publish(60, 20);
  proxy_->swallow();
  EXPECT_TRUE(becomes_unready(worker, "the bus cannot be reached"));
  stream_.publish(60, 10);
  proxy_->mend();
  ASSERT_TRUE(worker.await_ready(60s)) << worker.process().err();
  stream_.expect_all_of_it();
  expect_graceful_end(worker);
}

TEST_F(NetworkFaults, ASlowNetworkMakesListsLateAndLosesNone) {
  ASSERT_NO_FATAL_FAILURE(stream_.create_topics());
  WorkerProcess worker(stream_.worker(through_the_proxy()));
  ASSERT_NO_FATAL_FAILURE(expect_running(stream_, worker));
  proxy_->slow(150ms, 100'000);
  stream_.publish(200, 30);
  stream_.expect_all_of_it();
  EXPECT_EQ(worker.page("/readyz").status, 200) << "slow is not away: " << worker.page("/readyz").body;
  proxy_->mend();
  expect_graceful_end(worker);
}

}  // namespace
}  // namespace riffle
