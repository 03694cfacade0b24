// The simulated world against a Riffle over its topics, on the local bus: the worker, the topics and the log are real.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/scratch.h"

namespace riffle {
namespace {

using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

TEST(SimulateLive, AWorkerOnTheLocalBusServesTheWorldAndItsLogIsThere) {
  const Scratch scratch;
  const auto run = riffle({"simulate", "--local", scratch / "bus", "--set", "state.directory=" + (scratch / "state"),
                           "--set", "http.enabled=false", "--set", "simulation.users=30", "--set", "simulation.span=4d",
                           "--set", "topics.partitions=2", "--seconds", "1", "--format", "json"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\"linear\":{\"slots\":"));
  const auto lists = riffle({"watch", "recommendations", "--local", scratch / "bus", "--from", "beginning", "-n", "1"});
  EXPECT_EQ(lists.code, 0) << lists.err;
  EXPECT_THAT(lists.out, HasSubstr("\"policy_id\":\"linear\""));
}

}  // namespace
}  // namespace riffle
