// `riffle evaluate` on Riffle's own log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "tests/support/command.h"
#include "tests/support/running_system.h"
#include "tests/support/scratch.h"

namespace riffle {
namespace {

using riffle::testing::CommandResult;
using riffle::testing::riffle;
using riffle::testing::RunningSystem;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

class Report {
 public:
  explicit Report(const CommandResult& result) : text_(result.out) { report_ = parser_.parse(text_); }
  double number(const std::string& pointer) {
    double value = -1;
    EXPECT_EQ(report_.at_pointer(pointer).get(value), simdjson::SUCCESS) << pointer << text_;
    return value;
  }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element report_;
  const std::string text_;
};

std::string item(int n) {
  return absl::StrCat(R"({"item_id":"i)", n, R"(","title":"lamp )", n % 3 == 0 ? "red" : "blue", R"( )", n, "\"}");
}
std::string purchase(const std::string& user, int n, int minute) {
  return absl::StrCat(R"({"event":"interaction","type":"purchase","user_id":")", user, R"(","item_id":"i)", n,
                      R"(","timestamp":)", 1'700'000'000'000 + minute * 60'000LL, "}");
}

TEST(EvaluateCommand, OfALocalBusMergesThePartitionsInTheOrderInWhichThingsHappened) {
  RunningSystem system;
  system.config.topics.partitions = 4;
  system.open_bus();
  std::string lines;
  for (int n = 0; n < 9; ++n) {
    system.publish(system.topics().items, absl::StrCat("i", n), item(n));
    absl::StrAppend(&lines, item(n), "\n");
  }
  const auto user_of = [](int minute) { return absl::StrCat("user", minute % 12); };
  const auto event_of = [&](int minute) { return purchase(user_of(minute), (minute + minute * minute / 12) % 9, minute); };
  for (int minute = 0; minute < 120; ++minute) absl::StrAppend(&lines, event_of(minute), "\n");
  // A partition after the other: in each all is in order, across them only the events' own times tell.
  std::set<std::int32_t> filled;
  for (std::int32_t partition = 0; partition < 4; ++partition)
    for (int minute = 0; minute < 120; ++minute) {
      if (murmur2_partition(user_of(minute), 4).value() != partition) continue;
      filled.insert(partition);
      system.publish(system.topics().events, user_of(minute), event_of(minute));
    }
  ASSERT_GT(filled.size(), 2U);
  system.close();

  const std::vector<std::string> options = {"evaluate", "-p", "popularity,sequential,user-cosine", "--format", "json",
                                            "--warm-up", "0.25"};
  auto of_bus = options, of_file = options;
  of_bus.insert(of_bus.end(), {"--local", system.config.local.directory});
  const Scratch scratch;
  of_file.push_back(scratch.write("log.jsonl", lines));
  const CommandResult bus = riffle(of_bus), file = riffle(of_file);
  ASSERT_EQ(bus.code, 0) << bus.err;
  ASSERT_EQ(file.code, 0) << file.err;
  Report on_bus(bus), in_file(file);
  EXPECT_EQ(on_bus.number("/events"), 120);
  EXPECT_EQ(on_bus.number("/points"), 90);
  EXPECT_EQ(on_bus.number("/out_of_order"), 0);
  for (const char* policy : {"0", "1", "2"})
    for (const char* metric : {"recall", "ndcg", "ild_text", "coverage"}) {
      const std::string pointer = absl::StrCat("/policies/", policy, "/at/0/", metric);
      EXPECT_EQ(on_bus.number(pointer), in_file.number(pointer)) << pointer;
    }
}

TEST(EvaluateCommand, OfALocalBusCountsWhatAWorkerWouldRefuse) {
  RunningSystem system;
  system.open_bus();
  system.publish(system.topics().events, "u1", purchase("u1", 1, 0));
  system.publish(system.topics().events, "u1", purchase("somebody else", 2, 1));
  system.publish(system.topics().events, "u1", "not json");
  system.publish(system.topics().events, "u1", purchase("u1", 3, 2));
  system.close();
  const CommandResult result =
      riffle({"evaluate", "--local", system.config.local.directory, "-p", "popularity", "--format", "json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(Report(result).number("/events"), 2);
  for (const char* part : {R"("misrouted")", R"("not_json")", "the record's key is"})
    EXPECT_THAT(result.out, HasSubstr(part));
}

TEST(EvaluateCommand, WithoutALogOrWithTwoSaysWhatToName) {
  const Scratch scratch;
  const CommandResult none = riffle({"evaluate"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("which log?"));
  const std::string file = scratch.write("log.jsonl", purchase("u", 1, 0));
  EXPECT_EQ(riffle({"evaluate", file, "--local", scratch / "bus"}).code, 2);
  EXPECT_EQ(riffle({"evaluate", "--log", "json-lines", "--local", scratch / "bus"}).code, 2);
}

TEST(EvaluateCommand, OfABusWithoutTheTopicsSaysWhichIsMissing) {
  RunningSystem system;
  system.open_bus(false);
  system.close();
  const CommandResult result = riffle({"evaluate", "--local", system.config.local.directory});
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.err, HasSubstr("there is no topic riffle.events"));
}

}  // namespace
}  // namespace riffle
