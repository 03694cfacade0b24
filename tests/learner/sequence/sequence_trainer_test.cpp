#include "learner/sequence/sequence_trainer.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "learner/q_learning/network.h"
#include "learner/sequence/reference.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT

SequenceOptions short_ones() {
  SequenceOptions options;
  options.width = 16;
  options.length = 8;
  options.admit_after = 2;
  options.step_every = 16;
  options.sequences = 8;
  options.log = 400;
  options.learning_rate = .01;
  return options;
}

class SequenceTraining : public WithNetwork {
 protected:
  static std::unique_ptr<SequenceTrainer> trainer(Shape::Kind kind, const SequenceOptions& options) {
    auto made = make_sequence_trainer(kind, options, {"cpu", ""});
    RIFFLE_CHECK(made.ok(), made.status().ToString());
    return *std::move(made);
  }
  struct Taken {
    std::uint64_t user;
    SequenceEntry entry;
    bool target;
  };
  static std::vector<Taken> random_stream(std::uint64_t seed, std::size_t count, std::uint64_t items) {
    Rng rng(seed);
    std::vector<Taken> stream;
    std::int64_t now = kStartMs;
    for (std::size_t i = 0; i < count; ++i) {
      now += static_cast<std::int64_t>(rng.below(100'000));
      const std::uint64_t item = 1 + rng.below(items);
      stream.push_back({rng.below(9), {ItemKey(item), CategoryKey(item % 4), now, records::InteractionType::kClick}, rng.below(6) != 0});
    }
    return stream;
  }
  static std::uint64_t incidents(const SequenceTrainer& trainer) {
    std::uint64_t all = 0;
    for (const auto& [kind, count] : trainer.incidents()) all += count;
    return all;
  }
  static std::vector<float> encoded(SequenceTrainer& trainer, std::span<const SequenceEntry> history, std::int64_t now) {
    std::vector<float> state(trainer.encoder().shape().width);
    trainer.encoder().encode(history, now, trainer.tables(), state);
    return state;
  }
};

TEST_F(SequenceTraining, SavingLoadingAndGoingOnIsBitEqualToNotStopping) {
  for (const Shape::Kind kind : kAllKinds) {
    SCOPED_TRACE(kind);
    SequenceOptions options = short_ones();
    options.negatives = 12;  // fewer than there are items: drawn
    const auto stream = random_stream(11, 600, 30);
    auto straight = trainer(kind, options), stopped = trainer(kind, options);
    for (std::size_t i = 0; i < stream.size(); ++i) {
      const Taken& one = stream[i];
      straight->take(one.user, one.entry, one.target);
      stopped->take(one.user, one.entry, one.target);
      if (i % 83 != 0) continue;
      const std::string state = stopped->save();
      stopped = trainer(kind, options);
      ASSERT_TRUE(stopped->load(state).ok());
    }
    EXPECT_GT(straight->steps(), 40U);
    EXPECT_EQ(incidents(*straight), 0U);
    EXPECT_TRUE(straight->save() == stopped->save());
    const std::vector<SequenceEntry> history = {stream[0].entry, stream[5].entry};
    EXPECT_EQ(encoded(*straight, history, kStartMs), encoded(*stopped, history, kStartMs));
  }
}

// After item 2k comes 2k + 1 of the same user, whatever others do between.
TEST_F(SequenceTraining, APlantedRuleIsLearned) {
  for (const Shape::Kind kind : kAllKinds) {
    SCOPED_TRACE(kind);
    const auto trained = trainer(kind, short_ones());
    Rng rng(12);
    std::array<std::uint64_t, 5> next{};
    for (int i = 0; i < 4000; ++i) {
      const std::uint64_t user = rng.below(5);
      const std::uint64_t item = next[user] != 0 ? next[user] : 2 + 2 * rng.below(10);
      next[user] = item % 2 == 0 ? item + 1 : 0;
      trained->take(user, {ItemKey(item), {}, kStartMs + i * 1000, records::InteractionType::kClick}, true);
    }
    int right = 0;
    for (std::uint64_t k = 1; k <= 10; ++k) {
      const std::vector<SequenceEntry> history = {{ItemKey(2 * (k % 10) + 2), {}, kStartMs, records::InteractionType::kClick},
                                                  {ItemKey(2 * (k % 10) + 3), {}, kStartMs + 9000, records::InteractionType::kClick},
                                                  {ItemKey(2 * k), {}, kStartMs + 18000, records::InteractionType::kClick}};
      const std::vector<float> state = encoded(*trained, history, kStartMs + 25000);
      std::uint64_t best = 0;
      double most = -1e9;
      std::vector<float> row(state.size());
      for (std::uint64_t item = 2; item <= 21; ++item) {
        trained->tables().output(ItemKey(item), {}, row);
        double score = 0;
        for (std::size_t i = 0; i < row.size(); ++i) score += double{row[i]} * state[i];
        if (score > most) most = score, best = item;
      }
      right += best == 2 * k + 1 ? 1 : 0;
    }
    EXPECT_GE(right, 9) << "of 10; last loss " << trained->last_loss();
    EXPECT_LT(trained->last_loss(), 1.8) << "first items are chance, ln 10; second ones are certain: 1.15 at best";
  }
}

TEST_F(SequenceTraining, WhateverIsAskedTheStateIsFinite) {
  for (const Shape::Kind kind : kAllKinds) {
    SCOPED_TRACE(kind);
    const auto trained = trainer(kind, short_ones());
    constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 2;
    Rng rng(13);
    for (int i = 0; i < 300; ++i)  // times of all kinds
      trained->take(rng.below(4),
                    {ItemKey(rng.below(12)), CategoryKey(rng.below(3)), i % 7 == 0 ? kFar : i % 5 == 0 ? -kFar : kStartMs,
                     records::InteractionType::kOther},
                    true);
    EXPECT_EQ(incidents(*trained), 0U);
    const std::vector<SequenceEntry> unknown(20, SequenceEntry{ItemKey(999), CategoryKey(888), -kFar, {}});
    for (const std::vector<float>& state : {encoded(*trained, {}, 0), encoded(*trained, unknown, kFar), encoded(*trained, unknown, -kFar)})
      for (const float x : state) EXPECT_TRUE(std::isfinite(x));
    EXPECT_NE(encoded(*trained, {}, 0), std::vector<float>(16)) << "who has done nothing has a state, too";
  }
}

TEST_F(SequenceTraining, ItemsBeyondTheBoundOrMetTooSeldomHaveNoRow) {
  SequenceOptions options = short_ones();
  options.items = 10;
  const auto trained = trainer(Shape::kMean, options);
  for (const Taken& one : random_stream(14, 500, 200)) trained->take(one.user, one.entry, one.target);
  EXPECT_LE(trained->tables().items().admitted().size(), 10U);
  EXPECT_LE(trained->tables().items().waiting().size(), 10U);
}

TEST_F(SequenceTraining, PartsMergeIntoTheWholeStateAndThoseOfUntouchedRowsStayAsTheyWere) {
  SequenceOptions options = short_ones();
  options.width = 64;
  options.admit_after = 1;
  options.negatives = 8;
  options.sequences = 1;
  options.step_every = 2;
  options.items = 4000;
  options.log = 10'000;
  const auto some = trainer(Shape::kMean, options);
  const auto parts = [&] {
    std::vector<std::string> made;
    some->save_parts([&](const pb::SequenceState& part) { made.push_back(part.SerializeAsString()); });
    return made;
  };
  for (const Taken& one : random_stream(17, 6000, 3000)) some->take(one.user, one.entry, one.target, false);
  const auto before = parts();
  for (const Taken& one : random_stream(18, options.step_every, 3000)) some->take(one.user, one.entry, one.target);
  const auto after = parts();
  pb::SequenceState whole;
  for (const std::string& part : after) ASSERT_TRUE(whole.MergeFromString(part));
  const auto again = trainer(Shape::kMean, options);
  ASSERT_TRUE(again->load(whole).ok());
  EXPECT_TRUE(again->save() == some->save());

  const std::set<std::string> known(before.begin(), before.end());
  std::size_t rows = 0, sent = 0;
  for (const std::string& part : after) {
    pb::SequenceState of;
    ASSERT_TRUE(of.ParseFromString(part));
    if (of.items().rows_size() == 0) continue;
    ++rows;
    sent += known.contains(part) ? 0 : 1;
  }
  EXPECT_GT(rows, 100U);
  EXPECT_GT(sent, 0U);
  EXPECT_LT(sent, rows / 2) << "two users' last eight items, and eight drawn of each step";
}

TEST_F(SequenceTraining, WhatIsLeftOutIsLoggedAndDrawnLater) {
  const auto some = trainer(Shape::kMean, short_ones()), all = trainer(Shape::kMean, short_ones());
  const auto stream = random_stream(19, 640, 10);
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const bool learn = i / short_ones().step_every % 2 == 0;
    some->take(stream[i].user, stream[i].entry, stream[i].target, learn);
    all->take(stream[i].user, stream[i].entry, stream[i].target);
  }
  EXPECT_EQ(some->left_out(), 320U);
  EXPECT_EQ(all->left_out(), 0U);
  EXPECT_GT(some->steps(), 0U);
  EXPECT_LT(some->steps(), all->steps());
  const auto again = trainer(Shape::kMean, short_ones());
  ASSERT_TRUE(again->load(some->save()).ok());
  EXPECT_EQ(again->left_out(), 320U);
}

TEST_F(SequenceTraining, WhatAForgottenUserDidIsInNoStateAndLearningGoesOn) {
  const auto some = trainer(Shape::kMean, short_ones());
  for (const Taken& one : random_stream(20, 300, 10)) some->take(one.user, one.entry, one.target);
  for (std::uint64_t user = 0; user < 9; ++user) some->forget(user);
  pb::SequenceState state;
  some->save_parts([&](const pb::SequenceState& part) { state.MergeFrom(part); });
  ASSERT_EQ(state.log().user_size(), 300);
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(state.log().user(i), InteractionLog::kForgotten);
    EXPECT_EQ(state.log().item(i), 0U);
    EXPECT_EQ(state.log().time_ms(i), 0);
  }
  const std::uint64_t steps = some->steps();
  for (const Taken& one : random_stream(21, 100, 10)) some->take(one.user, one.entry, one.target);
  EXPECT_GT(some->steps(), steps);
  EXPECT_EQ(incidents(*some), 0U);
}

