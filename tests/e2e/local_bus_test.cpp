// The whole system on the local bus: records in, lists and dead letters out, across restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "app/metric_text.h"
#include "base/hash.h"
#include "records/json_codec.h"
#include "state/layout.h"
#include "tests/support/command.h"
#include "tests/support/http_get.h"
#include "tests/support/running_system.h"

namespace riffle {
namespace {

using riffle::testing::await;
using riffle::testing::http_get;
using riffle::testing::riffle;
using riffle::testing::RunningSystem;
using riffle::testing::Seen;
using ::testing::HasSubstr;

// A shop of 30 items in 5 categories, whose 12 users bought neighbouring items.
std::string shop_lines() {
  std::string lines;
  for (int i = 0; i < 30; ++i) {
    absl::StrAppend(&lines, R"({"item_id":"i)", i, R"(","title":"thing )", i, R"(","category":["c)",
                    i % 5, R"("],"price":)", 1 + i, "}\n");
  }
  for (int user = 0; user < 12; ++user) {
    for (int step = 0; step < 8; ++step) {
      absl::StrAppend(&lines, R"({"event":"interaction","type":")",
                      step % 3 == 0 ? "purchase" : "click", R"(","event_id":"e)", user, "-", step,
                      R"(","timestamp":)", 1'700'000'000'000 + user * 1000 + step * 60'000,
                      R"(,"user_id":"u)", user, R"(","item_id":"i)", (user + step) % 30, "\"}\n");
    }
  }
  return lines;
}

std::string request(const std::string& id, const std::string& user) {
  return absl::StrCat(R"({"event":"request","request_id":")", id, R"(","user_id":")", user, "\"}");
}

void expect_valid_list(const Seen& seen, const std::string& request_id, const std::string& user) {
  const auto list = records::decode_recommendation(seen.value);
  ASSERT_TRUE(list.ok()) << list.status() << seen.value;
  EXPECT_EQ(list->request_id.str(), request_id);
  EXPECT_EQ(list->user_id.str(), user);
  EXPECT_EQ(seen.key, user);
  ASSERT_EQ(list->items.size(), 10U);
  std::set<std::string> ids;
  double product = 1;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const records::ListedItem& item = list->items[i];
    EXPECT_EQ(item.position, static_cast<std::int32_t>(i));
    EXPECT_GT(item.propensity, 0);
    EXPECT_LE(item.propensity, 1);
    ids.insert(item.item_id.str());
    product *= item.propensity;
  }
  EXPECT_EQ(ids.size(), 10U);
  EXPECT_NEAR(std::log(product), std::log(list->slate_propensity), 1e-6);
}

class LocalBusTest : public ::testing::Test {
 protected:
  // Through the commands, as a user would.
  void import_shop() {
    const std::string bus = system_.config.local.directory;
    ASSERT_EQ(riffle({"topics", "create", "--local", bus, "--partitions", "2"}).code, 0);
    const std::string file = system_.scratch.write("shop.jsonl", shop_lines());
    const auto imported =
        riffle({"import", "--format", "json-lines", file, "--local", bus, "--report", "json"});
    ASSERT_EQ(imported.code, 0) << imported.err;
    EXPECT_THAT(imported.out,
                HasSubstr(R"("published":{"events":96,"requests":0,"users":0,"items":30})"));
  }
  double metric(const std::string& name) {
    return app::metric_sum(system_.service->metrics_page(), name);
  }
  bool applied(double events) {
    return await([&] { return metric("riffle_events_consumed_total") >= events; });
  }

  RunningSystem system_;
};

TEST_F(LocalBusTest, ImportedEventsAndARequestGiveAListWithPropensities) {
  import_shop();
  system_.open_bus();
  system_.start_and_await_ready();
  ASSERT_TRUE(applied(96));
  system_.publish(system_.topics().requests, "u1", request("r1", "u1"));
  system_.publish(system_.topics().requests, "stranger", request("r2", "stranger"));
  const auto lists = system_.await_records(system_.topics().recommendations, 2);
  ASSERT_EQ(lists.size(), 2U);
  for (const Seen& list : lists) {
    const bool known = list.key == "u1";
    expect_valid_list(list, known ? "r1" : "r2", known ? "u1" : "stranger");
  }
  EXPECT_EQ(metric("riffle_dead_letters_total"), 0);
}

