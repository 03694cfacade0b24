// `riffle ope` on fully logged lists of Riffle's own: diversity, caps, marginals, and policies trained on the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/app/own_log.h"
#include "tests/evaluation/served_lists.h"
#include "tests/support/command.h"
#include "tests/support/scratch.h"

namespace riffle::app {
namespace {

using evaluation::diverse_policy;
using evaluation::serve;
using evaluation::untrained;
using riffle::testing::CommandResult;
using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig = R"(
policies:
  served:
    scorer: popularity
    explorer: {kind: epsilon, epsilon: 0.3, top: 4}
    diversifier: {kind: mmr, weight: 0.4}
    caps: [{depth: 1, most: 1, window: 2}, {depth: 2, most: 2, window: 4}]
    reward_ceiling: 0.8
  other:
    scorer: popularity
    explorer: {kind: squarecb, epsilon: 0.3, top: 4}
    diversifier: {kind: dpp, weight: 0.6}
    caps: [{depth: 1, most: 1, window: 2}]
  rates:
    scorer: arms
    explorer: {kind: epsilon, epsilon: 0.8}
    diversifier: {kind: dpp, weight: 0.1}
experiments: {arms: {served: 1}}
)";

class OwnLog : public ::testing::Test {
 protected:
  OwnLog() {
    const serving::PolicyOptions policy = diverse_policy("popularity", "epsilon", "mmr");
    Rng rng(6);
    std::vector<pb::Outcome> log;
    for (std::uint64_t i = 0; i < 900; ++i) {
      pb::Outcome outcome = serve(policy, untrained(policy), {.candidates = 6, .slots = 2}, rng);
      outcome.set_sequence(i + 1);
      outcome.set_user_id("u" + std::to_string(rng.below(200)));
      outcome.set_policy_id("served");
      outcome.set_closed(true);
      for (pb::OutcomeSlot& slot : *outcome.mutable_slots())
        slot.set_reward(rng.uniform() < 0.2 + 0.4 * static_cast<double>(slot.features(1)) ? 1 : 0);
      log.push_back(std::move(outcome));
    }
    write_outcomes(scratch_ / "bus", log);
    config_ = scratch_.write("riffle.yaml", kConfig);
  }

  CommandResult ope(std::vector<std::string> more) const {
    more.insert(more.begin(), {"ope", "--config", config_, "--local", scratch_ / "bus"});
    return riffle(more);
  }

  Scratch scratch_;
  std::string config_;
};

TEST_F(OwnLog, ThePolicyThatMadeItIsAnsweredWithItsDiversityAndCaps) {
  const CommandResult result = ope({"--target", "policy:served", "-e", "sips,iips"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("mmr λ 0.4, 2 caps"));
  EXPECT_THAT(result.out, HasSubstr("effective sample size 900.0, largest 1, mean 1.0000")) << "it is the logged policy";
  EXPECT_THAT(result.out, ContainsRegex("iips .*Monte Carlo error"));
  EXPECT_THAT(result.out, HasSubstr("marginals  900 lists"));
}

TEST_F(OwnLog, AnotherDiversePolicyIsAnsweredByAllSlateEstimators) {
  const CommandResult result = ope({"--target", "policy:other", "--slate-draws", "20", "--format", "json"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  for (const char* estimator : {"sips", "snsips", "rips", "cascade-dr", "iips", "slate-dm"})
    EXPECT_THAT(result.out, HasSubstr(std::string("\"estimator\": \"") + estimator + "\""));
  EXPECT_THAT(result.out, HasSubstr("\"draws\": 20"));
  EXPECT_THAT(result.out, HasSubstr("\"slice_ms\": 60000"));
}

TEST_F(OwnLog, APolicyThatIsTrainedOnItPrintsItsFolds) {
  const CommandResult result = ope({"--target", "policy:rates", "--train", "-e", "iips"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("arms trained on this log, cross-fitted over 5 folds of users"));
  EXPECT_THAT(result.out, HasSubstr("fold  revisions learned"));
  EXPECT_THAT(result.out, ContainsRegex("\n4 +[67][0-9][0-9] "));
  EXPECT_THAT(result.out, Not(HasSubstr("looks better than it is")));
  EXPECT_THAT(ope({"--target", "policy:rates", "--train", "--folds", "1", "-e", "iips"}).out,
              HasSubstr("looks better than it is"));
  const CommandResult json = ope({"--target", "policy:rates", "--train", "-e", "iips", "--format", "json"});
  EXPECT_THAT(json.out, HasSubstr("\"revisions_learned\": "));
}

TEST_F(OwnLog, OnlyPoliciesThatLearnAreTrained) {
  const CommandResult fixed = ope({"--target", "policy:served", "--train"});
  EXPECT_EQ(fixed.code, 2);
  EXPECT_THAT(fixed.err, HasSubstr("does not learn"));
  EXPECT_EQ(ope({"--target", "uniform", "--train"}).code, 2);
  EXPECT_EQ(ope({"--target", "policy:rates", "--train", "--policy-version", "3"}).code, 2);
}

}  // namespace
}  // namespace riffle::app
