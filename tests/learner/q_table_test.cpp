#include "learner/q_table.h"

#include <limits>

#include <gmock/gmock.h>

#include "learner/outcomes.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of outcomes.h

constexpr std::uint64_t kA = 1, kB = 2, kC = 3;

QTableOptions halves() {
  QTableOptions options;
  options.learning_rate = 0.5;
  options.discount = 0.5;
  return options;
}

pb::Outcome decision(std::uint64_t ordinal, const std::string& segment, std::uint64_t category, double reward,
                     const std::vector<std::uint64_t>& candidates, const std::string& user = "u") {
  auto made = outcome(user, ordinal);
  made.set_segment(segment);
  add_slot(made, category, reward);
  for (const auto c : candidates) made.add_candidate_categories(c);
  return made;
}

pb::Outcome rewarded(const pb::Outcome& before, double reward) {
  auto next = next_revision(before);
  next.mutable_slots(0)->set_reward(reward);
  return next;
}

std::uint64_t incident(const Trainer& trainer, std::string_view kind) {
  for (const auto& i : trainer.incidents())
    if (i.kind == kind) return i.count;
  return ~std::uint64_t{0};
}

TEST(QTable, ThreeStepsAreThoseOfTheTextbook) {
  QTableTrainer trainer(halves());
  const auto d0 = decision(0, "s", kA, 0, {kA, kB});
  trainer.learn(d0);
  trainer.learn(rewarded(d0, 1));
  EXPECT_EQ(trainer.value("s", CategoryKey(kA)), 0);  // waits for the next decision
  const auto d1 = decision(1, "t", kB, 0, {kB, kC});
  trainer.learn(d1);
  EXPECT_EQ(trainer.value("s", CategoryKey(kA)), 0.5);  // 0 + ½ (1 + ½·0 − 0)
  trainer.learn(rewarded(d1, 1));
  const auto d2 = decision(2, "s", kA, 0, {kA, kB});
  trainer.learn(d2);
  EXPECT_EQ(trainer.value("t", CategoryKey(kB)), 0.625);  // 0 + ½ (1 + ½·½ − 0)
  auto closed = next_revision(d2);
  closed.set_closed(true);
  trainer.learn(closed);
  EXPECT_EQ(trainer.value("s", CategoryKey(kA)), 0.25);  // ½ + ½ (0 − ½): no bootstrap
  EXPECT_EQ(trainer.slots_learned(), 3U);
  EXPECT_EQ(trainer.pending(), 0U);
}

TEST(QTable, TheBootstrapIsTheBestOfTheNextCandidatesOnly) {
  QTableTrainer trainer(halves());
  auto seen = decision(0, "t", kA, 8, {}, "other");
  seen.set_closed(true);
  trainer.learn(seen);  // Q(t,A) = 4
  auto worse = decision(0, "t", kB, -2, {}, "another");
  worse.set_closed(true);
  trainer.learn(worse);  // Q(t,B) = −1
  trainer.learn(decision(0, "s", kC, 0, {}));
  trainer.learn(decision(1, "t", kB, 0, {kB}));
  EXPECT_EQ(trainer.value("s", CategoryKey(kC)), -0.25);  // A was not to be had
  trainer.learn(decision(2, "t", kB, 0, {kB, kA}));
  EXPECT_EQ(trainer.value("t", CategoryKey(kB)), -1 + 0.5 * (0 + 0.5 * 4 + 1));
}

TEST(QTable, ARewardAfterThePairWasLearnedCorrectsTheCell) {
  QTableTrainer trainer(halves());
  const auto d0 = decision(0, "s", kA, 0, {kA});
  trainer.learn(d0);
  const auto click = rewarded(d0, 1);
  trainer.learn(click);
  trainer.learn(decision(1, "t", kB, 0, {kB}));
  EXPECT_EQ(trainer.value("s", CategoryKey(kA)), 0.5);
  trainer.learn(rewarded(click, 3));
  EXPECT_EQ(trainer.value("s", CategoryKey(kA)), 1.5);  // as if 3 had been known: ½ · 3
}