TEST_F(LocalBusTest, ARecordThatCannotBeReadBecomesADeadLetterWithItsOriginAndTheStreamGoesOn) {
  system_.open_bus();
  system_.start_and_await_ready();
  const std::string good =
      R"({"event":"interaction","type":"click","timestamp":1700000000000,"user_id":"u1","item_id":"i1"})";
  system_.publish(system_.topics().events, "u1", R"({"event":"interaction","type":)");
  system_.publish(system_.topics().events, "u1", good);
  const auto dead = system_.await_records(system_.topics().dead_letters, 1);
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_EQ(dead[0].key, "u1");
  EXPECT_EQ(dead[0].value, R"({"event":"interaction","type":)");
  EXPECT_EQ(dead[0].headers.at("error.code"), "not_json");
  EXPECT_EQ(dead[0].headers.at("origin.topic"), system_.topics().events);
  EXPECT_EQ(dead[0].headers.at("origin.offset"), "0");
  EXPECT_NE(dead[0].headers.at("error.message"), "");
  EXPECT_TRUE(await([&] {
    return system_.service->metrics_page().find(
               "riffle_events_consumed_total{result=\"accepted\"} 1") != std::string::npos;
  }));
  EXPECT_EQ(metric("riffle_dead_letters_total"), 1);
}

TEST_F(LocalBusTest, ARestartKeepsTheRowsAndTheOpenDecisions) {
  import_shop();
  system_.open_bus();
  system_.start_and_await_ready();
  ASSERT_TRUE(applied(96));
  system_.publish(system_.topics().requests, "u1", request("r1", "u1"));
  const auto before = system_.await_records(system_.topics().recommendations, 1);
  ASSERT_EQ(before.size(), 1U);
  system_.stop();
  const std::string state = "state.directory=" + system_.config.state.directory;
  const auto user = riffle({"get", "user", "u1", "--set", state});
  ASSERT_EQ(user.code, 0) << user.err;
  EXPECT_THAT(user.out, HasSubstr(R"("purchase": 3)"));
  EXPECT_THAT(user.out, HasSubstr(R"("item_id": "i8")"));

  system_.start_and_await_ready();
  EXPECT_EQ(riffle({"get", "user", "u1", "--set", state}).out, user.out);
  // The same request again has the same decision, so the same list under the same id.
  system_.publish(system_.topics().requests, "u1", request("r1", "u1"));
  const auto after = system_.await_records(system_.topics().recommendations, 2);
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].value, after[1].value);
  const auto id = records::decode_recommendation(before[0].value)->recommendation_id.str();
  const auto decision = riffle({"get", "decision", id, "--set", state});
  ASSERT_EQ(decision.code, 0) << decision.err;
  EXPECT_THAT(decision.out, HasSubstr(R"("request_id": "r1")"));
}

TEST_F(LocalBusTest, ThePagesSayHowItIs) {
  system_.open_bus();
  system_.start_and_await_ready();
  const std::uint16_t port = system_.service->port();
  EXPECT_EQ(http_get(port, "/healthz").status, 200);
  EXPECT_EQ(http_get(port, "/readyz").status, 200);
  const auto metrics = http_get(port, "/metrics");
  EXPECT_EQ(metrics.status, 200);
  for (const char* name : {"riffle_events_consumed_total", "riffle_event_to_list_seconds",
                           "riffle_recommend_latency_seconds", "riffle_slate_ild",
                           "riffle_policy_version", "riffle_reward_join_total",
                           "riffle_propensity_min", "riffle_state_bytes{store=\"shard-00000\"}",
                           "riffle_consumer_lag", "riffle_shards_owned 2"})
    EXPECT_THAT(metrics.body, HasSubstr(name));
}

