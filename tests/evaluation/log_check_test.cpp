#include "evaluation/log_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "features/feature_vector.h"

namespace riffle::evaluation {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using Level = Finding::Level;

LoggedRound round_of(std::uint64_t user, double propensity, double reward, std::uint32_t action = 0,
                     std::uint32_t actions = 4) {
  LoggedRound round;
  round.cluster = user;
  round.actions = actions;
  round.slots.push_back({.action = action, .position = 0, .propensity = propensity, .reward = reward});
  return round;
}

std::vector<Finding> found(const LogCheck& check, const std::vector<ingest::RowCount>& read = {},
                           std::uint64_t unreadable = 0) {
  return findings(check.figures(), read, unreadable);
}

auto finding(Level level, std::string_view what) {
  return Contains(::testing::AllOf(Field(&Finding::level, level), Field(&Finding::what, what)));
}

// Two users, two rounds each; drawn with .5 and .125 of four actions: weights of uniform ½ and 2.
TEST(LogCheck, EssAndTheSmallestDetectableDifferenceAreThoseComputedByHand) {
  LogCheck check;
  check.add(round_of(1, .5, 1)), check.add(round_of(1, .125, 0, 1));
  check.add(round_of(2, .5, 0)), check.add(round_of(2, .125, 1, 1));
  const LogFigures figures = check.figures();
  const ReferenceFigures& uniform = figures.references[0];
  EXPECT_EQ(uniform.rounds, 4U);
  EXPECT_DOUBLE_EQ(uniform.mean_weight, (.5 + 2 + .5 + 2) / 4);
  EXPECT_DOUBLE_EQ(uniform.ess, 5. * 5 / (.25 + 4 + .25 + 4));
  EXPECT_DOUBLE_EQ(uniform.largest_weight, 2);
  // d = (w − 1)·r: user 1 has −½ of two rounds, user 2 has 1; their mean is ⅛ a round.
  const double a = -.5 - .125 * 2, b = 1 - .125 * 2;
  const double error = std::sqrt(2. / 1 * (a * a + b * b)) / 4;
  ASSERT_TRUE(uniform.detectable.has_value());
  EXPECT_NEAR(*uniform.detectable, 2.8015852 * error, 1e-9);
  EXPECT_DOUBLE_EQ(figures.mean_reward, .5);
  ASSERT_TRUE(figures.detectable_by_test.has_value());
  EXPECT_NEAR(*figures.detectable_by_test, 0, 1e-12) << "both users earned the same";
  EXPECT_EQ(figures.actions_shown, 2U);
  EXPECT_EQ(figures.users, 2);
}

// The formula's claim: a difference of δ is found in about 80 of 100 logs of this size.
TEST(LogCheck, ADifferenceOfTheDetectableSizeIsDetectedInFourOfFiveLogs) {
  const auto log = [](std::uint64_t seed) {
    Rng rng(seed);
    LogCheck check;
    double sum = 0;
    for (std::uint64_t user = 1; user <= 2000; ++user) {
      const bool first = rng.uniform() < .8;  // of two actions
      const double reward = rng.uniform() < (first ? .3 : .36) ? 1 : 0;
      check.add(round_of(user * 0x9E3779B97F4A7C15ULL, first ? .8 : .2, reward, first ? 0 : 1, 2));
      sum += (.5 / (first ? .8 : .2) - 1) * reward;
    }
    return std::pair(sum / 2000, check.figures().references[0].detectable.value());
  };
  // Values: logged .8·.3 + .2·.36 = .312, uniform .33: a difference of .018.
  int detected = 0;
  double detectable = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto [difference, delta] = log(seed);
    detectable += delta / 100;
    detected += std::abs(difference) > 1.959964 * delta / kDetectable ? 1 : 0;
  }
  // Power at .018 by the same normal approximation, from δ.
  const double z = .018 / (detectable / kDetectable) - 1.959964;
  const double power = .5 * std::erfc(-z / std::sqrt(2.));
  EXPECT_NEAR(detected / 100., power, .15);
}