TEST(QTable, SlotsThatWereNotExposedAreNotLearnedUntilTheyAre) {
  QTableTrainer trainer(halves());
  auto d0 = decision(0, "s", kA, 0, {kA});
  auto& hidden = add_slot(d0, kB, 1);
  hidden.set_exposed(false);
  hidden.set_newly_exposed(false);
  trainer.learn(d0);
  trainer.learn(decision(1, "s", kC, 0, {kC}));
  EXPECT_EQ(trainer.cells(), 1U);
  auto seen = next_revision(d0);
  seen.mutable_slots(1)->set_exposed(true);
  seen.mutable_slots(1)->set_newly_exposed(true);
  trainer.learn(seen);
  EXPECT_EQ(trainer.value("s", CategoryKey(kB)), 0.5);
  EXPECT_EQ(trainer.slots_learned(), 2U);
}

TEST(QTable, APairSurvivesARestart) {
  QTableTrainer straight(halves());
  const auto d0 = decision(0, "s", kA, 0, {kA});
  straight.learn(d0);
  QTableTrainer resumed(halves());
  ASSERT_TRUE(resumed.load(straight.save()).ok());
  EXPECT_EQ(resumed.pending(), 1U);
  resumed.learn(rewarded(d0, 1));
  resumed.learn(decision(1, "t", kB, 0, {kB}));
  EXPECT_EQ(resumed.value("s", CategoryKey(kA)), 0.5);
}

// `straight` learns all of it, another is saved and loaded on the way.
void expect_stops_change_nothing(const std::vector<pb::Outcome>& revisions, const QTableOptions& options, QTableTrainer& straight) {
  auto resumed = std::make_unique<QTableTrainer>(options);
  std::size_t i = 0;
  for (const pb::Outcome& revision : revisions) {
    straight.learn(revision);
    resumed->learn(revision);
    if (++i % 41 != 0) continue;
    auto again = std::make_unique<QTableTrainer>(options);
    ASSERT_TRUE(again->load(resumed->save()).ok());
    resumed = std::move(again);
  }
  EXPECT_TRUE(straight.save() == resumed->save());
}

TEST(QTable, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng(seed);
    std::vector<std::vector<pb::Outcome>> all;
    for (std::uint64_t i = 0; i < 200; ++i) all.push_back(story(rng, "u" + std::to_string(i % 15), i / 15, kStartMs));
    QTableOptions options;
    options.pending_users = 8;  // both limits bite on the way
    options.max_cells = 10;
    QTableTrainer straight(options);
    ASSERT_NO_FATAL_FAILURE(expect_stops_change_nothing(interleaved(rng, all), options, straight));
    EXPECT_GT(incident(straight, "pending_overflow"), 0U);
    EXPECT_GT(incident(straight, "cells_evicted"), 0U);
    EXPECT_LE(straight.cells(), 10U);
  }
}

TEST(QTable, TheOldestPendingDecisionGoesFirstAndIsLearnedWithoutBootstrap) {
  QTableOptions options = halves();
  options.pending_users = 2;
  QTableTrainer trainer(options);
  trainer.learn(decision(0, "a", kA, 1, {kA}, "u1"));
  trainer.learn(decision(0, "b", kA, 1, {kA}, "u2"));
  EXPECT_EQ(trainer.cells(), 0U);
  trainer.learn(decision(0, "c", kA, 1, {kA}, "u3"));
  EXPECT_EQ(trainer.pending(), 2U);
  EXPECT_EQ(trainer.value("a", CategoryKey(kA)), 0.5);
  EXPECT_EQ(trainer.value("b", CategoryKey(kA)), 0);
  EXPECT_EQ(incident(trainer, "pending_overflow"), 1U);
}

TEST(QTable, ADecisionSeenAfterItsSuccessorIsLearnedAtOnce) {
  QTableTrainer trainer(halves());
  trainer.learn(decision(1, "t", kB, 0, {kB}));
  trainer.learn(decision(0, "s", kA, 1, {kA}));
  EXPECT_EQ(trainer.value("s", CategoryKey(kA)), 0.5);
  EXPECT_EQ(trainer.pending(), 1U);  // still the successor
  EXPECT_EQ(incident(trainer, "late_decision"), 1U);
}

