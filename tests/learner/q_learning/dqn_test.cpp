#include "learner/q_learning/dqn.h"

#include <limits>

#include <gmock/gmock.h>

#include "base/metrics.h"
#include "learner/learner.h"
#include "learner/q_learning/network.h"
#include "learner/q_learning/q_scorer.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;

using Dqn = WithNetwork;

TEST_F(Dqn, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  const auto log = random_log(7, 150);
  auto straight = trainer(small());
  feed(*straight, log, 0, log.size());
  EXPECT_GT(straight->steps(), 50U);
  EXPECT_EQ(straight->slots_learned() > 0, true);
  expect_stops_change_nothing(log, *straight, [] { return trainer(small()); }, 120, 4);
}

TEST_F(Dqn, APairSurvivesARestart) {
  auto before = trainer(small());
  auto first = outcome("u", 0), second = outcome("u", 1);
  add_slot(first, 1, 1, {1});
  add_slot(second, 1, 0, {2});
  before->learn_at(first, {3, 41});
  auto after = trainer(small());
  ASSERT_TRUE(after->load(before->save()).ok());
  ASSERT_EQ(after->held_from().size(), 1U);
  EXPECT_EQ(after->held_from()[0].shard, 3);
  EXPECT_EQ(after->held_from()[0].offset, 41);
  EXPECT_EQ(after->replay().ready(), 0U);
  EXPECT_TRUE(after->remember(first, {3, 41}));
  after->learn_at(second, {3, 42});
  EXPECT_EQ(after->replay().ready(), 1U);
  // Where the log no longer has it, the pair is lost and nothing else.
  auto without = trainer(small());
  ASSERT_TRUE(without->load(before->save()).ok());
  without->learn_at(second, {3, 42});
  EXPECT_EQ(without->replay().ready(), 0U);
}

TEST_F(Dqn, ALearnerReadsTheBufferAgainAndGoesOnAsIfItHadNotStopped) {
  const auto log = random_log(9, 120);
  const std::vector<LearnedPolicy> policies{{PolicyId("deep"), "dqn"}, {PolicyId("flat"), "linear"}};
  LearnerOptions options;
  options.dqn = small();
  Metrics metrics;
  const auto apply = [](PolicyLog& topic, const std::vector<PolicyRecord>& records) {
    for (const auto& record : records) EXPECT_TRUE(topic.apply(record.key, record.value).ok());
  };
  const auto blocks = [](const PolicyLog& topic) {
    const auto* newest = topic.newest(PolicyId("deep"));
    return std::vector<std::uint64_t>(newest->blocks().begin(), newest->blocks().end());
  };
  const Partition shard(0);
  PolicyLog expected, topic;
  auto straight = Learner::create(policies, options, metrics);
  ASSERT_TRUE(straight.ok()) << straight.status();
  for (std::size_t i = 0; i < log.size(); ++i) (*straight)->on_outcome(log[i], shard, Offset(static_cast<std::int64_t>(i)));
  apply(expected, (*straight)->publish(from_ms(kStartMs), true));

  const std::size_t stopped = log.size() / 2;
  auto first = Learner::create(policies, options, metrics);
  for (std::size_t i = 0; i < stopped; ++i) (*first)->on_outcome(log[i], shard, Offset(static_cast<std::int64_t>(i)));
  apply(topic, (*first)->publish(from_ms(kStartMs), true));
  auto second = Learner::create(policies, options, metrics);
  ASSERT_TRUE((*second)->boot(topic).ok());
  const auto from = static_cast<std::size_t>((*second)->positions().at(shard).value());
  EXPECT_LT(from, stopped);  // the buffer's decisions are read again …
  EXPECT_GT(from, 0U);       // … and no others
  for (std::size_t i = from; i < log.size(); ++i) (*second)->on_outcome(log[i], shard, Offset(static_cast<std::int64_t>(i)));
  apply(topic, (*second)->publish(from_ms(kStartMs), true));
  EXPECT_EQ(blocks(topic), blocks(expected));
}