TEST_F(SequenceTraining, AStateOfAnotherKindOrDamagedIsRefusedAndNothingChanges) {
  auto some = trainer(Shape::kMean, short_ones());
  for (const Taken& one : random_stream(15, 100, 10)) some->take(one.user, one.entry, one.target);
  const std::string state = some->save();
  EXPECT_EQ(trainer(Shape::kGru, short_ones())->load(state).code(), absl::StatusCode::kFailedPrecondition);
  SequenceOptions wider = short_ones();
  wider.width = 32;
  EXPECT_EQ(trainer(Shape::kMean, wider)->load(state).code(), absl::StatusCode::kFailedPrecondition);
  auto other = trainer(Shape::kMean, short_ones());
  const std::string before = other->save();
  std::string damaged = state;
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_EQ(other->load(damaged).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(other->load(state.substr(0, state.size() / 2)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(other->save() == before);
  EXPECT_TRUE(other->load(state).ok());
  EXPECT_TRUE(other->save() == state);
}

TEST(SequenceOptionsCheck, WhatIsOutOfRangeIsRefusedBeforeAnythingIsLoaded) {
  SequenceOptions options;
  options.width = 0;
  EXPECT_EQ(make_sequence_trainer(Shape::kMean, options, {"cpu", "/nowhere"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sequence_kind("lstm").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*sequence_kind("attention"), Shape::kAttention);
}

}  // namespace
}  // namespace riffle::learner