TEST(QTable, TheLeastVisitedCellsGoFirst) {
  QTableOptions options = halves();
  options.max_cells = 3;
  QTableTrainer trainer(options);
  const auto visit = [&](const std::string& segment, int times) {
    for (int i = 0; i < times; ++i) {
      auto d = decision(0, segment, kA, 1, {}, "u" + segment + std::to_string(i));
      d.set_closed(true);
      trainer.learn(d);
    }
  };
  visit("often", 3);
  visit("rarely", 1);
  visit("sometimes", 2);
  visit("new", 1);
  EXPECT_EQ(trainer.cells(), 3U);
  EXPECT_EQ(trainer.value("rarely", CategoryKey(kA)), 0);
  EXPECT_GT(trainer.value("often", CategoryKey(kA)), 0);
  EXPECT_GT(trainer.value("new", CategoryKey(kA)), 0);
}

TEST(QTable, WhatIsSavedDoesNotDependOnTheOrderThatMadeIt) {
  QTableTrainer forwards(halves()), backwards(halves());
  for (int i = 0; i < 50; ++i) {
    for (const auto& [trainer, n] : {std::pair{&forwards, i}, std::pair{&backwards, 49 - i}}) {
      auto d = decision(0, "segment " + std::to_string(n), kA, n, {}, "u" + std::to_string(n));
      d.set_closed(true);
      trainer->learn(d);
    }
  }
  EXPECT_TRUE(forwards.save() == backwards.save());
}

TEST(QTable, PoisonedOutcomesChangeNothing) {
  QTableTrainer trainer(halves());
  trainer.learn(decision(0, "s", kA, 1, {kA}));
  const auto before = trainer.save();
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), 1e30, -std::numeric_limits<double>::infinity()})
    trainer.learn(decision(1, "s", kA, bad, {kA}));
  EXPECT_TRUE(trainer.save() == before);
}

TEST(QTable, AStateThatCannotBeIsRefusedAndNothingChanges) {
  QTableTrainer trainer(halves());
  trainer.learn(decision(0, "s", kA, 1, {kA}));
  auto closed = decision(0, "t", kB, 1, {}, "other");
  closed.set_closed(true);
  trainer.learn(closed);
  const auto good = trainer.save();
  EXPECT_FALSE(trainer.load(good.substr(0, good.size() - 3)).ok());
  pb::QTableState state;
  ASSERT_TRUE(state.ParseFromString(good));
  *state.add_cells() = state.cells(0);
  EXPECT_FALSE(trainer.load(state.SerializeAsString()).ok());
  ASSERT_TRUE(state.ParseFromString(good));
  *state.add_pending() = state.pending(0);
  EXPECT_FALSE(trainer.load(state.SerializeAsString()).ok());
  ASSERT_TRUE(state.ParseFromString(good));
  state.mutable_cells(0)->set_value(std::numeric_limits<double>::infinity());
  EXPECT_FALSE(trainer.load(state.SerializeAsString()).ok());
  EXPECT_TRUE(trainer.save() == good);
}

// ---- segments that are found ------------------------------------------------------------------------------------------

QTableOptions found_segments() {
  QTableOptions options = halves();
  options.segments = {.kind = "kmeans", .count = 2, .seed = 1};
  return options;
}

features::UserFeatures user_at(float place) {
  features::UserFeatures user{};
  user[0] = place;
  return user;
}

void set_user(pb::Outcome& outcome, const features::UserFeatures& user) {
  outcome.mutable_user_features()->Clear();
  outcome.mutable_user_features()->Add(user.begin(), user.end());
}

// A closed list of a policy whose segments are made by rule.
pb::Outcome list_of(int number, float place, std::uint64_t category, double reward) {
  auto made = decision(0, "light|-", category, reward, {}, "u" + std::to_string(number));
  made.set_closed(true);
  set_user(made, user_at(place));
  return made;
}

// Users at −.8 who like A, and at .8 who like B.
QTableTrainer two_groups() {
  QTableTrainer trainer(found_segments());
  for (int i = 0; i < 200; ++i) {
    const bool left = i % 2 == 0;
    trainer.learn(list_of(i, left ? -0.8F : 0.8F, i % 4 < 2 ? kA : kB, left == (i % 4 < 2) ? 1 : 0));
  }
  return trainer;
}

