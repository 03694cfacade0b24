#include "learner/learner.h"

#include <limits>

#include <gmock/gmock.h>

#include "learner/outcomes.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of outcomes.h
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::vector<LearnedPolicy> kPolicies{
    {PolicyId("main"), "linear"}, {PolicyId("table"), "q_table"}, {PolicyId("rest"), "popularity"}};

struct Logged {
  pb::Outcome outcome;
  Partition shard;
  Offset offset;
};

// Two shards' outcomes, interleaved; sequences from 0, offsets with gaps.
std::vector<Logged> outcome_log(std::uint64_t seed, int count) {
  Rng rng(seed);
  std::vector<std::vector<pb::Outcome>> stories;
  for (int i = 0; i < count; ++i)
    stories.push_back(story(rng, "u" + std::to_string(i % 9), static_cast<std::uint64_t>(i / 9), kStartMs + i * 3'600'000));
  std::vector<Logged> log;
  std::array<std::uint64_t, 2> sequence{};
  std::array<std::int64_t, 2> offset{100, 7};
  for (auto& revision : interleaved(rng, stories)) {
    const std::size_t shard = revision.user_id().back() % 2;
    revision.set_sequence(sequence[shard]++);
    offset[shard] += 1 + static_cast<std::int64_t>(rng.below(2));
    log.push_back({std::move(revision), Partition(static_cast<std::int32_t>(shard)), Offset(offset[shard])});
  }
  return log;
}

class LearnerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Learner> make(const LearnerOptions& options = {}) {
    auto learner = Learner::create(kPolicies, options, metrics_);
    EXPECT_TRUE(learner.ok()) << learner.status();
    return *std::move(learner);
  }

  static void feed(Learner& learner, const Logged& logged) {
    learner.on_outcome(logged.outcome, logged.shard, logged.offset);
  }

  static void apply(PolicyLog& log, const std::vector<PolicyRecord>& records, std::string_view only = "") {
    for (const auto& record : records) {
      if (!std::string_view(record.key).starts_with(only)) continue;
      const auto status = log.apply(record.key, record.value ? std::optional<std::string_view>(*record.value) : std::nullopt);
      EXPECT_TRUE(status.ok()) << status;
    }
  }

  static std::vector<std::uint64_t> blocks(const PolicyLog& log, const char* policy) {
    const auto* newest = log.newest(PolicyId(policy));
    return newest == nullptr ? std::vector<std::uint64_t>{}
                             : std::vector<std::uint64_t>(newest->blocks().begin(), newest->blocks().end());
  }

  Metrics metrics_;
  TimePoint now_ = from_ms(kStartMs);
};

TEST_F(LearnerTest, RefusesWhatItDoesNotKnow) {
  Metrics metrics;
  const auto unknown = Learner::create({{PolicyId("p"), "qtable"}}, {}, metrics).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("did you mean \"q_table\""));
  EXPECT_FALSE(Learner::create({{PolicyId("p"), "linear"}, {PolicyId("p"), "linear"}}, {}, metrics).ok());
  const auto fixed = Learner::create({{PolicyId("p"), "random"}}, {}, metrics);
  ASSERT_TRUE(fixed.ok());
  EXPECT_FALSE((*fixed)->learns());
}

TEST_F(LearnerTest, PublishesOnlyWhatLearnedSomethingAndAtMostOnceAnInterval) {
  LearnerOptions options;
  options.publish_interval = Milliseconds(200);
  auto learner = make(options);
  const auto log = outcome_log(1, 30);
  EXPECT_TRUE(learner->publish(now_).empty());
  feed(*learner, log[0]);
  PolicyLog policy_log;
  apply(policy_log, learner->publish(now_));
  EXPECT_EQ(policy_log.newest(PolicyId("main"))->version(), 1U);
  EXPECT_EQ(policy_log.newest(PolicyId("main"))->parent(), 0U);
  EXPECT_EQ(policy_log.newest(PolicyId("table"))->scorer(), "q_table");
  EXPECT_EQ(policy_log.newest(PolicyId("rest")), nullptr);
  feed(*learner, log[1]);
  EXPECT_TRUE(learner->publish(now_ + Milliseconds(199)).empty());
  apply(policy_log, learner->publish(now_ + Milliseconds(200)));
  EXPECT_EQ(policy_log.newest(PolicyId("main"))->version(), 2U);
  EXPECT_EQ(policy_log.newest(PolicyId("main"))->parent(), 1U);
  EXPECT_TRUE(learner->publish(now_ + Milliseconds(900)).empty());
  feed(*learner, log[2]);
  EXPECT_FALSE(learner->publish(now_ + Milliseconds(201), true).empty());
  feed(*learner, log[3]);
  EXPECT_FALSE(learner->publish(now_ - Milliseconds(5000)).empty());  // the clock was set back: no silence for 5 s
}