TEST(LogCheck, BadPropensitiesAreCountedByKindAndMakeTheLogBad) {
  LogCheck check;
  for (int i = 0; i < 50; ++i) check.add(round_of(static_cast<std::uint64_t>(i), .25, 1));
  check.add(round_of(90, kMissing, 0));
  check.add(round_of(91, 0, 0)), check.add(round_of(92, 0, 0));
  check.add(round_of(93, -.1, 0));
  check.add(round_of(94, 1.5, 0));
  const LogFigures figures = check.figures();
  EXPECT_EQ(figures.missing, 1U);
  EXPECT_EQ(figures.zero, 2U);
  EXPECT_EQ(figures.negative, 1U);
  EXPECT_EQ(figures.above_one, 1U);
  EXPECT_EQ(figures.references[0].rounds, 50U) << "the others are left out";
  EXPECT_THAT(found(check), finding(Level::kBad, "propensities"));
  EXPECT_THAT(found(check, {}, 3).front().message, HasSubstr("4 are missing or no number"));
}

TEST(LogCheck, AGoodLogHasNothingBad) {
  LogCheck check;
  Rng rng(2);
  for (std::uint64_t i = 0; i < 3000; ++i)
    check.add(round_of(rng(), .25, rng.uniform() < .1 ? 1 : 0, static_cast<std::uint32_t>(rng.below(4))));
  for (const Finding& finding : found(check)) EXPECT_EQ(finding.level, Level::kNote) << finding.message;
}

TEST(LogCheck, AnEmptyLogIsBad) { EXPECT_THAT(found(LogCheck()), finding(Level::kBad, "empty")); }

TEST(LogCheck, WithoutChanceThereIsNothingToBeTold) {
  LogCheck check;
  for (std::uint64_t i = 0; i < 100; ++i) check.add(round_of(i, 1, 1));
  EXPECT_THAT(found(check), finding(Level::kBad, "no_exploration"));
  EXPECT_EQ(check.figures().certain, 100U);
}

TEST(LogCheck, RepeatsAndClocksThatRunBackAreCounted) {
  LogCheck check;
  const auto add = [&](std::uint64_t identity, const std::string& time) {
    LoggedRound round = round_of(identity, .25, 1);
    round.identity = identity;
    round.timestamp = time;
    check.add(round);
  };
  add(1, "2025-10-09T08:00:00Z"), add(2, "2025-10-09T08:00:10Z"), add(3, "2025-10-09T08:00:03Z");
  add(2, "2025-10-09T08:00:10Z"), add(4, "yesterday");
  const LogFigures figures = check.figures();
  EXPECT_EQ(figures.repeats, 1U);
  EXPECT_EQ(figures.backwards, 1U);
  EXPECT_EQ(figures.largest_step_back_ms, 7000);
  EXPECT_EQ(figures.bad_times, 1U);
  EXPECT_THAT(found(check), finding(Level::kBad, "repeats"));
  EXPECT_THAT(found(check), finding(Level::kWarning, "clock"));
  EXPECT_THAT(found(check), finding(Level::kWarning, "times"));
}

TEST(LogCheck, OutliersAndARobotAreNamed) {
  LogCheck check;
  Rng rng(3);
  for (int i = 0; i < 1000; ++i) check.add(round_of(rng.uniform() < .3 ? 5 : rng(), .25, i < 10 ? 1000 : 1));
  EXPECT_THAT(found(check), finding(Level::kWarning, "outliers"));
  EXPECT_THAT(found(check), finding(Level::kWarning, "busy_user"));
  EXPECT_NEAR(check.figures().busiest_user_share, .3, .05);
}

TEST(LogCheck, RowsThatWereLeftOutAreToldUnlessThatIsUsual) {
  LogCheck check;
  for (std::uint64_t i = 0; i < 100; ++i) check.add(round_of(i, .25, 1));
  EXPECT_THAT(found(check, {{"slots", true, 100}, {"rewards without a decision", false, 3}}),
              finding(Level::kWarning, "left_out"));
  EXPECT_THAT(found(check, {{"earlier revisions of outcomes", false, 3}}), Not(finding(Level::kWarning, "left_out")));
}