TEST_F(Dqn, AStateThatCannotBeIsRefusedAndNothingChanges) {
  const auto log = random_log(10, 60);
  auto one = trainer(small());
  feed(*one, log, 0, log.size());
  const std::string good = one->save();
  for (const std::size_t cut : {1, 3, 9, 12, 5000})  // wherever a field ends
    EXPECT_EQ(one->load(good.substr(0, good.size() - cut)).code(), absl::StatusCode::kInvalidArgument) << cut;
  EXPECT_FALSE(one->load("no state at all").ok());
  const auto changed = [&](auto change) {
    pb::DqnState state;
    EXPECT_TRUE(state.ParseFromString(good));
    change(state);
    return serialize(state);
  };
  const auto foreign = changed([](auto& state) { state.set_feature_fingerprint(state.feature_fingerprint() + 1); });
  EXPECT_EQ(one->load(foreign).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(one->load(foreign).message()), HasSubstr("feature specification"));
  EXPECT_EQ(q_scorer(foreign).status().code(), absl::StatusCode::kFailedPrecondition);
  const auto short_of = changed([](auto& state) { state.mutable_online()->resize(state.online().size() - 4); });
  EXPECT_THAT(std::string(q_scorer(short_of).status().message()), HasSubstr("cut short"));
  EXPECT_FALSE(one->load(short_of).ok());
  const auto poisoned = changed([](auto& state) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    state.mutable_online()->replace(8, 4, reinterpret_cast<const char*>(&nan), 4);
  });
  EXPECT_THAT(std::string(q_scorer(poisoned).status().message()), HasSubstr("not finite"));
  EXPECT_FALSE(one->load(poisoned).ok());
  EXPECT_FALSE(one->load(changed([](auto& state) { state.set_held(0, state.held(1)); })).ok());
  EXPECT_FALSE(one->load(changed([](auto& state) { state.add_held(1); })).ok());
  EXPECT_FALSE(one->load(changed([](auto& state) { state.set_priorities(0, -1); })).ok());
  EXPECT_TRUE(one->save() == good);
  DqnOptions wider = small();
  wider.hidden_1 = 9;
  const auto status = trainer(wider)->load(good);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the configuration has 9 and 8"));
}

TEST_F(Dqn, ASmallerBufferKeepsTheNewest) {
  const auto log = random_log(11, 100);
  auto large = trainer(small());
  feed(*large, log, 0, log.size());
  DqnOptions options = small();
  options.replay_decisions = 16;
  auto reduced = trainer(options);
  ASSERT_TRUE(reduced->load(large->save()).ok());
  remember(*reduced, log, log.size());
  const auto &from = large->replay().buffer(), &to = reduced->replay().buffer();
  for (std::uint64_t number = to.oldest(); number < to.inserted(); ++number)
    EXPECT_EQ(to.at(to.place_of(number)).recommendation, from.at(from.place_of(number)).recommendation);
  EXPECT_EQ(to.inserted() - to.oldest(), 16U);
}

TEST_F(Dqn, PoisonedOutcomesChangeNothingAndOddOnesAreCounted) {
  const auto log = random_log(12, 80);
  auto one = trainer(small());
  feed(*one, log, 0, log.size());
  const auto before = one->save();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 1e30F}) {
    auto poisoned = outcome("new", 0);
    add_slot(poisoned, 1, 1, {bad});
    one->learn(poisoned);
  }
  EXPECT_TRUE(one->save() == before);
  auto fresh = outcome("new", 0);
  add_slot(fresh, 1, 1e5, {1});
  add_candidate(fresh, {std::numeric_limits<float>::infinity()});
  const auto older = incident(*one, "older_than_buffer");
  one->learn(fresh);
  one->learn(fresh);
  auto unknown = next_revision(outcome("long ago", 0));
  add_slot(unknown, 1, 1, {1});
  one->learn(unknown);
  EXPECT_EQ(incident(*one, "cut_reward"), 1U);
  EXPECT_EQ(incident(*one, "bad_candidate"), 1U);
  EXPECT_EQ(incident(*one, "repeated_revision"), 1U);
  EXPECT_EQ(incident(*one, "older_than_buffer"), older + 1);
}

TEST_F(Dqn, ANetworkThatRunsAwayGoesBackToTheLastVersion) {
  const auto log = random_log(13, 150);
  auto calm = trainer(small());
  feed(*calm, log, 0, log.size() / 2);
  const std::string good = calm->save();
  DqnOptions wild = small();
  wild.learning_rate = 1000;
  auto one = trainer(wild);
  ASSERT_TRUE(one->load(good).ok());
  remember(*one, log, log.size() / 2);
  feed(*one, log, log.size() / 2, log.size());
  EXPECT_GT(incident(*one, "diverged") + incident(*one, "not_finite"), 0U);
  const auto scorer = q_scorer(one->save());  // what is saved always serves
  ASSERT_TRUE(scorer.ok()) << scorer.status();
}

