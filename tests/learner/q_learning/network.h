// The network module for the tests, as riffle loads it; a build without it skips them and says so.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/check.h"
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