TEST_F(LearnerTest, RepeatedSequencesAreSkipped) {
  const auto log = outcome_log(2, 40);
  auto once = make(), twice = make();
  for (std::size_t i = 0; i < log.size(); ++i) {
    feed(*once, log[i]);
    feed(*twice, log[i]);
    for (std::size_t j = i < 7 ? 0 : i - 7; j <= i; ++j) feed(*twice, log[j]);
  }
  PolicyLog a, b;
  apply(a, once->publish(now_));
  apply(b, twice->publish(now_));
  EXPECT_EQ(blocks(a, "main"), blocks(b, "main"));
  EXPECT_EQ(blocks(a, "table"), blocks(b, "table"));
  EXPECT_FALSE(blocks(a, "main").empty());
  EXPECT_THAT(metrics_.exposition(), HasSubstr("riffle_learner_ignored_total{reason=\"repeat\"}"));
}

TEST_F(LearnerTest, ABootContinuesExactlyWhereTheVersionsWereMade) {
  const auto log = outcome_log(3, 80);
  auto straight = make();
  for (const auto& logged : log) feed(*straight, logged);
  PolicyLog expected;
  apply(expected, straight->publish(now_));

  Rng rng(33);
  PolicyLog topic;
  std::size_t next = 0;
  int lives = 0;
  for (; next < log.size(); ++lives) {
    auto learner = make();
    ASSERT_TRUE(learner->boot(topic).ok());
    const auto positions = learner->positions();
    // The bus delivers each shard from its position on, or from the start.
    std::size_t fed = 0;
    const std::size_t until = std::min(log.size(), next + 1 + rng.below(40));
    for (std::size_t i = 0; i < until; ++i) {
      const auto from = positions.find(log[i].shard);
      if (from != positions.end() && log[i].offset < from->second) continue;
      feed(*learner, log[i]);
      // Now and then a version; of some, only one policy's records get out before the crash.
      if (++fed % 11 == 0 || until == log.size()) {
        apply(topic, learner->publish(now_ += Milliseconds(1000)), rng.below(3) == 0 ? "main" : "");
      }
    }
    if (until == log.size()) apply(topic, learner->publish(now_ += Milliseconds(1000)));
    next = until;
  }
  EXPECT_GT(lives, 3);
  // What the last life left unpublished of a policy is made up for by one more.
  auto last = make();
  ASSERT_TRUE(last->boot(topic).ok());
  const auto positions = last->positions();
  for (const auto& logged : log)
    if (!positions.contains(logged.shard) || logged.offset >= positions.at(logged.shard)) feed(*last, logged);
  apply(topic, last->publish(now_ += Milliseconds(1000)));
  EXPECT_EQ(blocks(topic, "main"), blocks(expected, "main"));
  EXPECT_EQ(blocks(topic, "table"), blocks(expected, "table"));
  EXPECT_GT(topic.newest(PolicyId("main"))->version(), 1U);
}

TEST_F(LearnerTest, PositionsAreTheSmallestThatAPolicyStillNeeds) {
  auto o = outcome("u", 0);
  add_slot(o, 1, 1, {1});
  PolicyLog topic;
  auto learner = make();
  EXPECT_TRUE(learner->positions().empty());
  o.set_sequence(28);
  learner->on_outcome(o, Partition(0), Offset(29));
  apply(topic, learner->publish(now_, true));
  o.set_sequence(40);
  o.set_recommendation_id("another");
  learner->on_outcome(o, Partition(0), Offset(41));
  learner->on_outcome(o, Partition(5), Offset(3));
  apply(topic, learner->publish(now_, true), "main/");
  EXPECT_THAT(learner->positions(), ElementsAre(Pair(Partition(0), Offset(42)), Pair(Partition(5), Offset(4))));
  auto booted = make();
  ASSERT_TRUE(booted->boot(topic).ok());
  // Shard 5 is new to `table`: it is read from the start.
  EXPECT_THAT(booted->positions(), ElementsAre(Pair(Partition(0), Offset(30))));
}