TEST_F(Dqn, ItLearnsWhatEarns) {
  DqnOptions options = small();
  options.discount = 0;
  options.learning_rate = .01;
  options.replay_decisions = 512;
  auto one = trainer(options);
  Rng rng(14);
  for (int i = 0; i < 2000; ++i) {
    auto made = outcome("u" + std::to_string(i), 0, kStartMs + i * 1000);
    for (int k = 0; k < 3; ++k) {
      const float x = static_cast<float>(2 * rng.uniform() - 1), y = static_cast<float>(2 * rng.uniform() - 1);
      add_slot(made, 1, x * y > 0 ? 1 : 0, {x, y});  // no line tells the two apart
    }
    one->learn(made);
  }
  const std::vector<std::array<float, 3>> cases{{.5F, .5F, 1}, {-.5F, -.5F, 1}, {.5F, -.5F, 0}, {-.5F, .5F, 0}};
  std::vector<float> rows, scores(cases.size()), given(cases.size());
  for (const auto& [x, y, expected] : cases) {
    rows.push_back(x);
    rows.push_back(y);
    rows.resize(rows.size() + features::kFeatureCount - 2);
  }
  one->scorer()->score({rows, std::vector<CategoryKey>(cases.size()), given, "s"}, scores);
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_NEAR(scores[i], cases[i][2], .25) << i;
  const auto served = q_scorer(one->save());
  ASSERT_TRUE(served.ok());
  std::vector<float> again(cases.size());
  (*served)->score({rows, std::vector<CategoryKey>(cases.size()), given, "s"}, again);
  EXPECT_EQ(again, scores);
}

TEST(QScorer, BeforeAnythingWasLearnedAllAreEqualAndNoCandidatesAreNoMatter) {
  const std::vector<float> features(2 * features::kFeatureCount, 1.0F), given(2);
  std::vector<float> scores(2, 7);
  QScorer().score({features, std::vector<CategoryKey>(2), given, "s"}, scores);
  EXPECT_THAT(scores, ::testing::Each(0));
  const network::Shape shape{features::kFeatureCount + 1, 4, 4, true};
  const QScorer scorer(shape, std::vector<float>(shape.parameters(), .1F), true);
  scorer.score({{}, {}, {}, "s"}, {});
  std::vector<float> one(1, 7);
  scorer.score({std::span(features).first(features::kFeatureCount), std::vector<CategoryKey>(1), std::span(given).first(1), "s"},
               one);
  EXPECT_EQ(one[0], 0);  // the only one is the least
}

TEST(QScorer, WhatIsNotFiniteScoresNothingAndTakesNobodyAlong) {
  const network::Shape shape{features::kFeatureCount + 1, 4, 4, false};
  const QScorer scorer(shape, std::vector<float>(shape.parameters(), .1F), true);
  std::vector<float> features(3 * features::kFeatureCount, 1.0F), given(3), scores(3);
  features[features::kFeatureCount] = std::numeric_limits<float>::infinity();
  features[2 * features::kFeatureCount] = 2;
  scorer.score({features, std::vector<CategoryKey>(3), given, "s"}, scores);
  EXPECT_EQ(scores[0], 0);
  EXPECT_EQ(scores[1], 0);
  EXPECT_GT(scores[2], 0);
}

TEST(DqnOptionsCheck, WhatIsOutOfRangeIsRefused) {
  const auto refused = [](auto change) {
    LearnerOptions options;
    change(options.dqn);
    return make_trainer("dqn", options).status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](DqnOptions& o) { o.discount = 1; }));
  EXPECT_TRUE(refused([](DqnOptions& o) { o.discount = std::numeric_limits<double>::quiet_NaN(); }));
  EXPECT_TRUE(refused([](DqnOptions& o) { o.hidden_1 = 0; }));
  EXPECT_TRUE(refused([](DqnOptions& o) { o.hidden_2 = 5000; }));
  EXPECT_TRUE(refused([](DqnOptions& o) { o.learning_rate = 0; }));
  EXPECT_TRUE(refused([](DqnOptions& o) { o.replay_decisions = 1; }));
  EXPECT_TRUE(refused([](DqnOptions& o) { o.steps = 0; }));
}

}  // namespace
}  // namespace riffle::learner