TEST(QTableWithFoundSegments, UsersWhoAreAlikeShareCellsAndListsAreMadeByThem) {
  QTableTrainer trainer = two_groups();
  const auto scorer = trainer.scorer();
  ASSERT_TRUE(scorer->reads_user());
  const std::string left = scorer->segment_of(user_at(-0.7F), "light|-"), right = scorer->segment_of(user_at(0.7F), "light|-");
  EXPECT_TRUE(UserClusters::is_name(left));
  EXPECT_NE(left, right);
  const std::vector<CategoryKey> categories{CategoryKey(kA), CategoryKey(kB)};
  std::vector<float> scores(2);
  scorer->score({{}, categories, {}, left}, scores);
  EXPECT_GT(scores[0], scores[1] + 0.5F);
  scorer->score({{}, categories, {}, right}, scores);
  EXPECT_GT(scores[1], scores[0] + 0.5F);
}

TEST(QTableWithFoundSegments, ByRuleNothingIsReadOfUsers) {
  QTableTrainer trainer(halves());
  trainer.learn(list_of(1, 0.5F, kA, 1));
  EXPECT_EQ(trainer.value("light|-", CategoryKey(kA)), 0.5);
  EXPECT_FALSE(trainer.scorer()->reads_user());
  EXPECT_EQ(trainer.scorer()->segment_of(user_at(0.5F), "light|-"), "light|-");
  EXPECT_FALSE(trainer.clusters());
}

TEST(QTableWithFoundSegments, WhatWasLoggedIsLearnedByWhereverTheCentresAreNow) {
  QTableTrainer trainer = two_groups();
  const std::string right = trainer.scorer()->segment_of(user_at(0.8F), "");
  auto own = list_of(1000, -0.8F, kC, 4);   // of a version in which he was nearer to the right ones
  own.set_segment(right);
  trainer.learn(own);
  EXPECT_EQ(trainer.value(right, CategoryKey(kC)), 2);
  auto late = next_revision(own);
  late.mutable_slots(0)->set_reward(5);
  trainer.learn(late);
  EXPECT_EQ(trainer.value(right, CategoryKey(kC)), 2.5);
}

TEST(QTableWithFoundSegments, AListWhoseUserIsNotKnownOrCannotBeMovesNoCentreAndIsNotLearned) {
  QTableTrainer trainer = two_groups();
  const std::string before = trainer.save();
  auto unknown = list_of(1000, 0, kC, 1);
  unknown.clear_user_features();
  trainer.learn(unknown);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 1e30F}) trainer.learn(list_of(1001, bad, kC, 1));
  EXPECT_TRUE(trainer.save() == before);
  EXPECT_EQ(incident(trainer, "unplaced_user"), 3U);
  EXPECT_EQ(trainer.scorer()->segment_of(user_at(1e30F), "light|-"), "light|-");
}

TEST(QTableWithFoundSegments, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng(seed);
    std::vector<std::vector<pb::Outcome>> all;
    for (std::uint64_t i = 0; i < 300; ++i) {
      all.push_back(story(rng, "u" + std::to_string(i % 15), i / 15, kStartMs));
      features::UserFeatures user{};
      for (float& x : user) x = static_cast<float>(2 * rng.uniform() - 1);
      const std::uint64_t kind = rng.below(8);
      for (pb::Outcome& revision : all.back()) {
        if (kind != 0) set_user(revision, user);
        if (kind == 1) revision.set_segment("cluster-1.0");
      }
    }
    QTableOptions options = found_segments();
    options.segments = {.kind = "kmeans", .count = 7, .seed = seed};
    options.pending_users = 8;
    QTableTrainer straight(options);
    ASSERT_NO_FATAL_FAILURE(expect_stops_change_nothing(interleaved(rng, all), options, straight));
    const auto served = q_table_scorer(straight.save(), options);
    ASSERT_TRUE(served.ok());
    for (int place = -9; place <= 9; ++place) {
      const auto user = user_at(static_cast<float>(place) / 10);
      EXPECT_EQ((*served)->segment_of(user, ""), straight.scorer()->segment_of(user, ""));
    }
  }
}

