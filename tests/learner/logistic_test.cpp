#include "learner/logistic.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "learner/outcomes.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of outcomes.h

LogisticOptions never_forgets() {
  LogisticOptions options;
  options.half_life = Milliseconds(0);
  return options;
}

struct Opinion {
  float score = 0, width = 0;
  std::vector<float> draws;
  friend bool operator==(const Opinion&, const Opinion&) = default;
};

Opinion opinion(const Scorer& scorer, std::vector<float> row) {
  row.resize(features::kFeatureCount);
  const std::vector<CategoryKey> categories(1);
  const ScoringBatch batch{.features = row, .categories = categories, .given = {}, .segment = "s", .items = {}};
  Opinion one;
  one.draws.resize(scorer.draw_count());
  scorer.score(batch, std::span(&one.score, 1));
  scorer.score_widths(batch, std::span(&one.width, 1));
  scorer.score_draws(batch, one.draws);
  return one;
}

std::vector<std::vector<pb::Outcome>> stories(Rng& rng, std::size_t count) {
  std::vector<std::vector<pb::Outcome>> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(story(rng, "u" + std::to_string(i % 20), i, kStartMs + static_cast<std::int64_t>(i) * kDayMs / 5));
  return made;
}

// One click: p = .05, h = .0475, m = 0: H = .0475, b = .95, ŵ = .95/1.0475; the next slot is expanded about it.
TEST(Logistic, EqualsTwoStepsByHand) {
  LogisticTrainer trainer(never_forgets());
  const std::vector<float> x{1};
  EXPECT_NEAR(opinion(*trainer.scorer(), x).score, .05, 1e-7);
  auto first = outcome("u", 0);
  add_slot(first, 0, 1, x);
  trainer.learn(first);
  const double w = .95 / 1.0475, o = std::log(.05 / .95);
  const double p = 1 / (1 + std::exp(-o - w));
  EXPECT_NEAR(opinion(*trainer.scorer(), x).score, p, 1e-6);
  EXPECT_NEAR(opinion(*trainer.scorer(), x).width, p * (1 - p) / std::sqrt(1.0475), 1e-6);
  auto second = outcome("u", 1);
  add_slot(second, 0, 0, x);
  trainer.learn(second);
  const double h = p * (1 - p), after = (.95 - p + h * w) / (1.0475 + h);
  EXPECT_NEAR(opinion(*trainer.scorer(), x).score, 1 / (1 + std::exp(-o - after)), 1e-6);
}

// Clicks with σ(−3 + 2·x₁ − x₂), the constant as a feature: found within .02 after 20,000 slots.
TEST(Logistic, FindsTheClickProbabilitiesThatMadeTheLog) {
  Rng rng(4);
  LogisticTrainer trainer(never_forgets());
  const auto truth = [](float a, float b) { return 1 / (1 + std::exp(3 - 2 * a + b)); };
  for (std::uint64_t i = 0; i < 2000; ++i) {
    auto o = outcome("u", i);
    for (int k = 0; k < 10; ++k) {
      const auto a = static_cast<float>(rng.normal()), b = static_cast<float>(rng.normal());
      add_slot(o, 0, rng.uniform() < truth(a, b) ? 1 : 0, {1, a, b});
    }
    trainer.learn(o);
  }
  for (const float a : {-1.F, 0.F, 1.F})
    for (const float b : {-1.F, 0.F, 1.F})
      EXPECT_NEAR(opinion(*trainer.scorer(), {1, a, b}).score, truth(a, b), .02) << a << ", " << b;
}

// Users look at position k with probability θ_k, then click with the item's own probability.
TEST(Logistic, PositionsThatAreLookedAtLessDoNotMakeTheirItemsWorse) {
  Rng rng(9);
  LogisticTrainer trainer(never_forgets());
  for (std::uint64_t i = 0; i < 20000; ++i) {
    auto o = outcome("u", i);
    o.set_randomised(i % 2 == 0);
    for (int k = 0; k < 3; ++k) {
      // Unless drawn evenly, the second kind of item is always below the first.
      const bool second = o.randomised() ? rng.below(2) == 0 : k > 0;
      const double examined = k == 0 ? 1 : .4;
      add_slot(o, 0, rng.uniform() < .05 * examined ? 1 : 0, {second ? 0.F : 1.F, second ? 1.F : 0.F});
    }
    trainer.learn(o);
  }
  EXPECT_NEAR(opinion(*trainer.scorer(), {1, 0}).score, .05, .006);
  EXPECT_NEAR(opinion(*trainer.scorer(), {0, 1}).score, .05, .006);
}

