// The main job on a real broker, as the README has it: topics, four months of a shop's sales, a
// worker, lists read by clients of other makers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "absl/strings/str_cat.h"
#include "app/metric_text.h"
#include "records/json_codec.h"
#include "tests/support/kafka.h"
#include "tests/support/worker_process.h"

namespace riffle {
namespace {

using namespace std::chrono_literals;
using riffle::testing::await;
using riffle::testing::finish;
using riffle::testing::Finished;
using riffle::testing::lines_of;
using riffle::testing::Scratch;
using riffle::testing::WorkerProcess;
using ::testing::HasSubstr;

constexpr double kPurchases = 94'488;

void expect_valid_list(const std::string& json, const std::string& user) {
  const auto list = records::decode_recommendation(json);
  ASSERT_TRUE(list.ok()) << list.status() << json;
  EXPECT_EQ(list->user_id.str(), user);
  ASSERT_EQ(list->items.size(), 10U);
  std::set<std::string> ids;
  for (const records::ListedItem& item : list->items) {
    EXPECT_GT(item.propensity, 0);
    EXPECT_LE(item.propensity, 1);
    ids.insert(item.item_id.str());
  }
  EXPECT_EQ(ids.size(), 10U);
  EXPECT_GT(list->slate_propensity, 0);
}

class MainJobTest : public ::testing::Test {
 protected:
  // `riffle` with this test's broker and namespace.
  std::vector<std::string> command(const std::string& broker,
                                   std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), riffle::testing::riffle_binary());
    for (const std::string& option : options(broker)) arguments.push_back(option);
    return arguments;
  }
  std::vector<std::string> options(const std::string& broker) const {
    return {"--kafka", broker,
            "--set",   "topics.prefix=" + namespace_,
            "--set",   "worker.group=" + namespace_ + "group"};
  }
  std::vector<std::string> worker_options(const std::string& broker) const {
    auto all = options(broker);
    all.insert(all.end(), {"--set", "state.directory=" + (scratch_ / "state")});
    return all;
  }
  static double metric(const WorkerProcess& worker, const std::string& name) {
    return app::metric_sum(worker.page("/metrics").body, name);
  }

  const std::string namespace_ = riffle::testing::new_namespace();
  const Scratch scratch_;
};

// librdkafka's own clients hash keys with CRC32 unless told otherwise: kcat and Python write as the
// README tells them to.
constexpr const char* kMurmur = "partitioner=murmur2_random";

constexpr const char* kPython = R"(
import json, sys
from confluent_kafka import Consumer, Producer
broker, prefix, user = sys.argv[1:4]
producer = Producer({"bootstrap.servers": broker, "partitioner": "murmur2_random"})
request = {"event": "request", "request_id": "from-python", "user_id": user}
producer.produce(prefix + "requests", key=user, value=json.dumps(request))
producer.flush()
consumer = Consumer({"bootstrap.servers": broker, "group.id": prefix + "python",
                     "auto.offset.reset": "earliest"})
consumer.subscribe([prefix + "recommendations"])
for _ in range(600):
    message = consumer.poll(0.1)
    if message is None or message.error():
        continue
    answer = json.loads(message.value())
    if answer["request_id"] == "from-python":
        print(message.value().decode())
        consumer.close()
        sys.exit(0)
sys.exit("no list came")
)";

