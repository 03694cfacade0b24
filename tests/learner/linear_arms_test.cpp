#include "learner/linear_arms.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "learner/linear.h"
#include "learner/outcomes.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of outcomes.h

constexpr std::size_t kItems = 6;

std::vector<std::vector<pb::Outcome>> stories(Rng& rng, std::size_t count) {
  std::vector<std::vector<pb::Outcome>> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(story(rng, "u" + std::to_string(i % 20), i, kStartMs + static_cast<std::int64_t>(i) * kDayMs / 3));
    for (auto& revision : made.back())
      for (int k = 0; k < revision.slots_size(); ++k) revision.mutable_slots(k)->set_item_key((5 * i + k) % kItems);
  }
  return made;
}

struct Opinion {
  std::vector<float> scores, widths, draws;
  friend bool operator==(const Opinion&, const Opinion&) = default;
};

// Of every item, and of one that nobody has seen.
Opinion opinion(const Scorer& scorer) {
  Rng rng(77);
  std::vector<float> rows((kItems + 1) * features::kFeatureCount);
  for (float& x : rows) x = static_cast<float>(rng.normal());
  std::vector<ItemKey> items;
  for (std::uint64_t i = 0; i <= kItems; ++i) items.emplace_back(i);
  const std::vector<CategoryKey> categories(items.size());
  const ScoringBatch batch{.features = rows, .categories = categories, .given = {}, .segment = "s", .items = items};
  Opinion all{std::vector<float>(items.size()), std::vector<float>(items.size()),
              std::vector<float>(items.size() * scorer.draw_count())};
  scorer.score(batch, all.scores);
  scorer.score_widths(batch, all.widths);
  scorer.score_draws(batch, all.draws);
  return all;
}

// What an item learns is what a learner would that sees its slots alone.
TEST(LinearArms, EveryItemIsARegressionOfItsOwn) {
  Rng rng(2);
  LinearArmsOptions options;
  options.half_life = Milliseconds(0);
  LinearOptions alone;
  alone.half_life = Milliseconds(0);
  LinearArmsTrainer together(options);
  std::vector<LinearTrainer> apart(kItems, LinearTrainer(alone));
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::vector<float> row(features::kFeatureCount);
    for (float& x : row) x = static_cast<float>(rng.normal());
    auto o = outcome("u", i);
    add_slot(o, 0, rng.uniform(), row).set_item_key(i % kItems);
    together.learn(o);
    apart[i % kItems].learn(o);
  }
  const auto all = opinion(*together.scorer());
  for (std::size_t i = 0; i < kItems; ++i) {
    const auto one = opinion(*apart[i].scorer());
    EXPECT_NEAR(all.scores[i], one.scores[i], 1e-5) << i;
    EXPECT_NEAR(all.widths[i], one.widths[i], 1e-5) << i;
  }
  EXPECT_EQ(all.scores[kItems], 0);
}

TEST(LinearArms, RevisionsEqualWaiting) {
  Rng rng(3);
  const auto all = stories(rng, 150);
  LinearArmsTrainer at_once(LinearArmsOptions{}), waited(LinearArmsOptions{});
  for (const auto& revision : interleaved(rng, all)) at_once.learn(revision);
  for (const auto& revisions : all) waited.learn(last_state(revisions));
  pb::LinearArmsState first, second;
  ASSERT_TRUE(first.ParseFromString(at_once.save()));
  ASSERT_TRUE(second.ParseFromString(waited.save()));
  ASSERT_EQ(first.arms_size(), static_cast<int>(kItems));
  for (int i = 0; i < first.arms_size(); ++i) {
    // Both scaled to the newest decision, as the references may differ.
    for (int j = 0; j < first.arms(i).moment_size(); ++j)
      EXPECT_NEAR(first.arms(i).moment(j) / second.arms(i).moment(j), first.arms(0).count() / second.arms(0).count(), 1e-6);
  }
  EXPECT_THAT(opinion(*at_once.scorer()).scores,
              ::testing::Pointwise(::testing::FloatNear(1e-5F), opinion(*waited.scorer()).scores));
  EXPECT_EQ(at_once.slots_learned(), waited.slots_learned());
}

TEST(LinearArms, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  for (const std::int64_t half_life : {std::int64_t{0}, 2 * kDayMs}) {
    Rng rng(21);
    const auto revisions = interleaved(rng, stories(rng, 120));
    LinearArmsOptions options;
    options.half_life = Milliseconds(half_life);
    options.max_items = 5;  // one fewer than there are
    LinearArmsTrainer straight(options);
    auto resumed = std::make_unique<LinearArmsTrainer>(options);
    for (std::size_t i = 0; i < revisions.size(); ++i) {
      straight.learn(revisions[i]);
      resumed->learn(revisions[i]);
      straight.scorer();  // what was solved on the way must not show
      if (i % 37 != 0) continue;
      auto again = std::make_unique<LinearArmsTrainer>(options);
      ASSERT_TRUE(again->load(resumed->save()).ok());
      resumed = std::move(again);
    }
    EXPECT_TRUE(straight.save() == resumed->save());
    const auto served = linear_arms_scorer(straight.save(), options);
    ASSERT_TRUE(served.ok()) << served.status();
    EXPECT_TRUE(opinion(**served) == opinion(*straight.scorer()));
    EXPECT_TRUE(opinion(**served) == opinion(*resumed->scorer()));
  }
}

TEST(LinearArms, WhatCannotBeIsIgnoredOrRefused) {
  LinearArmsTrainer trainer(LinearArmsOptions{});
  auto o = outcome("u", 0);
  add_slot(o, 0, 1, {1, 0.5F}).set_item_key(3);
  trainer.learn(o);
  const auto good = trainer.save();
  auto poisoned = o;
  poisoned.mutable_slots(0)->set_features(0, std::numeric_limits<float>::quiet_NaN());
  trainer.learn(poisoned);
  poisoned.mutable_slots(0)->set_features(0, 1e30F);
  trainer.learn(poisoned);
  auto foreign = o;
  foreign.set_feature_fingerprint(7);
  trainer.learn(foreign);
  EXPECT_TRUE(trainer.save() == good);
  for (const std::size_t length : {std::size_t{1}, good.size() / 2, good.size() - 4})
    EXPECT_FALSE(trainer.load(good.substr(0, length)).ok()) << length;
  pb::LinearArmsState state;
  ASSERT_TRUE(state.ParseFromString(good));
  state.set_dimension(31);
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(state.ParseFromString(good));
  state.mutable_arms(0)->set_gram(3, std::numeric_limits<double>::infinity());
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(state.ParseFromString(good));
  *state.add_arms() = state.arms(0);
  EXPECT_EQ(trainer.load(state.SerializeAsString()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(trainer.save() == good);
}

TEST(LinearArms, WithoutASolutionTheLastGoodOneStaysAndNoVersionIsMade) {
  LinearArmsOptions options;
  options.ridge = 1e-300;
  options.half_life = Milliseconds(0);
  LinearArmsTrainer trainer(options);
  auto twins = outcome("u", 1);
  add_slot(twins, 0, 1, {0, 1, 1}).set_item_key(1);
  trainer.learn(twins);
  trainer.scorer();
  EXPECT_EQ(trainer.incidents().at(0).kind, "unsolvable");
  EXPECT_EQ(trainer.incidents().at(0).count, 1U);
  EXPECT_EQ(linear_arms_scorer(trainer.save(), options).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace riffle::learner
