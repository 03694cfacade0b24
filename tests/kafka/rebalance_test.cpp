// Two workers of one host share the shards under load: one comes, one leaves, one is killed, and every event is applied
// once and every request answered once, whoever had the shard. The owner of shard 0 learns, and nobody else.
#include <gtest/gtest.h>

#include <csignal>

#include "app/metric_text.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"
#include "tests/support/fault_stream.h"

namespace riffle {
namespace {

using namespace std::chrono_literals;
using riffle::testing::await;
using riffle::testing::FaultStream;
using riffle::testing::WorkerProcess;

double owned(const WorkerProcess& worker) {
  return app::metric_sum(worker.page("/metrics").body, "riffle_shards_owned");
}

bool learns(const WorkerProcess& worker) {
  return app::metric_sum(worker.page("/metrics").body, "riffle_learner_running") == 1;
}

TEST(Rebalance, UnderLoadWorkersOfOneHostHandShardsOverWithNothingLostOrDoubled) {
  RIFFLE_NEEDS_KAFKA(broker);
  FaultStream stream({{"bootstrap.servers", broker}});
  ASSERT_NO_FATAL_FAILURE(stream.create_topics());
  const auto options = [&](const std::string& name) {
    return stream.worker({{"session.timeout.ms", "2000"}, {"heartbeat.interval.ms", "300"}}, name);
  };
  // Load goes on while `until` is waited for.
  int left = 800;
  const auto under_load = [&](const auto& until) {
    return await([&] {
      if (left > 0) stream.publish(4, 2), left -= 4;
      return until();
    });
  };

  WorkerProcess first(options("first"));
  ASSERT_TRUE(under_load([&] { return first.page("/readyz").status == 200 && owned(first) == 2; })) << first.process().err();
  {
    WorkerProcess second(options("second"));
    EXPECT_TRUE(under_load([&] { return owned(first) == 1 && owned(second) == 1 && learns(first) != learns(second); }))
        << first.process().err() << second.process().err();
    second.process().signal(SIGTERM);
    EXPECT_EQ(second.process().wait(40s), 0) << second.process().err();
  }
  EXPECT_TRUE(under_load([&] { return owned(first) == 2 && learns(first); })) << first.process().err();
  WorkerProcess third(options("third"));
  EXPECT_TRUE(under_load([&] { return owned(first) == 1 && owned(third) == 1; })) << third.process().err();
  first.process().signal(SIGKILL);
  EXPECT_TRUE(under_load([&] { return owned(third) == 2 && learns(third); })) << third.process().err();
  stream.publish(40, 10);
  stream.expect_all_of_it();
  EXPECT_FALSE(HasFailure()) << first.process().err() << third.process().err();
  third.process().signal(SIGTERM);
  EXPECT_EQ(third.process().wait(40s), 0) << third.process().err();
}

// What takes long is not done in the rebalance callback: a member that waits there longer than max.poll.interval.ms is
// thrown out of its group, its shards go to the next, which waits as long.
TEST(Rebalance, AShardThatTakesLongToOpenDoesNotHoldTheGroupUp) {
  RIFFLE_NEEDS_KAFKA(broker);
  FaultStream stream({{"bootstrap.servers", broker}});
  ASSERT_NO_FATAL_FAILURE(stream.create_topics());
  constexpr auto kPollInterval = 2500ms;
  std::vector<std::string> options = stream.worker({{"session.timeout.ms", "2000"},
                                                    {"heartbeat.interval.ms", "300"},
                                                    {"max.poll.interval.ms", std::to_string(kPollInterval.count())}});
  options.insert(options.end(), {"--set", "state.wait_for_lock=1m"});
  state::RocksDbOptions held;
  held.directory = state::shard_directory(stream.state(), Partition(0));
  auto store = state::open_rocksdb_store(held);
  ASSERT_TRUE(store.ok()) << store.status();
  stream.publish(40, 10);

  WorkerProcess worker(options);
  ASSERT_TRUE(await([&] { return worker.page("/readyz").body.find("being restored") != std::string::npos; }))
      << worker.process().err();
  const auto opened = std::chrono::steady_clock::now() + 2 * kPollInterval;
  ASSERT_TRUE(await([&] { return std::chrono::steady_clock::now() > opened; }));
  EXPECT_NE(worker.page("/readyz").body.find("being restored"), std::string::npos) << worker.page("/readyz").body;
  store->reset();
  ASSERT_TRUE(worker.await_ready()) << worker.process().err();
  stream.expect_all_of_it();
  const std::string log = worker.process().err(), assigned = "are assigned to this worker";
  EXPECT_EQ(log.find(assigned), log.rfind(assigned)) << "assigned more than once: " << log;
  worker.process().signal(SIGTERM);
  EXPECT_EQ(worker.process().wait(40s), 0) << worker.process().err();
}

}  // namespace
}  // namespace riffle