// ---- Riffle's own lists

// Two slots of the candidates scored .5, .3, .1; `shown` are their places.
pb::Outcome outcome(int first, int second) {
  constexpr std::array<float, 3> kScores = {.5F, .3F, .1F};
  pb::Outcome made;
  made.set_fully_logged(true);
  made.set_feature_fingerprint(features::feature_fingerprint());
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    made.add_candidate_keys(i + 1);
    auto* candidate = made.add_candidates();
    candidate->set_item_key(i + 1);
    candidate->set_score(kScores[i]);
  }
  std::uint32_t allowed = 3;
  for (const int place : {first, second}) {
    auto* slot = made.add_slots();
    slot->set_item_key(static_cast<std::uint64_t>(place) + 1);
    slot->set_score(kScores[static_cast<std::size_t>(place)]);
    slot->set_allowed(allowed--);
    slot->set_propensity(.5);
    slot->add_features(1);
  }
  return made;
}

void add(LogCheck& check, const pb::Outcome& of, std::uint64_t user) {
  LoggedRound round;
  round.cluster = user;
  round.outcome = &of;
  for (int i = 0; i < of.slots_size(); ++i)
    round.slots.push_back(
        {.position = static_cast<std::uint32_t>(i), .propensity = of.slots(i).propensity(), .reward = 1});
  check.add(round);
}

TEST(LogCheck, OfFullyLoggedListsTheGreedyOneIsAReference) {
  LogCheck check;
  add(check, outcome(0, 1), 1);  // what greedy shows: weight 1/(.5·.5)
  add(check, outcome(0, 2), 2);  // only its first slot is greedy's
  add(check, outcome(1, 0), 3);  // not even that; the second slot is the best of what is left
  pb::Outcome sampled = outcome(0, 1);
  sampled.set_fully_logged(false);
  add(check, sampled, 4);
  const ReferenceFigures greedy = check.figures().references[1];
  EXPECT_EQ(greedy.rounds, 3U);
  EXPECT_DOUBLE_EQ(greedy.mean_weight, 4. / 3);
  EXPECT_DOUBLE_EQ(greedy.ess, 1);
  EXPECT_DOUBLE_EQ(greedy.first_ess, 2);
  const ReferenceFigures uniform = check.figures().references[0];
  EXPECT_EQ(uniform.rounds, 4U);
  EXPECT_NEAR(uniform.mean_weight, (1. / 3 / .5) * (1. / 2 / .5), 1e-12);
}

TEST(LogCheck, ListsOfSeveralPoliciesAreNamedAndAWarning) {
  LogCheck check;
  pb::Outcome made = outcome(0, 1);
  made.set_policy_id("linear");
  for (std::uint64_t user = 0; user < 20; ++user) add(check, made, user);
  EXPECT_THAT(found(check), Not(finding(Level::kWarning, "several_policies")));
  made.set_policy_id("popularity");
  add(check, made, 30);
  EXPECT_EQ(check.figures().logged_by.at("linear"), 20U);
  EXPECT_THAT(found(check), finding(Level::kWarning, "several_policies"));
  EXPECT_THAT(found(check, {{"outcomes of policy popularity", false, 9}}), Not(finding(Level::kWarning, "left_out")))
      << "asked for, and no mistake";
}

TEST(LogCheck, ListsOfTwoVersionsOfTheFeaturesAreCounted) {
  LogCheck check;
  add(check, outcome(0, 1), 1);
  pb::Outcome old = outcome(0, 1);
  old.set_feature_fingerprint(1);
  old.mutable_slots(0)->set_features(0, std::numeric_limits<float>::quiet_NaN());
  add(check, old, 2);
  EXPECT_EQ(check.figures().other_features, 1U);
  EXPECT_EQ(check.figures().bad_features, 1U);
  EXPECT_THAT(found(check), finding(Level::kWarning, "features"));
}

}  // namespace
}  // namespace riffle::evaluation
