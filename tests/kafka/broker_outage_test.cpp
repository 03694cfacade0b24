// A broker that is down when the worker starts, and again in mid-run: the worker waits, says so,
// goes on, and loses nothing.
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/support/broker.h"
#include "tests/support/kafka.h"
#include "tests/support/worker_process.h"

namespace riffle {
namespace {

using namespace std::chrono_literals;
using riffle::testing::await;
using riffle::testing::Broker;
using riffle::testing::finish;
using riffle::testing::Finished;
using riffle::testing::lines_of;
using riffle::testing::Scratch;
using riffle::testing::WorkerProcess;

std::string event(int number) {
  return absl::StrCat(R"({"event":"interaction","type":"click","event_id":"e)", number,
                      R"(","timestamp":1700000000000,"user_id":"u)", number % 7,
                      R"(","item_id":"i)", number % 40, "\"}\n");
}

TEST(BrokerOutage, AWorkerWaitsForItsBrokerAndGoesOnWithNothingLost) {
  RIFFLE_NEEDS_KAFKA(other);  // where no broker is wanted, none is started
  const Scratch scratch;
  Broker broker(scratch / "kafka");
  ASSERT_EQ(broker.start(), "");
  const auto riffle = [&](std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), riffle::testing::riffle_binary());
    arguments.insert(arguments.end(), {"--kafka", broker.address()});
    return finish(arguments, input);
  };
  ASSERT_EQ(riffle({"topics", "create", "--partitions", "2"}).code, 0);
  std::string events, requests;
  for (int i = 0; i < 200; ++i) events += event(i);
  ASSERT_EQ(riffle({"publish", "events"}, events).code, 0);
  ASSERT_TRUE(broker.stop());

  // Down at the start: alive, not ready, and saying why.
  WorkerProcess worker(
      {"--kafka", broker.address(), "--set", "state.directory=" + (scratch / "state")});
  ASSERT_TRUE(worker.await_pages()) << worker.process().err();
  ASSERT_TRUE(await([&] {
    return worker.page("/readyz").body.find("the bus cannot be reached") != std::string::npos;
  }));
  EXPECT_EQ(worker.page("/readyz").status, 503);
  EXPECT_EQ(worker.page("/healthz").status, 200);
  ASSERT_EQ(broker.start(), "");
  ASSERT_TRUE(worker.await_ready(90s)) << worker.process().err();
  for (int i = 0; i < 20; ++i)
    requests += absl::StrCat(R"({"event":"request","request_id":"a)", i, R"(","user_id":"u)", i % 7,
                             "\"}\n");
  ASSERT_EQ(riffle({"publish", "requests"}, requests).code, 0);
  const Finished first =
      riffle({"watch", "recommendations", "--from", "beginning", "-n", "20", "--timeout", "30s"});
  ASSERT_EQ(first.code, 0) << worker.process().err();

  // In mid-run.
  ASSERT_TRUE(broker.stop());
  ASSERT_TRUE(await([&] { return worker.page("/readyz").status == 503; }));
  EXPECT_EQ(worker.page("/healthz").status, 200);
  ASSERT_EQ(broker.start(), "");
  ASSERT_TRUE(worker.await_ready(90s)) << worker.process().err();
  events.clear(), requests.clear();
  for (int i = 200; i < 300; ++i) events += event(i);
  for (int i = 20; i < 40; ++i)
    requests += absl::StrCat(R"({"event":"request","request_id":"a)", i, R"(","user_id":"u)", i % 7,
                             "\"}\n");
  ASSERT_EQ(riffle({"publish", "events"}, events).code, 0);
  ASSERT_EQ(riffle({"publish", "requests"}, requests).code, 0);
  const Finished all =
      riffle({"watch", "recommendations", "--from", "beginning", "-n", "40", "--timeout", "60s"});
  EXPECT_EQ(all.code, 0) << worker.process().err();
  std::set<std::string> asked;
  for (const std::string& line : lines_of(all.out)) {
    const std::size_t at = line.find(R"("request_id":")") + 14;
    asked.insert(line.substr(at, line.find('"', at) - at));
  }
  EXPECT_EQ(asked.size(), 40U);
  const std::string accepted = R"(riffle_events_consumed_total{result="accepted"} 300)";
  EXPECT_TRUE(await([&] {
    return worker.page("/metrics").body.find(accepted) != std::string::npos;
  })) << worker.page("/metrics").body;
  worker.process().signal(SIGTERM);
  EXPECT_EQ(worker.process().wait(40s), 0) << worker.process().err();
}

TEST(BrokerOutage, AWorkerThatWaitsForItsBrokerStopsAtOnceWhenTold) {
  const Scratch scratch;
  WorkerProcess worker(
      {"--kafka", "127.0.0.1:1", "--set", "state.directory=" + (scratch / "state")});
  ASSERT_TRUE(worker.await_pages()) << worker.process().err();
  ASSERT_TRUE(await([&] { return worker.page("/readyz").status == 503; }));
  worker.process().signal(SIGTERM);
  EXPECT_EQ(worker.process().wait(5s), 0) << worker.process().err();
}

}  // namespace
}  // namespace riffle
