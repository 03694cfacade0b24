// No room under the state directory, while a worker runs and when it starts: it ends with a clear error and the documented
// code, and goes on with nothing lost once there is room.
#include <gmock/gmock.h>

#include "tests/faults/hurt_broker.h"

namespace riffle {
namespace {

using riffle::testing::FaultStream;
using riffle::testing::SmallDisk;
using riffle::testing::WorkerProcess;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class FullStateDisk : public riffle::testing::HurtBroker {};

TEST_F(FullStateDisk, EndsTheWorkerWithSixAndLosesNothing) {
  const SmallDisk disk("48m");
  if (!disk.limited()) GTEST_SKIP() << "a small disk can only be mounted by the super-user";
  FaultStream stream({{"bootstrap.servers", broker_->address()}}, disk.path() + "/state");
  ASSERT_NO_FATAL_FAILURE(stream.create_topics());
  std::vector<std::string> options = stream.worker();
  options.insert(options.end(), {"--set", "state.write_buffer_bytes=1MiB"});
  {
    WorkerProcess worker(options);
    ASSERT_NO_FATAL_FAILURE(expect_running(stream, worker));
    disk.fill();
    for (int more = 0; more < 9 && worker.process().running(); ++more) {
      stream.publish(100, 100);
      stream.settle();
    }
    EXPECT_EQ(worker.process().wait(60s), 6) << worker.process().err();
    EXPECT_THAT(worker.process().err(), HasSubstr(disk.path()));
    EXPECT_THAT(worker.process().err(), HasSubstr("full"));
    EXPECT_THAT(worker.process().err(), HasSubstr("make room"));
  }
  disk.fill();  // as the store gave back what it had reserved
  {
    WorkerProcess worker(options);
    EXPECT_EQ(worker.process().wait(60s), 6) << worker.process().err();
    EXPECT_THAT(worker.process().err(), HasSubstr("make room"));
  }
  disk.make_room();
  WorkerProcess worker(options);
  ASSERT_TRUE(worker.await_ready()) << worker.process().err();
  stream.expect_all_of_it();
  expect_graceful_end(worker);
}

}  // namespace
}  // namespace riffle
