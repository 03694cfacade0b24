#include "learner/arms.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "learner/beta.h"
#include "learner/outcomes.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of outcomes.h

ArmsOptions never_forgets() {
  ArmsOptions options;
  options.half_life = Milliseconds(0);
  options.prior_slots = 4;
  return options;
}

pb::Outcome shown(std::uint64_t item, double reward, std::uint64_t ordinal = 0, std::int64_t time = kStartMs) {
  auto made = outcome("u", ordinal, time);
  add_slot(made, 0, reward).set_item_key(item);
  return made;
}

struct Opinion {
  std::vector<float> scores, widths, draws;
  friend bool operator==(const Opinion&, const Opinion&) = default;
};

Opinion opinion(const Scorer& scorer, const std::vector<ItemKey>& items) {
  const std::vector<CategoryKey> categories(items.size());
  const ScoringBatch batch{.features = {}, .categories = categories, .given = {}, .segment = "s", .items = items};
  Opinion all;
  all.scores.resize(items.size());
  all.widths.resize(items.size());
  all.draws.resize(items.size() * scorer.draw_count());
  scorer.score(batch, all.scores);
  scorer.score_widths(batch, all.widths);
  scorer.score_draws(batch, all.draws);
  return all;
}

// Item 1 earned 2 of 4 slots, item 2 nothing of 1; .05 of one slot before: μ = 2.05/6.
TEST(Arms, EstimatesLeanOnTheMeanOfAllItems) {
  ArmsTrainer trainer(never_forgets());
  for (std::uint64_t i = 0; i < 4; ++i) trainer.learn(shown(1, i < 2 ? 1 : 0, i));
  trainer.learn(shown(2, 0, 4));
  const double mean = 2.05 / 6;
  const auto all = opinion(*trainer.scorer(), {ItemKey(1), ItemKey(2), ItemKey(3)});
  EXPECT_FLOAT_EQ(all.scores[0], static_cast<float>((2 + 4 * mean) / 8));
  EXPECT_FLOAT_EQ(all.scores[1], static_cast<float>(4 * mean / 5));
  EXPECT_FLOAT_EQ(all.scores[2], static_cast<float>(mean));
  EXPECT_THAT(all.widths, ::testing::Pointwise(::testing::FloatNear(1e-6F),
                                               {1 / std::sqrt(8.F), 1 / std::sqrt(5.F), .5F}));
  EXPECT_EQ(trainer.slots_learned(), 5U);
}

TEST(Arms, AnItemOneHalfLifeOlderCountsHalf) {
  ArmsOptions options = never_forgets();
  options.half_life = Milliseconds(7 * kDayMs);
  ArmsTrainer trainer(options);
  trainer.learn(shown(1, 1));
  trainer.learn(shown(2, 0, 1, kStartMs + 7 * kDayMs));
  EXPECT_FLOAT_EQ(opinion(*trainer.scorer(), {ItemKey(1)}).widths[0], static_cast<float>(1 / std::sqrt(4.5)));
  EXPECT_FLOAT_EQ(opinion(*trainer.scorer(), {ItemKey(2)}).widths[0], static_cast<float>(1 / std::sqrt(5.0)));
}

TEST(Arms, RevisionsEqualWaitingAndRewardsCountUpToOne) {
  Rng rng(3);
  std::vector<std::vector<pb::Outcome>> stories;
  for (std::size_t i = 0; i < 150; ++i) {
    stories.push_back(story(rng, "u" + std::to_string(i % 20), i, kStartMs + static_cast<std::int64_t>(i) * kDayMs / 9));
    for (auto& revision : stories.back())
      for (int k = 0; k < revision.slots_size(); ++k) revision.mutable_slots(k)->set_item_key((7 * i + k) % 12);
  }
  ArmsTrainer at_once(ArmsOptions{}), waited(ArmsOptions{});
  for (const auto& revision : interleaved(rng, stories)) at_once.learn(revision);
  for (const auto& revisions : stories) waited.learn(last_state(revisions));
  std::vector<ItemKey> items;
  for (std::uint64_t i = 0; i < 13; ++i) items.emplace_back(i);
  const auto first = opinion(*at_once.scorer(), items), second = opinion(*waited.scorer(), items);
  EXPECT_THAT(first.scores, ::testing::Pointwise(::testing::FloatNear(1e-6F), second.scores));
  EXPECT_THAT(first.draws, ::testing::Pointwise(::testing::FloatNear(1e-4F), second.draws));
  EXPECT_EQ(at_once.slots_learned(), waited.slots_learned());
  EXPECT_GT(at_once.slots_learned(), 500U);
}

