#include "learner/q_learning/slateq.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/metrics.h"
#include "learner/learner.h"
#include "learner/q_learning/network.h"
#include "learner/q_learning/slate_scorer.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;

class SlateQ : public WithNetwork {
 protected:
  static SlateQOptions small_slate() {
    SlateQOptions options;
    options.hidden_1 = options.hidden_2 = 8;
    options.batch = 32;
    options.replay_decisions = 64;
    return options;
  }
  static std::unique_ptr<SlateQTrainer> slate_trainer(const SlateQOptions& options) {
    auto made = make_network(**load_network_module(""), settings_of(options), "cpu");
    return std::make_unique<SlateQTrainer>(options, *std::move(made));
  }
  static std::vector<float> scores(Trainer& trainer, const std::vector<std::vector<float>>& items) {
    std::vector<float> rows, given(items.size()), made(items.size());
    for (const auto& item : items) {
      rows.insert(rows.end(), item.begin(), item.end());
      rows.resize(rows.size() + features::kFeatureCount - item.size());
    }
    trainer.scorer()->score({rows, std::vector<CategoryKey>(items.size()), given, "s"}, made);
    return made;
  }
};

TEST_F(SlateQ, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  const auto log = random_log(7, 150);
  for (const SlateTarget target : {SlateTarget::kSarsa, SlateTarget::kTopK, SlateTarget::kGreedy}) {
    SlateQOptions options = small_slate();
    options.target = target;
    auto straight = slate_trainer(options);
    feed(*straight, log, 0, log.size());
    EXPECT_GT(straight->steps(), 50U);
    EXPECT_EQ(incident(*straight, "not_finite") + incident(*straight, "diverged"), 0U);
    expect_stops_change_nothing(log, *straight, [&] { return slate_trainer(options); }, 120, 4);
  }
}

TEST_F(SlateQ, WhatIsServedIsWhatWasSaved) {
  const auto log = random_log(9, 80);
  auto one = slate_trainer(small_slate());
  feed(*one, log, 0, log.size());
  const auto served = slate_scorer(one->save(), SlateOrder::kTopK);
  ASSERT_TRUE(served.ok()) << served.status();
  std::vector<float> rows(3 * features::kFeatureCount), given(3), again(3);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::sin(static_cast<float>(i));
  (*served)->score({rows, std::vector<CategoryKey>(3), given, "s"}, again);
  std::vector<float> before(3);
  one->scorer()->score({rows, std::vector<CategoryKey>(3), given, "s"}, before);
  EXPECT_EQ(again, before);
}

