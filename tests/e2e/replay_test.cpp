// The demonstration's log, applied again as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <sstream>

#include "app/metric_text.h"
#include "records/json_codec.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"
#include "tests/support/command.h"
#include "tests/support/running_system.h"
#include "tests/support/scratch.h"

namespace riffle {
namespace {

using riffle::testing::await;
using riffle::testing::CommandResult;
using riffle::testing::riffle;
using riffle::testing::RunningSystem;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

// Made once: all tests here only read it.
class DemoLog : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new Scratch;
    made_ = new CommandResult(riffle({"demo", "--seconds", "1", "--rate", "600", "--users", "40", "--seed", "4",
                                      "--dir", *scratch_ / "demo", "--format", "json"}));
  }
  static void TearDownTestSuite() {
    delete made_;
    delete scratch_;
  }
  void SetUp() override { ASSERT_EQ(made_->code, 0) << made_->err; }

  static CommandResult replay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"replay", "--config", *scratch_ / "demo/riffle.yaml"});
    return riffle(arguments);
  }
  static std::string state() { return *scratch_ / "demo/state"; }

  static Scratch* scratch_;
  static CommandResult* made_;
};
Scratch* DemoLog::scratch_ = nullptr;
CommandResult* DemoLog::made_ = nullptr;

std::uint64_t number(const CommandResult& result, const std::string& pointer) {
  simdjson::dom::parser parser;
  std::uint64_t value = 0;
  EXPECT_EQ(parser.parse(result.out).at_pointer(pointer).get(value), simdjson::SUCCESS) << pointer << result.out;
  return value;
}

TEST_F(DemoLog, MakesTheLiveRowsAndOutcomesAgainByteForByte) {
  const auto verified = replay({"--verify", state(), "--format", "json"});
  ASSERT_EQ(verified.code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr(R"("same":true)"));
  EXPECT_GT(number(verified, "/verify/users/equal"), 20U);
  EXPECT_GT(number(verified, "/verify/items/equal"), 20U);
  EXPECT_GT(number(verified, "/outcomes/equal"), 200U);
  EXPECT_EQ(number(verified, "/outcomes/different"), 0U);
  EXPECT_THAT(replay({"--verify", state()}).out, HasSubstr("verified   yes"));
}

TEST_F(DemoLog, WithOtherRowsDoesNotVerifyAndNamesThem) {
  const auto differs = replay({"--verify", state(), "--set", "rows.history_length=12"});
  EXPECT_EQ(differs.code, 10) << differs.out << differs.err;
  EXPECT_THAT(differs.out, HasSubstr("verified   NO"));
  EXPECT_THAT(differs.out, HasSubstr(": user "));
}

TEST_F(DemoLog, WhatAReplayKeepsVerifiesUntilARowIsChangedOrAShardIsMissing) {
  const std::string kept = *scratch_ / "kept";
  ASSERT_EQ(replay({"--keep", kept}).code, 0);
  EXPECT_EQ(replay({"--verify", kept}).code, 0);
  {
    state::RocksDbOptions options;
    options.directory = state::shard_directory(kept, Partition(0));
    const auto store = *state::open_rocksdb_store(options);
    state::WriteBatch change;
    ASSERT_TRUE(store
                    ->scan(state::Column::kUsers, "", "",
                           [&](std::string_view key, std::string_view value) {
                             std::string row(value);
                             row.back() ^= 1;
                             change.put(state::Column::kUsers, std::string(key), row);
                             return false;
                           })
                    .ok());
    ASSERT_EQ(change.operations().size(), 1U);
    ASSERT_TRUE(store->write(change, true).ok());
  }
  const auto changed = replay({"--verify", kept, "--format", "json"});
  EXPECT_EQ(changed.code, 10);
  EXPECT_EQ(number(changed, "/verify/users/different"), 1U);
  std::filesystem::remove_all(kept + "/shard-00001");
  const auto missing = replay({"--verify", kept});
  EXPECT_EQ(missing.code, 10);
  EXPECT_THAT(missing.out, HasSubstr("has no state of it"));
}

TEST_F(DemoLog, TellsWhatWasKnownOfAUserAsTheStateDoes) {
  simdjson::dom::parser parser;
  const auto event =
      riffle({"watch", "events", "--config", *scratch_ / "demo/riffle.yaml", "--from", "beginning", "-n", "1"});
  ASSERT_EQ(event.code, 0) << event.err;
  std::string_view key;
  ASSERT_EQ(parser.parse(event.out)["key"].get(key), simdjson::SUCCESS) << event.out;
  const std::string user(key);
  const auto made = replay({"--user", user, "--format", "json"});
  ASSERT_EQ(made.code, 0) << made.err;
  std::string_view named;
  ASSERT_EQ(parser.parse(made.out).at_pointer("/user/user_id").get(named), simdjson::SUCCESS) << made.out;
  EXPECT_EQ(named, user);
  const auto before = replay({"--user", user, "--until", "2001-01-01T00:00:00Z"});
  EXPECT_EQ(before.code, 1);
  EXPECT_THAT(before.out, HasSubstr("no row of this user"));
}