TEST_F(LearnerTest, AVersionThatDoesNotLoadIsSaidAndTheOneBeforeIsUsed) {
  auto learner = make();
  const auto log = outcome_log(4, 30);
  for (const auto& logged : log) feed(*learner, logged);
  PolicyLog topic;
  apply(topic, learner->publish(now_, true));
  const auto good = blocks(topic, "main");
  pb::PolicyManifest bad = *topic.newest(PolicyId("main"));
  bad.set_version(2);
  apply(topic, encode_version(bad, "no state of a linear learner", 100, nullptr));
  auto booted = make();
  const auto status = booted->boot(topic);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("policy main version 2"));
  EXPECT_EQ(booted->positions(), learner->positions());
  for (const auto& logged : log) feed(*booted, logged);  // nothing of it is new
  EXPECT_TRUE(booted->publish(now_, true).empty());
  auto more = outcome("new user", 0);
  more.set_sequence(1'000'000);
  add_slot(more, 1, 1, {1});
  booted->on_outcome(more, Partition(0), Offset(1'000'000));
  apply(topic, booted->publish(now_, true));
  EXPECT_EQ(topic.newest(PolicyId("main"))->version(), 3U);
  EXPECT_EQ(topic.newest(PolicyId("main"))->parent(), 1U);
}

TEST_F(LearnerTest, AnotherScorerUnderTheSameNameStartsAnewAndNumbersOn) {
  const auto log = outcome_log(5, 10);
  auto learner = make();
  feed(*learner, log[0]);
  PolicyLog topic;
  apply(topic, learner->publish(now_, true));
  auto changed = Learner::create({{PolicyId("main"), "q_table"}}, {}, metrics_);
  ASSERT_TRUE(changed.ok());
  ASSERT_TRUE((*changed)->boot(topic).ok());
  EXPECT_TRUE((*changed)->positions().empty());
  feed(**changed, log[0]);
  apply(topic, (*changed)->publish(now_, true));
  EXPECT_EQ(topic.newest(PolicyId("main"))->version(), 2U);
  EXPECT_EQ(topic.newest(PolicyId("main"))->scorer(), "q_table");
  EXPECT_EQ(topic.newest(PolicyId("main"))->parent(), 0U);
}

TEST_F(LearnerTest, PoisonedOutcomesAreCountedPassedByAndNotLearned) {
  auto learner = make();
  auto bad = outcome("u", 0);
  add_slot(bad, 1, std::numeric_limits<double>::quiet_NaN(), {1});
  bad.set_sequence(5);
  learner->on_outcome(bad, Partition(0), Offset(9));
  EXPECT_TRUE(learner->publish(now_, true).empty());
  EXPECT_THAT(learner->positions(), ElementsAre(Pair(Partition(0), Offset(10))));
  EXPECT_THAT(metrics_.exposition(), HasSubstr("riffle_learner_ignored_total{reason=\"bad_reward\"} 1"));
}

// The same log with what two policies' lists say of the weight that they were made with.
std::vector<Logged> weighed_log(std::uint64_t seed, int count) {
  std::vector<Logged> log = outcome_log(seed, count);
  for (Logged& logged : log) {
    Rng rng(std::hash<std::string>()(logged.outcome.recommendation_id()));
    logged.outcome.set_policy_id(rng.below(2) == 0 ? "main" : "rest");
    pb::LearnedWeight& learned = *logged.outcome.mutable_learned_weight();
    for (const double weight : {0.0, 0.3}) {
      learned.add_weights(weight);
      learned.add_probabilities(weight == 0 ? .25 : .75);
      learned.add_log_slates(-5 * rng.uniform());
    }
  }
  return log;
}