TEST_F(MainJobTest, FourMonthsOfSalesBecomeListsThatKcatAndPythonRead) {
  RIFFLE_NEEDS_KAFKA(broker);
  const std::string data = riffle::testing::shared_data("online_retail");
  if (data.empty())
    GTEST_SKIP()
        << "no Online Retail data: set RIFFLE_SHARED to the folder that has data/online_retail";

  const Finished topics = finish(command(broker, {"topics", "create", "--partitions", "4"}));
  ASSERT_EQ(topics.code, 0) << topics.err;
  std::vector<std::string> import = {"import", "--format", "online-retail", "--report", "json"};
  for (const char* month : {"2010-12", "2011-01", "2011-02", "2011-03"})
    import.push_back(data + "/" + month + ".csv.gz");
  const Finished imported = finish(command(broker, import));
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.out, HasSubstr(R"("rows":142083,)"));
  EXPECT_THAT(imported.out, HasSubstr(R"({"what":"purchase","used":true,"rows":94488})"));
  EXPECT_THAT(imported.out, HasSubstr(R"("published":{"events":94488,)"));
  // The rest is explained row by row: 142,083 − 94,488 = 47,595.
  std::uint64_t unused = 0;
  for (std::size_t at = 0;
       (at = imported.out.find(R"("used":false,"rows":)", at)) != std::string::npos; ++at)
    unused += static_cast<std::uint64_t>(std::atoll(imported.out.c_str() + at + 20));
  EXPECT_EQ(unused, 47'595U) << imported.out;

  // Over four partitions, merged by the sales' own times.
  const Finished evaluated =
      finish(command(broker, {"evaluate", "-p", "popularity", "--resamples", "20", "--format", "json"}));
  EXPECT_EQ(evaluated.code, 0) << evaluated.err;
  for (const char* part : {R"("interactions": 94488)", R"("users": 2134)", R"("items": 2881)", R"("out_of_order": 0)"})
    EXPECT_THAT(evaluated.out, HasSubstr(part));

  WorkerProcess worker(worker_options(broker));
  ASSERT_TRUE(worker.await_ready()) << worker.process().err();
  ASSERT_TRUE(
      await([&] { return metric(worker, "riffle_events_consumed_total") >= kPurchases; }, 120s))
      << worker.page("/metrics").body;
  EXPECT_EQ(metric(worker, "riffle_dead_letters_total"), 0);

  // kcat asks and reads.
  if (!riffle::testing::has_program("kcat"))
    GTEST_SKIP() << "no kcat: the rest of the job needs it";
  const std::string user = "17841";
  const Finished asked =
      finish({"kcat", "-P", "-b", broker, "-t", namespace_ + "requests", "-K", "\t", "-X", kMurmur},
             absl::StrCat(user, "\t", R"({"event":"request","request_id":"from-kcat","user_id":")",
                          user, "\"}\n"));
  ASSERT_EQ(asked.code, 0) << asked.err;
  const Finished read = finish({"kcat", "-C", "-b", broker, "-t", namespace_ + "recommendations",
                                "-o", "beginning", "-c", "1", "-q"});
  ASSERT_EQ(read.code, 0) << read.err;
  expect_valid_list(read.out, user);
  EXPECT_THAT(read.out, HasSubstr(R"("request_id":"from-kcat")"));
  EXPECT_THAT(read.out, HasSubstr(R"("because_bought")"))
      << "a customer of 2010 gets no list of his own";

  // Python's confluent-kafka likewise; Debian's package belongs to Debian's Python.
  if (finish({"/usr/bin/python3", "-c", "import confluent_kafka"}).code != 0)
    GTEST_SKIP() << "no python3-confluent-kafka: the rest of the job needs it";
  const Finished python = finish({"/usr/bin/python3", "-c", kPython, broker, namespace_, "17850"});
  ASSERT_EQ(python.code, 0) << python.err;
  expect_valid_list(python.out, "17850");

  // A stop commits all, so a second worker goes on where this one was.
  worker.process().signal(SIGTERM);
  EXPECT_EQ(worker.process().wait(40s), 0) << worker.process().err();
  WorkerProcess again(worker_options(broker));
  ASSERT_TRUE(again.await_ready()) << again.process().err();
  const Finished third =
      finish(command(broker, {"publish", "requests",
                              R"({"event":"request","request_id":"r3","user_id":"17841"})"}));
  ASSERT_EQ(third.code, 0) << third.err;
  const Finished all = finish(command(
      broker, {"watch", "recommendations", "--from", "beginning", "-n", "3", "--timeout", "30s"}));
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_EQ(lines_of(all.out).size(), 3U);
  EXPECT_EQ(metric(again, "riffle_events_consumed_total"), 0);
  again.process().signal(SIGTERM);
  EXPECT_EQ(again.process().wait(40s), 0);
}

TEST_F(MainJobTest, AWorkerWithoutTopicsEndsWithFourAndNamesTheCommand) {
  RIFFLE_NEEDS_KAFKA(broker);
  WorkerProcess worker(worker_options(broker));
  EXPECT_EQ(worker.process().wait(30s), 4);
  EXPECT_THAT(worker.process().err(),
              HasSubstr("topic " + namespace_ +
                        "events does not exist; make it with `riffle topics create`"));
}

TEST_F(MainJobTest, TopicsThatExistWithOtherPartitionsAreLeftAloneAndBothNumbersSaid) {
  RIFFLE_NEEDS_KAFKA(broker);
  ASSERT_EQ(finish(command(broker, {"topics", "create", "--partitions", "2"})).code, 0);
  const Finished again = finish(command(broker, {"topics", "create", "--partitions", "3"}));
  EXPECT_EQ(again.code, 4);
  EXPECT_THAT(again.err, HasSubstr("2 partitions, not 3"));
}

TEST_F(MainJobTest, ABrokerThatIsNotThereIsThreeForACommandThatNeedsIt) {
  const Finished result = finish(command("127.0.0.1:1", {"topics", "list"}));
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace riffle
