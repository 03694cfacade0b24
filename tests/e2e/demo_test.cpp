// The demonstration, small: it runs the whole pipeline, says what it promises to say, and counts every list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <simdjson.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/command.h"

namespace riffle {
namespace {

using riffle::testing::riffle;

class Demo : public ::testing::TestWithParam<std::string> {};

TEST_P(Demo, SaysWhatEveryArmEarnsAndCountsEveryList) {
  const auto run = riffle({"demo", "--seconds", "1", "--rate", "600", "--users", "40", "--seed", "3",
                           "--policy", GetParam(), "--format", "json"});
  ASSERT_EQ(run.code, 0) << run.err;
  simdjson::dom::parser parser;
  simdjson::dom::element report;
  ASSERT_EQ(parser.parse(run.out).get(report), simdjson::SUCCESS) << run.out;

  for (const char* arm : {"learner", "popularity", "random", "oracle"}) {
    double mean = -1, low = -1, high = -1;
    const std::string at = absl::StrCat("/ctr/", arm);
    ASSERT_EQ(report.at_pointer(at + "/mean").get(mean), simdjson::SUCCESS) << run.out;
    ASSERT_EQ(report.at_pointer(at + "/low").get(low), simdjson::SUCCESS);
    ASSERT_EQ(report.at_pointer(at + "/high").get(high), simdjson::SUCCESS);
    EXPECT_LE(0, low) << arm;
    EXPECT_LE(low, mean) << arm;
    EXPECT_LE(mean, high) << arm;
    EXPECT_LE(high, 1) << arm;
  }
  for (const char* key : {"recovery", "events_per_second", "lists_per_second"}) {
    double value = -1;
    ASSERT_EQ(report[key].get(value), simdjson::SUCCESS) << key << run.out;
    EXPECT_GE(value, 0) << key;
  }
  double p50 = 0, p99 = 0, ild = 0, coverage = 0;
  EXPECT_EQ(report.at_pointer("/latency_ms/p50").get(p50), simdjson::SUCCESS);
  EXPECT_EQ(report.at_pointer("/latency_ms/p99").get(p99), simdjson::SUCCESS);
  EXPECT_LE(p50, p99);
  EXPECT_EQ(report.at_pointer("/ild/learner").get(ild), simdjson::SUCCESS);
  EXPECT_GT(ild, 0);
  EXPECT_EQ(report.at_pointer("/coverage/random").get(coverage), simdjson::SUCCESS);
  EXPECT_GT(coverage, .5);

  // 600 lists are expected; users differ, so about so many. Some users have left before theirs came: a fortnight passes in
  // a second here.
  std::int64_t lists = 0, slots = 0;
  ASSERT_EQ(report["lists"].get(lists), simdjson::SUCCESS);
  EXPECT_GT(lists, 200);
  EXPECT_LT(lists, 2000);
  for (const char* arm : {"learner", "popularity", "random", "oracle"}) {
    std::int64_t of_arm = 0;
    ASSERT_EQ(report.at_pointer(absl::StrCat("/ctr/", arm, "/slots")).get(of_arm), simdjson::SUCCESS);
    slots += of_arm;
  }
  EXPECT_LE(slots, 10 * lists);
  EXPECT_GT(slots, 0);
}

INSTANTIATE_TEST_SUITE_P(EveryLearner, Demo,
                         ::testing::Values("linear", "logistic", "neural_linear", "multi_task", "linear_arms", "arms", "q_table",
                                           "dqn", "slateq"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace riffle
