#include "evaluation/prequential/sequence_policy.h"

#include <gmock/gmock.h>

#include "base/check.h"
#include "base/rng.h"
#include "evaluation/baselines/baselines.h"
#include "evaluation/prequential/prequential.h"
#include "evaluation/prequential/sequenced_riffle.h"

namespace riffle::evaluation {
namespace {

using ::testing::ElementsAre;
using Shape = learner::network::SequenceShape;

const TimePoint kStart = from_ms(1'760'000'000'000);

learner::SequenceOptions quick() {
  learner::SequenceOptions options;
  options.width = 16;
  options.length = 10;
  options.learning_rate = .01;  // a short stream
  return options;
}

class SequenceUnderTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef RIFFLE_NETWORK
    GTEST_SKIP() << "built without the network module (RIFFLE_NETWORK=OFF)";
#endif
  }
  static std::unique_ptr<SequencePolicy> policy(Shape::Kind kind, const learner::SequenceOptions& options) {
    auto trainer = learner::make_sequence_trainer(kind, options, {"cpu", ""});
    RIFFLE_CHECK(trainer.ok(), trainer.status().ToString());
    return std::make_unique<SequencePolicy>("sequence:" + std::string(learner::sequence_kinds()[kind]),
                                            SequenceModel(*std::move(trainer), options.length));
  }
  static double recall(const PrequentialResult& result, std::size_t policy) {
    return *value_of(metric_named("recall"), result.policies[policy].scores.at[0]);
  }
};

// Everybody takes p1 and then p2, q1 and then q2, …, among others who do so.
TEST_F(SequenceUnderTest, LearnsWhatFollowsFromTheStreamAlone) {
  PrequentialOptions options;
  options.ks = {1};
  std::vector<std::unique_ptr<Policy>> policies;
  policies.push_back(make_baseline("popularity"));
  for (const auto kind : {Shape::kMean, Shape::kGru, Shape::kAttention}) policies.push_back(policy(kind, quick()));
  auto riffle = std::make_unique<RifflePolicy>(features::RowOptions(), serving::ServingOptions());
  auto encoder = policy(Shape::kGru, quick());
  auto both = std::make_unique<SequencedRiffle>("riffle:sequence=gru", *riffle, *encoder);
  policies.push_back(std::move(riffle));
  policies.push_back(std::move(encoder));
  policies.push_back(std::move(both));
  learner::SequenceOptions live = quick();
  live.publish_interval = std::chrono::minutes(1);
  auto trainer = learner::make_sequence_trainer(Shape::kMean, live, {"cpu", ""});
  RIFFLE_CHECK(trainer.ok(), trainer.status().ToString());
  policies.push_back(std::make_unique<RifflePolicy>(features::RowOptions(), serving::ServingOptions(), RifflePolicy::kStepOfLines,
                                                    "riffle:encoder=mean", std::make_unique<LiveEncoder>(*std::move(trainer), live)));
  Prequential run(options, std::move(policies));
  Rng rng(21);
  std::array<int, 6> next{};
  for (int i = 0; i < 4000; ++i) {
    const std::size_t user = rng.below(next.size());
    const int item = next[user] != 0 ? next[user] : 1 + 2 * static_cast<int>(rng.below(12));
    next[user] = item % 2 == 1 ? item + 1 : 0;
    records::Event event;
    event.type = records::InteractionType::kPurchase;
    event.user_id = UserId("u" + std::to_string(user));
    event.item_id = ItemId("i" + std::to_string(item));
    event.timestamp = kStart + std::chrono::seconds(10 * i);
    run.event(event);
  }
  const PrequentialResult result = run.finish();
  EXPECT_LT(recall(result, 0), .1);
  for (const std::size_t encoders : {1U, 2U, 3U, 5U})
    EXPECT_GT(recall(result, encoders), .3) << result.policies[encoders].name << ": half of the points can be known";
  EXPECT_GT(recall(result, 6), .4) << result.policies[6].name;
  EXPECT_GT(recall(result, 7), recall(result, 4) - .01) << "served as a worker serves it";
  EXPECT_GT(recall(result, 6), recall(result, 4) - .01) << "what it costs to learn what the encoder is worth, and no more";
}

TEST_F(SequenceUnderTest, ItemsWithoutARowFollowByPopularity) {
  learner::SequenceOptions options = quick();
  options.admit_after = 3;
  const auto policy = this->policy(Shape::kMean, options);
  Ledger ledger;
  const auto teach = [&](const char* user, const char* item) {
    records::Event event;
    event.item_id = ItemId(item);
    const UserIndex who = ledger.user(UserId(user));
    const ItemIndex what = ledger.meet(event.item_id);
    ledger.take(who, what);
    policy->learn({.user = who, .item = what, .time = kStart, .event = &event});
  };
  std::vector<ItemIndex> list;
  const auto ask = [&](const char* user, bool new_only) {
    policy->recommend({.user = ledger.user(UserId(user)), .time = kStart, .n = 3, .new_only = new_only, .ledger = &ledger}, list);
  };
  ask("v", false);
  EXPECT_THAT(list, ElementsAre()) << "nothing has appeared";
  teach("u", "a");
  teach("u", "b"), teach("u", "b");
  teach("w", "c"), teach("w", "c"), teach("w", "c");
  ask("v", false);
  EXPECT_THAT(list, ElementsAre(2, 1, 0)) << "c has a row; of the others b is the more popular";
  ask("w", true);
  EXPECT_THAT(list, ElementsAre(1, 0)) << "without what he had";
}

}  // namespace
}  // namespace riffle::evaluation