TEST(QTableWithFoundSegments, AClusterThatIsBegunAnewLosesItsCells) {
  QTableTrainer trainer = two_groups();
  const std::string right = trainer.scorer()->segment_of(user_at(0.8F), "");
  ASSERT_NE(trainer.value(right, CategoryKey(kB)), 0);
  for (int i = 0; incident(trainer, "cluster_begun_anew") == 0; ++i) {
    ASSERT_LT(i, 1000);
    trainer.learn(list_of(1000 + i, i % 2 == 0 ? -0.8F : -0.2F, kA, 1));   // the right ones stay away
  }
  EXPECT_EQ(trainer.value(right, CategoryKey(kB)), 0);
  EXPECT_NE(trainer.scorer()->segment_of(user_at(0.8F), ""), right);
}

TEST(QTableWithFoundSegments, OtherSegmentsThanTheVersionsStartAnewAndUntilThenListsAreMadeWithItsOwn) {
  QTableTrainer clusters = two_groups();
  QTableTrainer rule(halves());
  rule.learn(list_of(1, 0, kA, 1));
  QTableOptions more = found_segments();
  more.segments.count = 3;
  for (const auto& [state, options] : {std::pair{clusters.save(), halves()}, {rule.save(), found_segments()}, {clusters.save(), more}}) {
    QTableTrainer changed(options);
    changed.learn(list_of(2, 0, kB, 1));
    ASSERT_TRUE(changed.load(state).ok());
    EXPECT_EQ(changed.cells(), 0U);
    EXPECT_EQ(changed.slots_learned(), 0U);
    EXPECT_TRUE(changed.save() == QTableTrainer(options).save());
  }
  const auto served = q_table_scorer(clusters.save(), halves());
  ASSERT_TRUE(served.ok());
  EXPECT_TRUE(UserClusters::is_name((*served)->segment_of(user_at(0.8F), "light|-")));
  const auto untouched = q_table_scorer(rule.save(), found_segments());
  ASSERT_TRUE(untouched.ok());
  EXPECT_EQ((*untouched)->segment_of(user_at(0.8F), "light|-"), "light|-");
}

TEST(QTableWithFoundSegments, AStateWhoseClustersCannotBeIsRefused) {
  QTableTrainer trainer = two_groups();
  const std::string good = trainer.save();
  pb::QTableState state;
  ASSERT_TRUE(state.ParseFromString(good));
  state.mutable_clusters()->mutable_clusters(0)->set_centre(0, std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(trainer.load(state.SerializeAsString()).ok());
  EXPECT_FALSE(q_table_scorer(state.SerializeAsString(), found_segments()).ok());
  EXPECT_TRUE(trainer.save() == good);
}

TEST(QTableScorer, AnUnseenCellHasTheMeanOfItsCategoryElseOfAll) {
  QTableTrainer trainer(halves());
  const auto close = [&](const std::string& segment, std::uint64_t category, double reward) {
    auto d = decision(0, segment, category, reward, {}, segment + std::to_string(category));
    d.set_closed(true);
    trainer.learn(d);
  };
  close("s", kA, 2);   // Q = 1
  close("t", kA, 6);   // Q = 3
  close("t", kB, 10);  // Q = 5
  const std::vector<CategoryKey> categories{CategoryKey(kA), CategoryKey(kB), CategoryKey(kC)};
  std::vector<float> scores(3);
  const auto scorer = trainer.scorer();
  scorer->score({{}, categories, {}, "s"}, scores);
  EXPECT_THAT(scores, ::testing::ElementsAre(1, 5, 3));
  scorer->score({{}, categories, {}, "never seen"}, scores);
  EXPECT_THAT(scores, ::testing::ElementsAre(2, 5, 3));
  const auto served = q_table_scorer(trainer.save(), halves());
  ASSERT_TRUE(served.ok());
  (*served)->score({{}, categories, {}, "never seen"}, scores);
  EXPECT_THAT(scores, ::testing::ElementsAre(2, 5, 3));
  QTableScorer({}, std::nullopt).score({{}, categories, {}, "s"}, scores);
  EXPECT_THAT(scores, ::testing::Each(0));
}

}  // namespace
}  // namespace riffle::learner