TEST_F(DemoLog, WhatIfTheSameConfigurationAnswersTheOraclesListsAreTheLoggedOnes) {
  const auto anew = replay({"--what-if", "--format", "json"});
  ASSERT_EQ(anew.code, 0) << anew.err;
  EXPECT_GT(number(anew, "/lists/lists"), 200U);
  // The oracle's requests bring all that its lists depend on; chance and the world's state decide the others'.
  EXPECT_GT(number(anew, "/policies/oracle/agreement/compared"), 20U);
  EXPECT_THAT(anew.out, HasSubstr(R"("overlap":1.0,"same_first":1.0,"identical":1.0)")) << anew.out;
  EXPECT_GT(number(anew, "/policies/learner/newest_version"), 1U);
  const auto lists = replay({"--what-if"});
  ASSERT_EQ(lists.code, 0) << lists.err;
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(lists.out.begin(), lists.out.end(), '\n')),
            number(anew, "/lists/lists"));
  EXPECT_THAT(lists.out.substr(0, lists.out.find('\n')), HasSubstr(R"("recommendation_id":)"));
  EXPECT_THAT(lists.err, HasSubstr("what if:"));
}

TEST(Replay, OfAFileOfLinesAnswersItsRequestsAndCountsWhatItLeavesOut) {
  const Scratch scratch;
  const std::string file = scratch.write("log.jsonl",
                                         R"({"item_id":"i1","title":"bowl","category":["home"]}
{"item_id":"i2","title":"board","category":["home"]}
{"event":"interaction","type":"click","timestamp":1700000000000,"user_id":"u1","item_id":"i1"}
nonsense
{"event":"request","request_id":"r1","timestamp":1700000001000,"user_id":"u2","n":2}
)");
  const auto lists = riffle({"replay", file});
  ASSERT_EQ(lists.code, 0) << lists.err;
  EXPECT_THAT(lists.out, HasSubstr(R"("request_id":"r1")"));
  EXPECT_THAT(lists.out, HasSubstr(R"("item_id":"i1")"));
  EXPECT_THAT(lists.err, HasSubstr("1 lines: not_json"));
  EXPECT_THAT(lists.err, HasSubstr("log.jsonl:4"));
  EXPECT_EQ(riffle({"replay", scratch.write("none.jsonl", "\n")}).code, 9) << "a log without a request tells nothing";
  EXPECT_EQ(riffle({"replay", scratch / "missing.jsonl"}).code, 2);
  EXPECT_EQ(riffle({"replay", file, "--verify", scratch.path()}).code, 2);
}

// Explanations, by what they name.
class Explain : public DemoLog {
 protected:
  static CommandResult explain(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"explain", "--config", *scratch_ / "demo/riffle.yaml"});
    return riffle(arguments);
  }
  // The ids of the lists that `matches`, oldest first.
  static std::vector<std::string> lists(const std::function<bool(const records::Recommendation&)>& matches) {
    std::vector<std::pair<TimePoint, std::string>> found;
    const auto watched = riffle({"watch", "recommendations", "--config", *scratch_ / "demo/riffle.yaml", "--from",
                                 "beginning", "--timeout", "200ms"});
    std::istringstream lines(watched.out);
    simdjson::dom::parser parser;
    for (std::string line; std::getline(lines, line);) {
      simdjson::dom::element value;
      EXPECT_EQ(parser.parse(line)["value"].get(value), simdjson::SUCCESS) << line;
      const auto list = records::decode_recommendation(simdjson::to_string(value));
      EXPECT_TRUE(list.ok()) << list.status();
      if (list.ok() && matches(*list)) found.emplace_back(list->timestamp, list->recommendation_id.str());
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> ids;
    for (auto& [time, id] : found) ids.push_back(std::move(id));
    return ids;
  }
  static std::vector<std::string> lists_of(const std::string& policy) {
    return lists([&](const records::Recommendation& list) { return list.policy_id.str() == policy; });
  }
};

TEST_F(Explain, AnOpenListIsToldFromTheStateWithSourcesReasonsGainsAndFeatures) {
  const auto ids = lists_of("learner");
  ASSERT_FALSE(ids.empty());
  const auto told = explain({ids.back()});
  ASSERT_EQ(told.code, 0) << told.err;
  for (const char* part : {"from the state", "policy     learner version", "slot 0", "gathered by",
                           "times an even draw", "gain", "features bias 1", "made again"})
    EXPECT_THAT(told.out, HasSubstr(part));
  const auto json = explain({ids.back(), "--format", "json"});
  EXPECT_EQ(number(json, "/slots/0/position"), 0U);
  EXPECT_THAT(json.out, HasSubstr(R"("from": "state")"));
}

