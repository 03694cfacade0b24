#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "base/rng.h"
#include "tests/app/own_log.h"
#include "tests/support/command.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace riffle::app {
namespace {

using riffle::testing::CommandResult;
using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::HasSubstr;
using ::testing::Not;

// The number after `"name":` that follows `"estimator": "…"`, or anywhere where that is empty.
double number(const CommandResult& result, const std::string& estimator, const std::string& name) {
  std::size_t from = 0;
  if (!estimator.empty()) from = result.out.find("\"estimator\": \"" + estimator + "\"");
  if (from == std::string::npos) return -1;
  const std::string key = "\"" + name + "\": ";
  const std::size_t at = result.out.find(key, from);
  if (at == std::string::npos) return -1;
  return std::strtod(result.out.c_str() + at + key.size(), nullptr);
}

// Even draws among four actions, of which the last earns most.
std::string even_log(int rounds, const std::string& propensity = "0.25") {
  Rng rng(3);
  std::string lines;
  for (int i = 0; i < rounds; ++i) {
    const auto action = rng.below(4);
    const bool reward = rng.uniform() < 0.1 + 0.2 * static_cast<double>(action);
    lines += "{\"user_id\":\"u" + std::to_string(i % 500) + "\",\"action\":\"a" +
             std::to_string(action) + "\",\"reward\":" + (reward ? "1" : "0") +
             ",\"propensity\":" + propensity + ",\"actions\":4,\"target\":{\"a3\":1}}\n";
  }
  return lines;
}

const char* const kOpenBandit = RIFFLE_SOURCE_DIR "/../shared/data/open_bandit";

TEST(Ope, ReproducesTheFiguresOfOpenBandit) {
  const std::string data = kOpenBandit;
  if (!std::filesystem::exists(data + "/prior_bts.yaml"))
    GTEST_SKIP() << "the Open Bandit logs are not here: " << data;
  const CommandResult to_random = riffle({"ope", data + "/bts/men/men.csv.gz", "--target", "uniform",
                                          "--folds", "1", "--format", "json"});
  EXPECT_EQ(to_random.code, 0) << to_random.err;
  EXPECT_NEAR(number(to_random, "ips", "value"), 0.003009, 5e-7);
  EXPECT_NEAR(number(to_random, "snips", "value"), 0.003189, 5e-7);
  EXPECT_NEAR(number(to_random, "", "mean"), 0.9433, 5e-5);
  EXPECT_NEAR(number(to_random, "", "ess"), 655.7, 0.05);

  const CommandResult to_bts =
      riffle({"ope", data + "/random/men/men.csv.gz", "--target", data + "/prior_bts.yaml",
              "--campaign", "men", "--folds", "1", "--format", "json"});
  EXPECT_EQ(to_bts.code, 0) << to_bts.err;
  // The reference's 20,000 draws and ours are two samples: single seeds differ by ± .00003.
  EXPECT_NEAR(number(to_bts, "ips", "value"), 0.00459, 0.0001);
  EXPECT_NEAR(number(to_bts, "snips", "value"), 0.00466, 0.0001);
  EXPECT_NEAR(number(to_bts, "dm", "value"), 0.00466, 0.0001);
  EXPECT_NEAR(number(to_bts, "dr", "value"), 0.00469, 0.0001);
  EXPECT_NEAR(number(to_bts, "", "largest"), 10.8, 0.4);
  EXPECT_NEAR(number(to_bts, "", "ess"), 2486, 40);
}

TEST(Ope, FindsWhatADeterministicTargetEarns) {
  const Scratch scratch;
  const std::string log = scratch.write("log.jsonl", even_log(8000));
  const CommandResult result = riffle({"ope", log, "--target", "lines", "--format", "json"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  for (const char* estimator : {"replay", "dm", "ips", "snips", "dr", "sndr", "dros"})
    EXPECT_NEAR(number(result, estimator, "value"), 0.7, 0.05) << estimator;
}

TEST(Ope, OfStandardInputDoesWithoutAModel) {
  const Scratch scratch;
  const std::string file = scratch.write("log.jsonl", even_log(100));
  const CommandResult result =
      riffle({"ope", "-", "--log", "json-lines", "--target", "lines", "-e", "dr"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("standard input comes once"));
}

TEST(Ope, RefusesWithAnExitCodeOfItsOwnAndSaysWhatToDo) {
  const Scratch scratch;
  const std::string log = scratch.write("log.jsonl", even_log(200));
  const CommandResult refused = riffle({"ope", log, "--target", "lines", "-e", "ips"});
  EXPECT_EQ(refused.code, 9);
  EXPECT_THAT(refused.out, HasSubstr("ips         refused"));
  EXPECT_THAT(refused.out, HasSubstr("effective sample size"));
  EXPECT_THAT(refused.out, HasSubstr("log about"));
  const CommandResult forced = riffle({"ope", "--target", "lines", "-e", "ips", log, "--force"});
  EXPECT_EQ(forced.code, 0);
  EXPECT_THAT(forced.out, HasSubstr("FORCED"));
  EXPECT_THAT(forced.out, Not(HasSubstr("ips         refused")));
}

TEST(Ope, RefusesPropensitiesThatAreNoneUnlessTheLogWasEven) {
  const Scratch scratch;
  for (const char* bad : {"0.00000", "-0.1", "1.5", "null", "NaN"}) {
    const std::string log =
        scratch.write("log.jsonl", even_log(8000) + even_log(1, bad));
    const CommandResult result = riffle({"ope", log, "--target", "lines", "-e", "ips,dm"});
    EXPECT_EQ(result.code, 9) << bad;
    EXPECT_THAT(result.out, HasSubstr("1 rounds have a propensity that is missing or not in (0, 1]"))
        << bad;
    EXPECT_THAT(result.out, HasSubstr("--assume-uniform"));
    EXPECT_THAT(result.out, Not(HasSubstr("dm          refused"))) << "dm needs no propensity";
  }
  const std::string log = scratch.write("log.jsonl", even_log(8000, "null"));
  const CommandResult assumed =
      riffle({"ope", log, "--target", "lines", "-e", "ips", "--assume-uniform"});
  EXPECT_EQ(assumed.code, 0) << assumed.out;
  EXPECT_THAT(assumed.out, HasSubstr("ASSUMED"));
}

TEST(Ope, RefusesATargetWhereTheLogShowsNothing) {
  const Scratch scratch;
  std::string lines = even_log(8000);
  lines = std::regex_replace(lines, std::regex("\"target\":\\{\"a3\":1\\}"),
                             "\"target\":{\"a3\":0.9,\"a7\":0.1}");
  const CommandResult result =
      riffle({"ope", scratch.write("log.jsonl", lines), "--target", "lines", "-e", "dm"});
  EXPECT_EQ(result.code, 9);
  EXPECT_THAT(result.out, HasSubstr("10 % of the target's mass is where the log shows nothing"));
}

TEST(Ope, RefusesAnEmptyLog) {
  const Scratch scratch;
  const CommandResult result =
      riffle({"ope", scratch.write("log.jsonl", ""), "--target", "lines"});
  EXPECT_EQ(result.code, 9);
  EXPECT_THAT(result.out, HasSubstr("no round to evaluate"));
}

TEST(Ope, CountsRewardsWithoutDecisionsAndSlatesWithHoles) {
  const Scratch scratch;
  const std::string log = scratch.write(
      "log.jsonl",
      even_log(8000) + "{\"reward\":1,\"user_id\":\"u1\"}\n{\"action\":\"a1\",\"propensity\":0.5}\n"
                       "{\"action\":\"a1\",\"reward\":0,\"recommendation_id\":\"r\",\"position\":0}\n"
                       "{\"action\":\"a2\",\"reward\":0,\"recommendation_id\":\"r\",\"position\":2}\n"
                       "not json\n");
  const CommandResult result = riffle({"ope", log, "--target", "lines", "-e", "ips"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_THAT(result.out, HasSubstr("1  rewards without a decision"));
  EXPECT_THAT(result.out, HasSubstr("1  decisions without a reward"));
  EXPECT_THAT(result.out, HasSubstr("1  slates with a slot missing or twice"));
  EXPECT_THAT(result.out, HasSubstr("1  lines that are no logged slot"));
  EXPECT_THAT(result.out, HasSubstr("log.jsonl:8001:"));
}

TEST(Ope, TellsSlatesOfUnequalLength) {
  const Scratch scratch;
  Rng rng(8);
  std::string lines;
  for (int i = 0; i < 3000; ++i)
    for (int k = 0; k < 2 + i % 2; ++k)
      lines += "{\"recommendation_id\":\"r" + std::to_string(i) + "\",\"position\":" +
               std::to_string(k) + ",\"action\":\"a" + std::to_string(rng.below(9)) +
               "\",\"reward\":" + (rng.below(4) == 0 ? "1" : "0") +
               ",\"propensity\":0.2,\"target_propensity\":0.2}\n";
  const std::string log = scratch.write("log.jsonl", lines);
  const CommandResult result =
      riffle({"ope", log, "--target", "lines", "-e", "sips,rips,ips"});
  EXPECT_EQ(result.code, 9) << "ips is of one slot";
  EXPECT_THAT(result.out, HasSubstr("lists of 2 to 3 slots"));
  EXPECT_THAT(result.out, HasSubstr("ips is of lists with one slot"));
}

TEST(Ope, TakesALogThatIsCutShortOnlyByForce) {
  const std::string whole = std::string(kOpenBandit) + "/bts/men/men.csv.gz";
  if (!std::filesystem::exists(whole)) GTEST_SKIP() << "the Open Bandit logs are not here: " << whole;
  const Scratch scratch;
  std::string bytes = riffle::testing::read_whole(whole);
  bytes.resize(bytes.size() / 2);
  const std::string log = scratch.write("men.csv.gz", bytes);
  const CommandResult refused = riffle({"ope", log, "--target", "uniform"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  const CommandResult forced = riffle({"ope", log, "--target", "uniform", "--force"});
  EXPECT_EQ(forced.code, 0);
  EXPECT_THAT(forced.out, HasSubstr("the log broke off"));
}

// Riffle's own log: closed outcomes on a local bus, drawn evenly, earlier revisions and repeats among
// them.
TEST(Ope, ReadsTheClosedOutcomesOfItsOwnLog) {
  const Scratch scratch;
  const std::string directory = scratch / "bus";
  std::vector<pb::Outcome> log = even_lists(4000);
  for (std::size_t i = 0; i < log.size(); i += 4) log[i].set_closed(false), log[i].set_revision(0);
  log.insert(log.begin() + 8, log[7]);
  write_outcomes(directory, log);
  const CommandResult result = riffle({"ope", "--local", directory, "--target", "uniform", "-e",
                                       "sips,snsips,rips", "--format", "json"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_EQ(number(result, "", "rounds"), 3000);
  EXPECT_NEAR(number(result, "", "ess"), 3000, 1e-6) << "the target is the logging policy";
  for (const char* estimator : {"sips", "snsips", "rips"})
    EXPECT_NEAR(number(result, estimator, "value"), 0.4, 0.03) << estimator;
  EXPECT_THAT(result.out, HasSubstr("repeats of a sequence number"));
}

TEST(Ope, OfALogOfSeveralPoliciesSaysSoAndTakesOneWhenAsked) {
  const Scratch scratch;
  const std::string directory = scratch / "bus";
  std::vector<pb::Outcome> log = even_lists(4000);
  for (std::size_t i = 0; i < log.size(); ++i) log[i].set_policy_id(i % 4 == 0 ? "popular" : "linear");
  write_outcomes(directory, log);
  const auto ope = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"ope", "--local", directory, "--target", "uniform", "-e", "sips"});
    return riffle(more);
  };
  const CommandResult mixed = ope({});
  EXPECT_EQ(mixed.code, 0) << mixed.err;
  EXPECT_THAT(mixed.out, HasSubstr("made by  linear, 3000 rounds"));
  EXPECT_THAT(mixed.out, HasSubstr("made by  popular, 1000 rounds"));
  EXPECT_THAT(mixed.out, HasSubstr("several policies made these lists"));
  const CommandResult one = ope({"--logged-by", "popular"});
  EXPECT_THAT(one.out, HasSubstr("rounds   1000"));
  EXPECT_THAT(one.out, HasSubstr("lists of policy popular"));
  EXPECT_THAT(one.out, Not(HasSubstr("several policies")));
  const CommandResult none = ope({"--logged-by", "popularr"});
  EXPECT_EQ(none.code, 9);
  EXPECT_THAT(none.out, HasSubstr("3000  outcomes of policy linear")) << "names those that are there";

  const CommandResult checked = riffle({"log", "check", "--local", directory});
  EXPECT_THAT(checked.out, HasSubstr("made by 2 policies: linear (3000), popular (1000)"));
  const CommandResult checked_one = riffle({"log", "check", "--local", directory, "--logged-by", "linear"});
  EXPECT_THAT(checked_one.out, HasSubstr("logged by  linear, 3,000 rounds"));
  EXPECT_THAT(checked_one.out, Not(HasSubstr("made by 2 policies")));
  EXPECT_EQ(riffle({"ope", scratch.write("log.jsonl", ""), "--target", "lines", "--logged-by", "x"}).code, 2);
}

}  // namespace
}  // namespace riffle::app
