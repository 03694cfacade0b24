// Segments that are found among the users, end to end: served by a worker on the local bus beside a policy that has none, explained,
// and answered anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <sstream>
#include <string>

#include "tests/support/command.h"
#include "tests/support/scratch.h"

namespace riffle {
namespace {

using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

// The newest list of `policy` by a version that had learned something; empty: there is none.
std::string newest_learned(const std::string& config, std::string_view policy) {
  const auto watched = riffle({"watch", "recommendations", "--config", config, "--from", "beginning", "--timeout", "500ms"});
  std::istringstream lines(watched.out);
  simdjson::dom::parser parser;
  std::string newest;
  std::uint64_t highest = 0;
  for (std::string line; std::getline(lines, line);) {
    simdjson::dom::element list;
    std::string_view id, by;
    std::uint64_t version = 0;
    if (parser.parse(line)["value"].get(list) != simdjson::SUCCESS || list["policy_id"].get(by) != simdjson::SUCCESS ||
        list["policy_version"].get(version) != simdjson::SUCCESS || list["recommendation_id"].get(id) != simdjson::SUCCESS)
      continue;
    if (by != policy || version <= highest) continue;
    highest = version;
    newest = std::string(id);
  }
  return newest;
}

TEST(FoundSegments, AreServedLoggedExplainedAndMadeAgain) {
  const Scratch scratch;
  const std::string config = scratch.write("riffle.yaml", R"(
local: {directory: )" + (scratch / "bus") + R"(}
state: {directory: )" + (scratch / "state") + R"(}
http: {enabled: false}
topics: {partitions: 2}
simulation: {users: 60, span: 6d, bots: 0}
serving: {full_log_share: 1}
policies:
  linear: {scorer: linear}
  table: {scorer: q_table, explorer: {kind: epsilon, epsilon: 0.1}, diversifier: {kind: none}}
experiments: {arms: {linear: 0.5, table: 0.5}}
learner:
  q_table: {segments: {kind: kmeans, count: 4}}
)");
  const auto run = riffle({"simulate", "--config", config, "--local", scratch / "bus", "--seconds", "3", "--format", "json"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\"table\":{\"slots\":"));

  const std::string id = newest_learned(config, "table");
  ASSERT_FALSE(id.empty());
  const auto told = riffle({"explain", id, "--config", config, "--log", "--format", "json"});
  ASSERT_EQ(told.code, 0) << told.err;
  simdjson::dom::parser parser;
  const simdjson::dom::element explained = parser.parse(told.out);
  std::string_view segment;
  ASSERT_EQ(explained["segment"].get(segment), simdjson::SUCCESS) << told.out;
  EXPECT_EQ(segment.substr(0, 8), "cluster-");
  std::uint64_t scores = 0, equal = 0;
  ASSERT_EQ(explained.at_pointer("/made_again/scores").get(scores), simdjson::SUCCESS) << told.out;
  ASSERT_EQ(explained.at_pointer("/made_again/scores_equal").get(equal), simdjson::SUCCESS);
  EXPECT_GT(scores, 0U);
  EXPECT_EQ(equal, scores);
  EXPECT_THAT(riffle({"explain", id, "--config", config, "--log"}).out, HasSubstr("segment cluster-"));

  // Another policy's lists have the rule's.
  const std::string other = newest_learned(config, "linear");
  ASSERT_FALSE(other.empty());
  EXPECT_THAT(riffle({"explain", other, "--config", config, "--log"}).out, ::testing::Not(HasSubstr("segment cluster-")));

  const auto verified = riffle({"replay", "--config", config, "--verify", scratch / "state"});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  const auto anew = riffle({"replay", "--config", config, "--what-if", "--format", "json"});
  ASSERT_EQ(anew.code, 0) << anew.err;
  std::uint64_t version = 0;
  ASSERT_EQ(parser.parse(anew.out).at_pointer("/policies/table/newest_version").get(version), simdjson::SUCCESS) << anew.out;
  EXPECT_GT(version, 0U);
}

}  // namespace
}  // namespace riffle