TEST_F(SlateQ, AStateOfAnotherScorerIsRefusedByBoth) {
  const auto log = random_log(10, 40);
  auto slate = slate_trainer(small_slate());
  auto flat = trainer(small());
  feed(*slate, log, 0, log.size());
  feed(*flat, log, 0, log.size());
  const std::string good = slate->save();
  EXPECT_THAT(std::string(slate->load(flat->save()).message()), HasSubstr("of the scorer dqn, not of slateq"));
  EXPECT_THAT(std::string(flat->load(good).message()), HasSubstr("of the scorer slateq, not of dqn"));
  EXPECT_FALSE(slate_scorer(flat->save(), SlateOrder::kTopK).ok());
  EXPECT_EQ(slate->load(good.substr(0, good.size() - 9)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(slate->save() == good);
}

TEST_F(SlateQ, ALearnerBootsItFromItsVersion) {
  const auto log = random_log(11, 120);
  LearnerOptions options;
  options.slateq = small_slate();
  Metrics metrics;
  const std::vector<LearnedPolicy> policies{{PolicyId("lists"), "slateq"}};
  const auto apply = [](PolicyLog& topic, const std::vector<PolicyRecord>& records) {
    for (const auto& record : records) EXPECT_TRUE(topic.apply(record.key, record.value).ok());
  };
  PolicyLog expected, topic;
  auto straight = Learner::create(policies, options, metrics);
  ASSERT_TRUE(straight.ok()) << straight.status();
  for (std::size_t i = 0; i < log.size(); ++i)
    (*straight)->on_outcome(log[i], Partition(0), Offset(static_cast<std::int64_t>(i)));
  apply(expected, (*straight)->publish(from_ms(kStartMs), true));
  auto first = Learner::create(policies, options, metrics);
  const std::size_t stopped = log.size() / 2;
  for (std::size_t i = 0; i < stopped; ++i)
    (*first)->on_outcome(log[i], Partition(0), Offset(static_cast<std::int64_t>(i)));
  apply(topic, (*first)->publish(from_ms(kStartMs), true));
  auto second = Learner::create(policies, options, metrics);
  ASSERT_TRUE((*second)->boot(topic).ok());
  for (auto i = static_cast<std::size_t>((*second)->positions().at(Partition(0)).value()); i < log.size(); ++i)
    (*second)->on_outcome(log[i], Partition(0), Offset(static_cast<std::int64_t>(i)));
  apply(topic, (*second)->publish(from_ms(kStartMs), true));
  const auto blocks = [](const PolicyLog& log_of) {
    const auto* newest = log_of.newest(PolicyId("lists"));
    return std::vector<std::uint64_t>(newest->blocks().begin(), newest->blocks().end());
  };
  EXPECT_EQ(blocks(topic), blocks(expected));
}

// Of two items one attracts (x0), and who took it gets nothing from his next list; the other's next list earns 1. With the
// future the modest one is worth more, without it the attractive one.
TEST_F(SlateQ, WithTheFutureItRanksByWhatComesAfterTheClick) {
  const std::vector<float> bait{1, 0}, good{.6F, 1}, later{.5F, .5F, 1};
  for (const SlateTarget target : {SlateTarget::kSarsa, SlateTarget::kTopK, SlateTarget::kGreedy})
    for (const double discount : {0.0, 0.9}) {
      SlateQOptions options = small_slate();
      options.discount = discount;
      options.target = target;
      options.steps = 1;
      options.hidden_1 = 32;
      options.hidden_2 = 16;
      options.learning_rate = .01;
      options.target_rate = .05;
      options.replay_decisions = 512;
      auto one = slate_trainer(options);
      Rng rng(14);
      for (int i = 0; i < 2500; ++i) {
        const std::string user = "u" + std::to_string(i);
        const double luck = rng.uniform();  // .5 the bait, .3 the good one, .2 nothing
        auto first = outcome(user, 0, kStartMs + i * 1000);
        const bool took_bait = luck < .5, took_good = !took_bait && luck < .8;
        const bool bait_leads = rng.below(2) == 0;  // else nobody could tell the item from its position
        if (bait_leads) add_slot(first, 1, took_bait, bait);
        add_slot(first, 1, took_good, good);
        if (!bait_leads) add_slot(first, 1, took_bait, bait);
        auto second = outcome(user, 1, kStartMs + i * 1000 + 500);
        auto features = later;
        features[2] = took_good ? 1 : 0;  // what came before can be seen
        add_slot(second, 1, features[2] > 0, features);
        second.set_closed(true);
        one->learn(first);
        one->learn(second);
      }
      const auto made = scores(*one, {bait, good});
      EXPECT_EQ(incident(*one, "diverged"), 0U);
      if (discount > 0) {
        EXPECT_GT(made[1], made[0]) << static_cast<int>(target);
      } else {
        EXPECT_GT(made[0], made[1]) << static_cast<int>(target);
      }
    }
}

TEST(SlateQOptionsCheck, WhatIsOutOfRangeIsRefused) {
  LearnerOptions options;
  options.slateq.discount = 1;
  const auto status = make_trainer("slateq", options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("slateq: the discount"));
  options.slateq = {};
  options.slateq.advantage_decay = 1000;  // times learning_rate it would turn weights round
  EXPECT_THAT(std::string(make_trainer("slateq", options).status().message()), HasSubstr("slateq: advantage_decay"));
}

TEST(SlateBatch, ChoicesAreWhatEarnedAndNothingWhereNothingDid) {
  SlateQOptions options;
  options.replay_decisions = 16;
  DecisionBuffer buffer(16, options.reward_limit);
  auto first = outcome("u", 0), second = outcome("u", 1, kStartMs + 60'000);
  add_slot(first, 1, 0, {1});
  add_slot(first, 1, 2, {2});
  add_slot(first, 1, 1, {3});
  add_slot(second, 1, 0, {4});
  add_slot(second, 1, 0, {5});
  for (const float x : {4.0F, 6.0F, 8.0F}) add_candidate(second, {x});  // the first was shown as well
  buffer.take(first, {});
  buffer.take(second, {});
  const std::vector<Replay::Drawn> drawn{{0, 1.0}, {1, .5}};
  SlateBatch batch;
  options.target = SlateTarget::kTopK;
  batch.fill(buffer, drawn, options);
  const network::SlateBatch view = batch.view();
  ASSERT_EQ(view.decisions, 2U);
  ASSERT_EQ(view.slots, 3U);
  ASSERT_EQ(view.rows, 3U);
  const auto row = [](const float* rows, std::size_t i) { return rows[i * (features::kFeatureCount + 1)]; };
  const auto last = [](const float* rows, std::size_t i) {
    return rows[i * (features::kFeatureCount + 1) + features::kFeatureCount];
  };
  // ⊥ of the first is the mean of what was shown, of the second that of the candidates.
  EXPECT_FLOAT_EQ(row(view.shown, 0), 2);
  EXPECT_FLOAT_EQ(last(view.shown, 0), 1);
  EXPECT_FLOAT_EQ(row(view.shown, 2), 2);
  EXPECT_FLOAT_EQ(last(view.shown, 2), 0);
  EXPECT_FLOAT_EQ(row(view.shown, 4), 6);
  EXPECT_THAT(std::vector<float>(view.chosen, view.chosen + 8), ::testing::ElementsAre(0, 0, .5F, .5F, 1, 0, 0, 0));
  EXPECT_THAT(std::vector<float>(view.row_return, view.row_return + 3), ::testing::ElementsAre(2, 1, 0));
  EXPECT_THAT(std::vector<float>(view.row_weight, view.row_weight + 3), ::testing::ElementsAre(.5F, .5F, .5F));
  EXPECT_FLOAT_EQ(row(view.row_features, 2), 6);  // nothing was chosen of the second
  // The first bootstraps on the second: what was shown, then the candidates that were not.
  EXPECT_THAT(std::vector<float>(view.next_count, view.next_count + 2), ::testing::ElementsAre(4, 0));
  EXPECT_FLOAT_EQ(view.next_length[0], 2);
  EXPECT_FLOAT_EQ(row(view.next_features, 3), 6);
  EXPECT_FLOAT_EQ(view.discount[0], .9F);
  options.target = SlateTarget::kSarsa;
  batch.fill(buffer, drawn, options);
  EXPECT_FLOAT_EQ(batch.view().next_count[0], 2);
  EXPECT_EQ(batch.view().next_position[1], 1);
}

TEST(SlateBatch, ListsBetweenCountWithTheSumOfWhatTheyEarned) {
  SlateQOptions options;
  options.steps = 2;
  DecisionBuffer buffer(16, options.reward_limit);
  auto first = outcome("u", 0), second = outcome("u", 1, kStartMs + 60'000), third = outcome("u", 2, kStartMs + 120'000);
  add_slot(first, 1, 0, {1});
  add_slot(second, 1, 1, {1});
  add_slot(second, 1, 1, {2});
  add_slot(third, 1, 0, {1});
  for (const auto* one : {&first, &second, &third}) buffer.take(*one, {});
  const std::vector<Replay::Drawn> drawn{{0, 1.0}};
  SlateBatch batch;
  batch.fill(buffer, drawn, options);
  EXPECT_FLOAT_EQ(batch.view().row_return[0], .9F * 2);
  EXPECT_FLOAT_EQ(batch.view().discount[0], .81F);
}

}  // namespace
}  // namespace riffle::learner