TEST_F(LearnerTest, ADiversityWeightTravelsWithTheVersionsAndABootContinuesItExactly) {
  const WeightOptions bandit{.kind = "bandit", .grid = {0, 0.3}};
  const std::vector<LearnedPolicy> policies{{PolicyId("main"), "linear", bandit}, {PolicyId("rest"), "popularity", bandit}};
  const auto log = weighed_log(7, 80);
  auto straight = *Learner::create(policies, {}, metrics_);
  EXPECT_TRUE(straight->learns());
  for (const auto& logged : log) feed(*straight, logged);
  PolicyLog expected;
  apply(expected, straight->publish(now_));

  PolicyLog topic;
  for (std::size_t until = 20; until <= log.size(); until += 20) {
    auto learner = *Learner::create(policies, {}, metrics_);
    ASSERT_TRUE(learner->boot(topic).ok());
    const auto positions = learner->positions();
    for (std::size_t i = 0; i < until; ++i)
      if (const auto from = positions.find(log[i].shard); from == positions.end() || log[i].offset >= from->second)
        feed(*learner, log[i]);
    apply(topic, learner->publish(now_ += Milliseconds(1000)));
    if (until + 20 > log.size() && until < log.size()) until = log.size() - 20;
  }
  for (const char* policy : {"main", "rest"}) {
    EXPECT_EQ(blocks(topic, policy), blocks(expected, policy)) << policy;
    const pb::PolicyManifest& manifest = *expected.newest(PolicyId(policy));
    EXPECT_GT(manifest.weight_bytes(), 0U);
    const LearnedPolicy& learned = policy == std::string("main") ? policies[0] : policies[1];
    const auto version = make_version(learned, manifest, *expected.state_of(manifest), {});
    ASSERT_TRUE(version.ok()) << version.status();
    EXPECT_EQ(version->weights->segments(), 3U);
    // Somebody who learns no weight takes the scorer alone.
    LearnedPolicy constant = learned;
    constant.weight.kind = "none";
    const auto without = make_version(constant, manifest, *expected.state_of(manifest), {});
    ASSERT_TRUE(without.ok()) << without.status();
    EXPECT_EQ(without->weights, nullptr);
    // Each policy learns from its own lists.
    auto own = *make_weight_trainer(bandit);
    for (const auto& logged : log)
      if (logged.outcome.policy_id() == policy) own->learn(logged.outcome);
    const std::string state = *expected.state_of(manifest);
    EXPECT_TRUE(split_state(manifest, state)->weight == own->save()) << policy;
  }
}

TEST_F(LearnerTest, AVersionWhoseWeightDoesNotLoadIsSaidAndNothingOfItIsUsed) {
  const WeightOptions bandit{.kind = "bandit", .grid = {0, 0.3}};
  const std::vector<LearnedPolicy> policies{{PolicyId("main"), "linear", bandit}};
  auto learner = *Learner::create(policies, {}, metrics_);
  const auto log = weighed_log(8, 20);
  for (const auto& logged : log) feed(*learner, logged);
  PolicyLog topic;
  apply(topic, learner->publish(now_, true));
  pb::PolicyManifest bad = *topic.newest(PolicyId("main"));
  const std::string state = *topic.state_of(bad);
  bad.set_version(2);
  apply(topic, encode_version(bad, state.substr(0, state.size() - 1), 100, nullptr));  // a byte was lost of the weight's
  bad.set_version(3);
  bad.set_weight_bytes(1'000'000'000);
  apply(topic, encode_version(bad, state, 100, nullptr));
  auto booted = *Learner::create(policies, {}, metrics_);
  const auto status = booted->boot(topic);
  EXPECT_THAT(std::string(status.message()), HasSubstr("policy main version 3"));
  for (const auto& logged : log) feed(*booted, logged);  // nothing of it is new to version 1
  EXPECT_TRUE(booted->publish(now_, true).empty());
}

TEST_F(LearnerTest, OldVersionsAreTombstonedAsNewOnesComeAndAllOfItStaysBootable) {
  LearnerOptions options;
  options.keep_versions = 3;
  auto learner = make(options);
  PolicyLog topic;
  std::size_t tombstones = 0;
  for (const auto& logged : outcome_log(6, 20)) {
    feed(*learner, logged);
    const auto records = learner->publish(now_ += Milliseconds(1000));
    for (const auto& record : records) tombstones += !record.value.has_value();
    apply(topic, records);
  }
  EXPECT_GT(tombstones, 10U);
  EXPECT_TRUE(topic.expire(now_, {options.keep_versions, true}).empty());  // the topic holds what is to be kept, and nothing else
  auto booted = make(options);
  EXPECT_TRUE(booted->boot(topic).ok());
  EXPECT_EQ(booted->positions(), learner->positions());
}

}  // namespace
}  // namespace riffle::learner