TEST_F(LocalBusTest, WithoutTopicsItEndsAndNamesTheCommandThatMakesThem) {
  system_.open_bus(false);
  system_.start();
  ASSERT_TRUE(await([&] { return system_.service->ended().has_value(); }));
  const auto end = *system_.service->ended();
  EXPECT_EQ(app::exit_code(end.status, end.origin), app::ExitCode::kTopics);
  EXPECT_THAT(std::string(end.status.message()), HasSubstr("`riffle topics create`"));
  const auto page = http_get(system_.service->port(), "/readyz");
  EXPECT_EQ(page.status, 503);
  EXPECT_THAT(page.body, HasSubstr("riffle topics create"));
}

TEST_F(LocalBusTest, ASecondWorkerOfTheSameNameIsRefused) {
  system_.open_bus();
  system_.start_and_await_ready();
  Metrics metrics;
  const SystemClock clock;
  auto second = app::Service::start(*system_.bus, app::worker_setup(system_.config),
                                    system_.config.http, clock, metrics);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_TRUE(await([&] { return (*second)->ended().has_value(); }));
  EXPECT_EQ(app::exit_code((*second)->ended()->status, (*second)->ended()->origin),
            app::ExitCode::kStateInUse);
  EXPECT_EQ(system_.service->not_ready_because(), "");
}

TEST_F(LocalBusTest, AStateDirectoryThatCannotBeMadeIsRefused) {
  system_.config.state.directory = "/proc/riffle-state";
  system_.open_bus();
  system_.start();
  ASSERT_TRUE(await([&] { return system_.service->ended().has_value(); }));
  const auto end = *system_.service->ended();
  EXPECT_EQ(app::exit_code(end.status, end.origin), app::ExitCode::kStateUnwritable) << end.status;
}

TEST_F(LocalBusTest, LostStateIsRefusedAndRebuiltOnlyWhenAsked) {
  import_shop();
  system_.open_bus();
  system_.start_and_await_ready();
  ASSERT_TRUE(applied(96));
  system_.stop();
  // The group's offsets are written a moment after the commit.
  system_.close();
  std::filesystem::remove_all(system_.config.state.directory);
  system_.open_bus();
  system_.start();
  ASSERT_TRUE(await([&] { return system_.service->ended().has_value(); }));
  const auto end = *system_.service->ended();
  EXPECT_EQ(app::exit_code(end.status, end.origin), app::ExitCode::kLost) << end.status;
  EXPECT_THAT(std::string(end.status.message()), HasSubstr("--rebuild"));
  system_.stop();

  system_.config.worker.rebuild = true;
  system_.start_and_await_ready();
  EXPECT_TRUE(applied(2 * 96));
}

// Breaks the store of a shard so that it cannot be opened.
void corrupt_store(const std::string& state, Partition shard) {
  int broken = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(state::shard_directory(state, shard))) {
    if (!file.path().filename().string().starts_with("MANIFEST")) continue;
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
    ++broken;
  }
  ASSERT_GT(broken, 0);
}

TEST_F(LocalBusTest, ACorruptShardStopsAloneAndTheOthersGoOn) {
  import_shop();
  system_.open_bus();
  system_.start_and_await_ready();
  ASSERT_TRUE(applied(96));
  system_.stop();
  const Partition broken = murmur2_partition("u1", 2), sound(1 - broken.value());
  corrupt_store(system_.config.state.directory, broken);
  system_.start();
  ASSERT_TRUE(await([&] {
    return system_.service->not_ready_because().find("corrupt") != std::string::npos;
  })) << system_.service->not_ready_because();
  EXPECT_EQ(http_get(system_.service->port(), "/readyz").status, 503);
  EXPECT_EQ(http_get(system_.service->port(), "/healthz").status, 200);
  std::string user;
  for (int i = 0; user.empty(); ++i) {
    const std::string candidate = absl::StrCat("u", i);
    if (murmur2_partition(candidate, 2) == sound) user = candidate;
  }
  system_.publish(system_.topics().requests, user, request("r1", user));
  EXPECT_EQ(system_.await_records(system_.topics().recommendations, 1).size(), 1U);
  EXPECT_FALSE(system_.service->ended().has_value());
}

