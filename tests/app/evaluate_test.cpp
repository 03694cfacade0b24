#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/command.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace riffle::app {
namespace {

using riffle::testing::CommandResult;
using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

const std::string kOnlineRetail = RIFFLE_SOURCE_DIR "/../shared/data/online_retail";

// The number after `"name":` that follows `"policy": "…"`, or anywhere where that is empty.
double number(const CommandResult& result, const std::string& policy, const std::string& name) {
  std::size_t from = 0;
  if (!policy.empty()) from = result.out.find("\"policy\": \"" + policy + "\"");
  if (from == std::string::npos) return -1;
  const std::string key = "\"" + name + "\": ";
  const std::size_t at = result.out.find(key, from);
  if (at == std::string::npos) return -1;
  return std::strtod(result.out.c_str() + at + key.size(), nullptr);
}

CommandResult on_online_retail(std::vector<std::string> options) {
  std::vector<std::string> arguments = {"evaluate", "--format", "json", "--resamples", "50"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  for (const char* month : {"2010-12", "2011-01", "2011-02", "2011-03"})
    arguments.push_back(kOnlineRetail + "/" + month + ".csv.gz");
  return riffle(arguments);
}

struct Reference {
  const char* policy;
  double recall, ndcg, tolerance;
};
void expect(const CommandResult& result, double points, const std::vector<Reference>& references) {
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(number(result, "", "interactions"), 94488);
  EXPECT_EQ(number(result, "", "users"), 2134);
  EXPECT_EQ(number(result, "", "items"), 2881);
  EXPECT_EQ(number(result, "", "points"), points);
  for (const Reference& reference : references) {
    EXPECT_NEAR(number(result, reference.policy, "recall"), reference.recall, reference.tolerance) << reference.policy;
    EXPECT_NEAR(number(result, reference.policy, "ndcg"), reference.ndcg, reference.tolerance) << reference.policy;
  }
}

constexpr double kFourth = .00005, kNear = .0005;
constexpr const char* kOfLines = "popularity,decayed-popularity,co-visitation,sequential";

TEST(Evaluate, ReproducesTheFiguresOfOnlineRetailLineByLineOfNewItems) {
  if (!std::filesystem::exists(kOnlineRetail)) GTEST_SKIP() << "Online Retail is not here: " << kOnlineRetail;
  expect(on_online_retail({"--new-only", "-p", kOfLines}), 77636,
         {{"popularity", .0399, .0202, kFourth},
          {"decayed-popularity", .0478, .0238, kNear},
          {"co-visitation", .2559, .1598, kNear},
          {"sequential", .2515, .1736, kNear}});
}

TEST(Evaluate, ReproducesTheFiguresOfOnlineRetailLineByLineWithRepeats) {
  if (!std::filesystem::exists(kOnlineRetail)) GTEST_SKIP() << "Online Retail is not here: " << kOnlineRetail;
  expect(on_online_retail({"-p", kOfLines}), 94488,
         {{"popularity", .0418, .0213, kFourth},
          {"decayed-popularity", .0475, .0234, kNear},
          {"co-visitation", .2322, .1318, kNear},
          {"sequential", .2547, .1673, kNear}});
}

TEST(Evaluate, ReproducesTheFiguresOfOnlineRetailByBasketOfNewItems) {
  if (!std::filesystem::exists(kOnlineRetail)) GTEST_SKIP() << "Online Retail is not here: " << kOnlineRetail;
  expect(on_online_retail(
             {"--reveal", "basket", "--known-users", "--new-only", "-p", "popularity,decayed-popularity,user-cosine"}),
         2277,
         {{"popularity", .0310, .0527, kFourth},
          {"decayed-popularity", .0414, .0690, kNear},
          {"user-cosine", .0510, .0940, kNear}});
}

TEST(Evaluate, ReproducesTheFiguresOfOnlineRetailByBasketWithRepeats) {
  if (!std::filesystem::exists(kOnlineRetail)) GTEST_SKIP() << "Online Retail is not here: " << kOnlineRetail;
  expect(on_online_retail({"--reveal", "basket", "--known-users", "-p", "popularity,own-frequency"}), 2571,
         {{"popularity", .0421, .0957, kFourth}, {"own-frequency", .1104, .2638, kNear}});
}

// What Riffle makes of the events beats the best baseline of each basket protocol (.0939 and .2638). Line by line, which
// takes half a minute, docs/evaluation.md has the figure.
TEST(Evaluate, OfBasketsRanksBetterThanTheBestBaseline) {
  if (!std::filesystem::exists(kOnlineRetail)) GTEST_SKIP() << "Online Retail is not here: " << kOnlineRetail;
  const std::string config = RIFFLE_SOURCE_DIR "/config/online-retail.yaml";
  const std::vector<std::string> options = {"--reveal", "basket", "--known-users", "-p", "riffle", "--config", config};
  const CommandResult repeats = on_online_retail(options);
  EXPECT_EQ(number(repeats, "", "points"), 2571) << repeats.err;
  EXPECT_GT(number(repeats, "riffle", "ndcg"), .275);
  std::vector<std::string> only_new = options;
  only_new.emplace_back("--new-only");
  EXPECT_GT(number(on_online_retail(only_new), "riffle", "ndcg"), .104);
}

std::string line(const std::string& user, const std::string& item, int minute) {
  return "{\"event\":\"interaction\",\"type\":\"purchase\",\"user_id\":\"" + user + "\",\"item_id\":\"" + item +
         "\",\"timestamp\":" + std::to_string(1'300'000'000'000 + minute * 60'000LL) + "}\n";
}

TEST(Evaluate, ReadsJsonLinesFromStandardInputAndFiles) {
  const Scratch scratch;
  std::string lines = "{\"item_id\":\"a\",\"title\":\"Walnut bowl\",\"category\":[\"home\"]}\nnot json\n";
  for (int i = 0; i < 20; ++i) lines += line("u" + std::to_string(i % 4), i % 3 == 0 ? "b" : "a", i);
  const CommandResult result =
      riffle({"evaluate", scratch.write("log.jsonl", lines), "-k", "1,2", "--warm-up", "0.25"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("20 interactions, 4 users, 2 items"));
  EXPECT_THAT(result.out, HasSubstr("points    15"));
  EXPECT_THAT(result.out, HasSubstr("log.jsonl:2:"));
  EXPECT_THAT(result.out, HasSubstr("at 2"));
}

TEST(Evaluate, OfALogWithoutAPointSaysWhy) {
  const Scratch scratch;
  const CommandResult empty = riffle({"evaluate", scratch.write("log.jsonl", ""), "--format", "json"});
  EXPECT_EQ(empty.code, 0) << empty.err;
  EXPECT_EQ(number(empty, "", "points"), 0);
  EXPECT_THAT(empty.out, HasSubstr("\"recall\": null"));
  EXPECT_THAT(empty.out, HasSubstr("the log has no interaction that can be used"));

  const std::string one = scratch.write("one.jsonl", R"({"event":"interaction","type":"click","user_id":"u","item_id":"i"})"
                                                     "\n");
  EXPECT_THAT(riffle({"evaluate", one, "--types", "purchase"}).out, HasSubstr("name others with --types"));
  EXPECT_THAT(riffle({"evaluate", one, "--known-items"}).out, HasSubstr("are among what is left out"));
}

TEST(Evaluate, ReportsWhatCameBeforeACutAsPartial) {
  const std::string whole = kOnlineRetail + "/2010-12.csv.gz";
  if (!std::filesystem::exists(whole)) GTEST_SKIP() << "Online Retail is not here: " << kOnlineRetail;
  const Scratch scratch;
  std::string bytes = riffle::testing::read_whole(whole);
  bytes.resize(bytes.size() / 4);
  const CommandResult result =
      riffle({"evaluate", scratch.write("month.csv.gz", bytes), "-p", "popularity", "--format", "json"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("\"partial\": true"));
  EXPECT_GT(number(result, "", "points"), 1000);
}

TEST(Evaluate, RefusesWhatWouldDoNothingOrCannotBe) {
  const Scratch scratch;
  const std::string log = scratch.write("log.jsonl", line("u", "a", 0));
  const CommandResult name = riffle({"evaluate", log, "-p", "popularty"});
  EXPECT_EQ(name.code, 2);
  EXPECT_THAT(name.err, HasSubstr("did you mean popularity?"));
  EXPECT_EQ(riffle({"evaluate", log, "-p", "riffle:dpp"}).code, 2) << "no weight";
  const CommandResult encoder = riffle({"evaluate", log, "-p", "sequence:gruu"});
  EXPECT_EQ(encoder.code, 2);
  EXPECT_THAT(encoder.err, HasSubstr("--policies: there is no encoder \"gruu\""));
  EXPECT_EQ(riffle({"evaluate", scratch.write("log.txt", "")}).code, 2) << "what is it?";
  EXPECT_EQ(riffle({"evaluate", scratch / "none.jsonl"}).code, 2);
  EXPECT_EQ(riffle({"evaluate", log, "--from", "soon"}).code, 2);
  EXPECT_EQ(riffle({"evaluate", "-", "--log", "json-lines", "--warm-up", "0.1"}).code, 2);
}

}  // namespace
}  // namespace riffle::app