TEST(Arms, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  Rng rng(5);
  ArmsOptions options;
  options.half_life = Milliseconds(2 * kDayMs);
  options.max_items = 20;  // so that some go on the way
  ArmsTrainer straight(options);
  auto resumed = std::make_unique<ArmsTrainer>(options);
  for (std::uint64_t i = 0; i < 400; ++i) {
    const auto o = shown(rng.below(30), rng.below(3) == 0 ? 1 : 0, i, kStartMs + static_cast<std::int64_t>(i) * kDayMs / 3);
    straight.learn(o);
    resumed->learn(o);
    if (i % 41 != 0) continue;
    auto again = std::make_unique<ArmsTrainer>(options);
    ASSERT_TRUE(again->load(resumed->save()).ok());
    resumed = std::move(again);
  }
  EXPECT_TRUE(straight.save() == resumed->save());
  EXPECT_LE(straight.size(), 20U);
  EXPECT_GT(straight.incidents().at(0).count, 0U);
  std::vector<ItemKey> items;
  for (std::uint64_t i = 0; i < 31; ++i) items.emplace_back(i);
  const auto served = arms_scorer(straight.save(), options);
  ASSERT_TRUE(served.ok()) << served.status();
  EXPECT_TRUE(opinion(**served, items) == opinion(*resumed->scorer(), items));
}

TEST(Arms, TheLeastShownItemsMakeRoomAndWhatWentIsNotCorrected) {
  ArmsOptions options = never_forgets();
  options.max_items = 8;
  ArmsTrainer trainer(options);
  for (std::uint64_t item = 1; item <= 8; ++item)
    for (std::uint64_t times = 0; times < item; ++times) trainer.learn(shown(item, 0, times));
  const auto first = shown(9, 0);
  trainer.learn(first);  // items 1 and 2 go: one too many, and an eighth of eight
  EXPECT_EQ(trainer.size(), 7U);
  auto late = next_revision(shown(1, 0));
  late.mutable_slots(0)->set_reward(1);
  const auto before = trainer.save();
  trainer.learn(late);
  EXPECT_TRUE(trainer.save() == before);
}

TEST(Arms, WhatCannotBeIsIgnoredOrRefused) {
  ArmsTrainer trainer(never_forgets());
  trainer.learn(shown(1, 1));
  const auto good = trainer.save();
  auto foreign = shown(1, 1, 1);
  foreign.set_feature_fingerprint(1);
  trainer.learn(foreign);
  trainer.learn(shown(1, std::numeric_limits<double>::quiet_NaN(), 2));
  auto poisoned = shown(1, 1, 3);
  poisoned.mutable_slots(0)->set_features(0, 1e30F);
  trainer.learn(poisoned);
  EXPECT_TRUE(trainer.save() == good);
  for (const std::size_t length : {std::size_t{1}, good.size() / 2, good.size() - 1})
    EXPECT_FALSE(trainer.load(good.substr(0, length)).ok()) << length;
  pb::ArmsState state;
  ASSERT_TRUE(state.ParseFromString(good));
  state.mutable_arms(0)->set_count(-1);
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(state.ParseFromString(good));
  *state.add_arms() = state.arms(0);
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(trainer.save() == good);
  EXPECT_TRUE(opinion(*trainer.scorer(), {}).scores.empty());  // no candidates
}

// Mean a/(a+b), variance ab/((a+b)²(a+b+1)), within four standard errors; fewer than one of a kind included.
TEST(BetaDraw, HasTheMomentsOfTheDistribution) {
  constexpr int kDraws = 40000;
  for (const auto& [a, b] : {std::pair{3.0, 90.0}, {0.2, 4.0}, {1.0, 1.0}, {500.0, 20.0}}) {
    Rng rng(12);
    const double mean = a / (a + b), variance = a * b / ((a + b) * (a + b) * (a + b + 1));
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = beta_draw(rng, a, b);
      ASSERT_GE(x, 0);
      ASSERT_LE(x, 1);
      sum += x;
      squares += (x - mean) * (x - mean);
    }
    EXPECT_NEAR(sum / kDraws, mean, 4 * std::sqrt(variance / kDraws)) << a << ", " << b;
    EXPECT_NEAR(squares / kDraws / variance, 1, .06) << a << ", " << b;
  }
}

}  // namespace
}  // namespace riffle::learner