TEST_F(LocalBusTest, WhereEveryShardIsCorruptItEnds) {
  import_shop();
  system_.open_bus();
  system_.start_and_await_ready();
  system_.stop();
  for (int shard = 0; shard < 2; ++shard)
    corrupt_store(system_.config.state.directory, Partition(shard));
  system_.start();
  ASSERT_TRUE(await([&] { return system_.service->ended().has_value(); }));
  const auto end = *system_.service->ended();
  EXPECT_EQ(app::exit_code(end.status, end.origin), app::ExitCode::kStateCorrupt) << end.status;
}

TEST_F(LocalBusTest, ABusMadeAgainUnderAnOldStateIsRefused) {
  import_shop();
  system_.open_bus();
  system_.start_and_await_ready();
  ASSERT_TRUE(applied(96));
  system_.close();
  std::filesystem::remove_all(system_.config.local.directory);
  import_shop();
  system_.open_bus();
  system_.start();
  ASSERT_TRUE(await([&] { return system_.service->ended().has_value(); }));
  const auto end = *system_.service->ended();
  EXPECT_EQ(app::exit_code(end.status, end.origin), app::ExitCode::kLost) << end.status;
}

TEST_F(LocalBusTest, WatchPrintsWhatIsThereAndEndsWhenNothingMoreComes) {
  import_shop();
  const std::string bus = system_.config.local.directory;
  const auto items = riffle({"watch", "items", "--local", bus, "--from", "beginning", "-n", "30"});
  EXPECT_EQ(items.code, 0);
  EXPECT_EQ(std::count(items.out.begin(), items.out.end(), '\n'), 30);
  const auto of_one = riffle({"watch", "events", "--local", bus, "--from", "beginning", "--user",
                              "u3", "--timeout", "1s"});
  EXPECT_EQ(of_one.code, 0);
  EXPECT_EQ(std::count(of_one.out.begin(), of_one.out.end(), '\n'), 8);
  EXPECT_EQ(riffle({"watch", "requests", "--local", bus, "-n", "1", "--timeout", "100ms"}).code, 1);
}

TEST_F(LocalBusTest, PublishTakesRecordsAsTheyAreAndChecksThemWhenAsked) {
  const std::string bus = system_.config.local.directory;
  ASSERT_EQ(riffle({"topics", "create", "--local", bus}).code, 0);
  const std::string lines = request("r1", "u1") + "\nnonsense\n\n" + request("r2", "u2") + "\n";
  const auto as_is = riffle({"publish", "requests", "--local", bus, "--format", "json"}, lines);
  EXPECT_EQ(as_is.code, 0) << as_is.err;
  EXPECT_THAT(as_is.out, HasSubstr(R"("published":3,"refused":0,"without_key":1)"));
  const auto checked = riffle({"publish", "requests", "--local", bus, "--check"}, lines);
  EXPECT_EQ(checked.code, 1);
  EXPECT_THAT(checked.err, HasSubstr("record 2: not_json"));
  EXPECT_THAT(checked.err, HasSubstr("published 2 records"));
  const auto watched =
      riffle({"watch", "requests", "--local", bus, "--from", "beginning", "-n", "5"});
  EXPECT_EQ(watched.code, 0);
  EXPECT_THAT(watched.out, HasSubstr(R"("value_text":"nonsense")"));
}

TEST_F(LocalBusTest, TopicsAreListedAndAnotherNumberOfPartitionsIsRefusedWithBothNumbers) {
  const std::string bus = system_.config.local.directory;
  EXPECT_EQ(riffle({"topics", "list", "--local", bus}).code, 4);
  ASSERT_EQ(riffle({"topics", "create", "--local", bus, "--partitions", "3"}).code, 0);
  EXPECT_EQ(riffle({"topics", "list", "--local", bus}).code, 0);
  const auto again = riffle({"topics", "create", "--local", bus, "--partitions", "5"});
  EXPECT_EQ(again.code, 4);
  EXPECT_THAT(again.err, HasSubstr("3 partitions, not 5"));
}

}  // namespace
}  // namespace riffle