TEST(Logistic, ARevisionAtOnceEqualsWaitingWhereNothingCameBetween) {
  Rng rng(6);
  const auto all = stories(rng, 150);
  LogisticTrainer at_once(LogisticOptions{}), waited(LogisticOptions{});
  for (const auto& revisions : all) {
    // Slots that are exposed later are expanded later: here all are from the first on.
    auto shown = revisions;
    for (auto& revision : shown)
      for (auto& slot : *revision.mutable_slots()) {
        slot.set_exposed(true);
        slot.set_newly_exposed(revision.revision() == 0);
      }
    for (const auto& revision : shown) at_once.learn(revision);
    waited.learn(last_state(shown));
    pb::LogisticState first, second;
    ASSERT_TRUE(first.ParseFromString(at_once.save()));
    ASSERT_TRUE(second.ParseFromString(waited.save()));
    const auto& a = first.sums().positions(0).moment();
    const auto& b = second.sums().positions(0).moment();
    ASSERT_EQ(a.size(), b.size());
    for (int j = 0; j < a.size(); ++j) ASSERT_NEAR(a.Get(j), b.Get(j), 1e-9 * (1 + std::abs(b.Get(j))));
  }
}

TEST(Logistic, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  Rng rng(21);
  const auto revisions = interleaved(rng, stories(rng, 150));
  LogisticOptions options;
  options.half_life = Milliseconds(2 * kDayMs);
  LogisticTrainer straight(options);
  auto resumed = std::make_unique<LogisticTrainer>(options);
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    straight.learn(revisions[i]);
    resumed->learn(revisions[i]);
    if (i % 5 == 0) straight.scorer();  // what was solved on the way must not show
    if (i % 37 != 0) continue;
    auto again = std::make_unique<LogisticTrainer>(options);
    ASSERT_TRUE(again->load(resumed->save()).ok());
    resumed = std::move(again);
  }
  EXPECT_TRUE(straight.save() == resumed->save());
  const std::vector<float> row{.3F, -.2F, 1, .5F};
  const auto served = logistic_scorer(straight.save(), options);
  ASSERT_TRUE(served.ok()) << served.status();
  EXPECT_TRUE(opinion(**served, row) == opinion(*straight.scorer(), row));
  EXPECT_EQ(opinion(**served, row).draws.size(), 32U);
}

TEST(Logistic, RewardsBeyondAClickAreOneAndWhateverComesIsFinite) {
  LogisticTrainer one(never_forgets()), many(never_forgets());
  for (std::uint64_t i = 0; i < 50; ++i) {
    auto o = outcome("u", i);
    add_slot(o, 0, 1, {1000, -1000, 1000});
    one.learn(o);
    o.mutable_slots(0)->set_reward(5);
    many.learn(o);
  }
  EXPECT_TRUE(one.save() == many.save());
  for (const float x : {1000.F, -1000.F, std::numeric_limits<float>::max()}) {
    const auto all = opinion(*one.scorer(), {x, x, x});
    EXPECT_TRUE(std::isfinite(all.score) && std::isfinite(all.width)) << x;
    for (const float draw : all.draws) EXPECT_TRUE(draw >= 0 && draw <= 1) << x;
  }
}

TEST(Logistic, WhatCannotBeIsIgnoredOrRefused) {
  LogisticTrainer trainer(LogisticOptions{});
  auto o = outcome("u", 0);
  add_slot(o, 0, 1, {1, 0.5F});
  trainer.learn(o);
  const auto good = trainer.save();
  auto poisoned = o;
  poisoned.mutable_slots(0)->set_features(0, std::numeric_limits<float>::quiet_NaN());
  trainer.learn(poisoned);
  auto foreign = o;
  foreign.set_feature_fingerprint(7);
  trainer.learn(foreign);
  EXPECT_TRUE(trainer.save() == good);
  for (const std::size_t length : {std::size_t{1}, good.size() / 2, good.size() - 4})
    EXPECT_FALSE(trainer.load(good.substr(0, length)).ok()) << length;
  pb::LogisticState state;
  ASSERT_TRUE(state.ParseFromString(good));
  state.mutable_sums()->set_dimension(31);
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(trainer.save() == good);
}

}  // namespace
}  // namespace riffle::learner
