// `riffle log check`, on each kind of log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "records/json_codec.h"
#include "tests/support/command.h"
#include "tests/support/running_system.h"
#include "tests/support/scratch.h"

namespace riffle {
namespace {

using riffle::testing::riffle;
using riffle::testing::RunningSystem;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

std::string lines(int count, const std::string& more = "") {
  std::string text;
  for (int i = 0; i < count; ++i)
    absl::StrAppend(&text, R"({"action":"i)", i % 4, R"(","reward":)", i % 7 == 0 ? 1 : 0,
                    R"(,"propensity":0.25,"user_id":"u)", i, R"(","actions":4,"timestamp":)",
                    1'700'000'000'000 + i * 1000, "}\n");
  return text + more;
}

TEST(LogCheckCommand, AGoodLogOfJsonLinesIsGood) {
  const Scratch scratch;
  const auto good = riffle({"log", "check", scratch.write("log.jsonl", lines(1000))});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  for (const char* part : {"1,000 of 1,000 users", "smallest propensity 0.25", "4 of 4 actions shown", "drawn just so",
                           "verdict    good enough"})
    EXPECT_THAT(good.out, HasSubstr(part));
}

TEST(LogCheckCommand, EqualLinesThatNothingNamesAreNoRepeats) {
  const Scratch scratch;
  std::string text;
  for (int i = 0; i < 300; ++i)
    absl::StrAppend(&text, R"({"action":"i)", i % 4, R"(","reward":)", i % 7 == 0 ? 1 : 0,
                    R"(,"propensity":0.25,"user_id":"u)", i % 3, R"(","actions":4})", "\n");
  const auto checked = riffle({"log", "check", scratch.write("log.jsonl", text)});
  EXPECT_THAT(checked.out, ::testing::Not(HasSubstr("repeats")));
}

TEST(LogCheckCommand, WhatIsWrongIsCountedAndSaidWithWhatToDo) {
  const Scratch scratch;
  const std::string bad = R"({"action":"i1","reward":0,"propensity":0.00000,"user_id":"u1"}
{"reward":1,"user_id":"u2"}
{"action":"i1","reward":0,"propensity":NaN}
{"action":"i1","reward":0,"propensity":0.2,"user_id":"u3","timestamp":"2001-01-01T00:00:00Z"}
{"action":"i1","reward":0,"propensity":0.2,"user_id":"u3","timestamp":"2001-01-01T00:00:00Z"}
)";
  const auto checked = riffle({"log", "check", scratch.write("log.jsonl", lines(500, bad)), "--format", "json"});
  EXPECT_EQ(checked.code, 9) << checked.err;
  simdjson::dom::parser parser;
  const auto report = parser.parse(checked.out);
  const auto number = [&](const char* pointer) {
    std::uint64_t value = 0;
    EXPECT_EQ(report.at_pointer(pointer).get(value), simdjson::SUCCESS) << pointer << checked.out;
    return value;
  };
  EXPECT_EQ(number("/propensities/zero"), 1U);
  EXPECT_EQ(number("/repeats"), 1U);
  EXPECT_EQ(number("/clock/backwards"), 2U);
  for (const char* part : {"rewards without a decision", "1 are missing or no number, 1 are 0", R"("good":false)"})
    EXPECT_THAT(checked.out, HasSubstr(part));
}

TEST(LogCheckCommand, ALogThatIsEmptyMissingOrCutShortHasItsExitCode) {
  const Scratch scratch;
  EXPECT_EQ(riffle({"log", "check", scratch.write("empty.jsonl", "")}).code, 9);
  EXPECT_EQ(riffle({"log", "check", scratch / "none.jsonl"}).code, 2);
  EXPECT_EQ(riffle({"log", "check", scratch.write("log.txt", "")}).code, 2) << "what it is has to be said";
  const auto cut =
      riffle({"log", "check", scratch.write("cut.jsonl", std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10))});
  EXPECT_EQ(cut.code, 1);
  EXPECT_THAT(cut.out, HasSubstr("CUT SHORT"));
}

TEST(LogCheckCommand, OpenBanditsRowsAreCheckedToo) {
  const Scratch scratch;
  std::string rows = ",timestamp,item_id,position,click,propensity_score\n";
  for (int i = 0; i < 400; ++i)
    absl::StrAppend(&rows, i, ",2019-11-24 00:00:", i / 10 % 60 < 10 ? "0" : "", i / 10 % 60, ".420000+00:00,", i % 5,
                    ",", 1 + i % 3, ",", i % 9 == 0 ? 1 : 0, ",0.2\n");
  const auto checked = riffle({"log", "check", scratch.write("log.csv", rows), "--actions", "5"});
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("400 impressions"));
  EXPECT_THAT(checked.out, HasSubstr("5 of 5 actions shown"));
}

TEST(LogCheckCommand, OfRiffleOwnLogEventsThatNameAnUnknownListAreCounted) {
  RunningSystem system;
  system.open_bus();
  system.start_and_await_ready();
  const auto click = [&](const std::string& list, int n) {
    system.publish(system.topics().events, "u1",
                   absl::StrCat(R"({"event":"interaction","type":"click","timestamp":)", 1'700'000'000'000 + n,
                                R"(,"user_id":"u1","item_id":"i)", n, "\"",
                                list.empty() ? "" : absl::StrCat(R"(,"recommendation_id":")", list, "\""), "}"));
  };
  click("", 1);
  system.publish(system.topics().requests, "u1", R"({"event":"request","request_id":"r1","user_id":"u1"})");
  const auto lists = system.await_records(system.topics().recommendations, 1);
  ASSERT_EQ(lists.size(), 1U);
  click(records::decode_recommendation(lists[0].value)->recommendation_id.str(), 2);
  click("a-list-that-never-was", 3);
  system.close();
  const auto checked = riffle({"log", "check", "--local", system.config.local.directory});
  EXPECT_EQ(checked.code, 9) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("2 of 3 interactions name a list; of at least 1 the list is not in the log"));
  EXPECT_THAT(checked.out, HasSubstr("do clients send back the recommendation_id"));
}

}  // namespace
}  // namespace riffle