TEST_F(Explain, ALearnedListsScoresAreMadeAgainByThePolicysSavedVersion) {
  const auto ids = lists(
      [](const records::Recommendation& list) { return list.policy_id.str() == "learner" && list.policy_version > 0; });
  ASSERT_FALSE(ids.empty());
  // The newest version is surely kept.
  const auto json = explain({ids.back(), "--format", "json"});
  EXPECT_GT(number(json, "/made_again/scores"), 0U) << json.out;
  EXPECT_EQ(number(json, "/made_again/scores_equal"), number(json, "/made_again/scores"));
}

TEST_F(Explain, AClosedListIsToldFromTheLog) {
  const auto ids = lists_of("random");
  ASSERT_FALSE(ids.empty());
  const auto told = explain({ids.front(), "--log", "--format", "json"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr(R"("from": "outcomes")"));
  EXPECT_EQ(number(told, "/made_again/scores_equal"), number(told, "/made_again/scores"));
  EXPECT_GT(number(told, "/made_again/scores"), 0U);
}

TEST_F(Explain, AnItemOutsideOfTheOraclesCandidatesWasNotAsked) {
  const auto ids = lists_of("oracle");
  ASSERT_FALSE(ids.empty());
  const auto told = explain({ids.front(), "--log", "--item", "nobody-knows-it", "--format", "json"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr(R"("stage": "not_among_requested")"));
  const auto of_random = explain({lists_of("random").front(), "--log", "--item", "nobody-knows-it"});
  EXPECT_THAT(of_random.out, HasSubstr("was not among the"));
}

TEST_F(Explain, AListThatIsNowhereIsSaidToBeNowhere) {
  const auto none = explain({"00000000000000000000000000000000"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("there is no decision"));
  const auto no_bus =
      riffle({"explain", "0", "--local", *scratch_ / "no-bus", "--set", "state.directory=" + (*scratch_ / "no-state")});
  EXPECT_EQ(no_bus.code, 1);
  EXPECT_THAT(no_bus.err, HasSubstr("is no local bus"));
  EXPECT_FALSE(std::filesystem::exists(*scratch_ / "no-bus"));
}

TEST_F(DemoLog, WhatDoesNotGoTogetherOrIsNotThereIsSaid) {
  EXPECT_EQ(replay({"--verify", state(), "--until", "2001-01-01T00:00:00Z"}).code, 2);
  EXPECT_EQ(replay({"--until", "yesterday"}).code, 2);
  EXPECT_THAT(replay({"--verify", *scratch_ / "nothing"}).err, HasSubstr("it has no state"));
  EXPECT_EQ(replay({"--keep", state()}).code, 2);
  const auto other = replay({"--set", "topics.prefix=other."});
  EXPECT_EQ(other.code, 4);
  EXPECT_THAT(other.err, HasSubstr("there is no topic other.epochs"));
}

TEST(Replay, ARestartedWorkersLogMakesItsStateAgain) {
  RunningSystem system;
  system.open_bus();
  system.start_and_await_ready();
  const auto click = [&](int n) {
    system.publish(system.topics().events, "u1",
                   R"({"event":"interaction","type":"click","timestamp":)" +
                       std::to_string(1'700'000'000'000 + n * 1000) + R"(,"user_id":"u1","item_id":"i)" +
                       std::to_string(n % 5) + "\"}");
  };
  // Requests overtake events: a list on its topic does not say that the clicks before it are in the journal.
  const auto applied = [&](double events) {
    return await([&] {
      return app::metric_sum(system.service->metrics_page(), "riffle_events_consumed_total") >= events;
    });
  };
  for (int n = 0; n < 20; ++n) click(n);
  ASSERT_TRUE(applied(20));
  system.publish(system.topics().requests, "u1", R"({"event":"request","request_id":"r1","user_id":"u1"})");
  ASSERT_EQ(system.await_records(system.topics().recommendations, 1).size(), 1U);
  system.stop();
  system.start_and_await_ready();
  for (int n = 20; n < 40; ++n) click(n);
  ASSERT_TRUE(applied(40));
  system.publish(system.topics().requests, "u1", R"({"event":"request","request_id":"r2","user_id":"u1"})");
  ASSERT_EQ(system.await_records(system.topics().recommendations, 2).size(), 2U);
  system.close();
  const auto verified =
      riffle({"replay", "--local", system.config.local.directory, "--verify", system.config.state.directory});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("40 events, 2 requests"));
}

}  // namespace
}  // namespace riffle
