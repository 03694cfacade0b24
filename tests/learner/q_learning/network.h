// The network module for the tests, as riffle loads it; a build without it skips them and says so.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "features/feature_vector.h"
#include "learner/learner.h"
#include "learner/outcomes.h"
#include "learner/q_learning/dqn.h"

namespace riffle::learner::testing {

class WithNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef RIFFLE_NETWORK
    GTEST_SKIP() << "built without the network module (RIFFLE_NETWORK=OFF)";
#endif
  }

  static std::unique_ptr<DqnTrainer> trainer(const DqnOptions& options) {
    const auto module = load_network_module("");
    RIFFLE_CHECK(module.ok(), module.status().ToString());
    auto made = make_network(**module, settings_of(options), "cpu");
    RIFFLE_CHECK(made.ok(), made.status().ToString());
    return std::make_unique<DqnTrainer>(options, *std::move(made));
  }

  // Small and quick; a step every eighth slot.
  static DqnOptions small() {
    DqnOptions options;
    options.hidden_1 = options.hidden_2 = 8;
    options.batch = 32;
    options.replay_decisions = 64;
    return options;
  }

  static void feed(Trainer& trainer, const std::vector<pb::Outcome>& log, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) trainer.learn_at(log[i], {0, static_cast<std::int64_t>(i)});
  }

  // From where it says that what it holds begins.
  static void remember(Trainer& trainer, const std::vector<pb::Outcome>& log, std::size_t to) {
    ASSERT_EQ(trainer.held_from().size(), 1U);
    for (auto i = static_cast<std::size_t>(trainer.held_from()[0].offset); i < to; ++i)
      trainer.remember(log[i], {0, static_cast<std::int64_t>(i)});
  }

  // One that make() makes learns the log in several lives, each from what the one before saved: at the end it is as `straight`, which
  // has learned it in one. A life is of at most so many outcomes.
  template <class Make>
  static void expect_stops_change_nothing(const std::vector<pb::Outcome>& log, const Trainer& straight, Make&& make,
                                          std::uint64_t longest_life = 200, int fewest_lives = 6) {
    Rng rng(8);
    std::string state;
    int lives = 0;
    for (std::size_t next = 0; next < log.size(); ++lives) {
      const auto life = make();
      if (lives > 0) {
        ASSERT_TRUE(life->load(state).ok());
        EXPECT_TRUE(life->save() == state);
        ASSERT_NO_FATAL_FAILURE(remember(*life, log, next));
        EXPECT_TRUE(life->save() == state);
      }
      const std::size_t until = std::min(log.size(), next + 1 + rng.below(longest_life));
      feed(*life, log, next, until);
      state = life->save();
      next = until;
    }
    EXPECT_GT(lives, fewest_lives);
    EXPECT_TRUE(state == straight.save());
  }

  // A learner of the policy `name` that boots from another's version in the middle of the log makes the version of one that did not stop.
  static void expect_a_boot_changes_nothing(const PolicyId& name, const std::string& scorer, const LearnerOptions& options,
                                            const std::vector<pb::Outcome>& log) {
    Metrics metrics;
    const std::vector<LearnedPolicy> policies{{name, scorer}};
    const auto apply = [](PolicyLog& topic, const std::vector<PolicyRecord>& records) {
      for (const auto& record : records) EXPECT_TRUE(topic.apply(record.key, record.value).ok());
    };
    const auto learn = [&](Learner& learner, std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) learner.on_outcome(log[i], Partition(0), Offset(static_cast<std::int64_t>(i)));
    };
    PolicyLog expected, topic;
    auto straight = Learner::create(policies, options, metrics);
    ASSERT_TRUE(straight.ok()) << straight.status();
    learn(**straight, 0, log.size());
    apply(expected, (*straight)->publish(from_ms(kStartMs), true));
    auto first = Learner::create(policies, options, metrics);
    learn(**first, 0, log.size() / 2);
    apply(topic, (*first)->publish(from_ms(kStartMs), true));
    auto second = Learner::create(policies, options, metrics);
    ASSERT_TRUE((*second)->boot(topic).ok());
    learn(**second, static_cast<std::size_t>((*second)->positions().at(Partition(0)).value()), log.size());
    apply(topic, (*second)->publish(from_ms(kStartMs), true));
    const auto blocks = [&](const PolicyLog& log_of) {
      const auto* newest = log_of.newest(name);
      return std::vector<std::uint64_t>(newest->blocks().begin(), newest->blocks().end());
    };
    EXPECT_EQ(blocks(topic), blocks(expected));
  }

  static std::vector<float> some_rows(std::size_t count) {
    std::vector<float> rows(count * features::kFeatureCount);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::sin(static_cast<float>(i * i % 97));
    return rows;
  }
  static std::vector<float> scores(const Scorer& scorer, const std::vector<float>& rows) {
    std::vector<float> made(rows.size() / features::kFeatureCount), given(made.size());
    scorer.score({rows, std::vector<CategoryKey>(made.size()), given, "s"}, made);
    return made;
  }
};

inline std::uint64_t incident(const Trainer& trainer, std::string_view kind) {
  for (const auto& [name, count] : trainer.incidents())
    if (name == kind) return count;
  ADD_FAILURE() << "no incident " << kind;
  return 0;
}

inline void add_candidate(pb::Outcome& outcome, const std::vector<float>& features) {
  auto& candidate = *outcome.add_candidates();
  for (std::size_t i = 0; i < features::kFeatureCount; ++i) candidate.add_features(i < features.size() ? features[i] : 0);
}

// Decisions of nine users with all their revisions, in the order of a shard; random slots and candidates.
inline std::vector<pb::Outcome> random_log(std::uint64_t seed, int decisions) {
  Rng rng(seed);
  std::vector<std::vector<pb::Outcome>> stories;
  for (int i = 0; i < decisions; ++i) {
    auto revisions = story(rng, "u" + std::to_string(i % 9), static_cast<std::uint64_t>(i / 9), kStartMs + i * 600'000);
    std::vector<std::vector<float>> candidates(rng.below(20), std::vector<float>(features::kFeatureCount));
    for (auto& candidate : candidates)
      for (float& x : candidate) x = static_cast<float>(2 * rng.uniform() - 1);
    for (auto& revision : revisions)
      for (const auto& candidate : candidates) add_candidate(revision, candidate);
    stories.push_back(std::move(revisions));
  }
  auto log = interleaved(rng, stories);
  for (std::size_t i = 0; i < log.size(); ++i) log[i].set_sequence(i);
  return log;
}

}  // namespace riffle::learner::testing
