#include "learner/q_learning/replay.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "learner/outcomes.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT

pb::Outcome decision(const std::string& user, std::uint64_t ordinal) {
  auto made = outcome(user, ordinal);
  add_slot(made, 1, 1, {1});
  return made;
}

DqnOptions eight() {
  DqnOptions options;
  options.replay_decisions = 8;
  return options;
}

TEST(Replay, ADecisionWaitsForTheNextOneOrForItsEnd) {
  Replay replay(eight());
  const auto first = decision("u", 0);
  replay.take(first, {});
  EXPECT_EQ(replay.ready(), 0U);
  replay.take(decision("u", 1), {});
  EXPECT_EQ(replay.ready(), 1U);
  auto closed = next_revision(decision("v", 0));
  replay.take(decision("v", 0), {});
  EXPECT_EQ(replay.ready(), 1U);
  closed.set_closed(true);
  replay.take(closed, {});
  EXPECT_EQ(replay.ready(), 2U);
}

TEST(Replay, WithoutDiscountNothingWaits) {
  DqnOptions options = eight();
  options.discount = 0;
  Replay replay(options);
  replay.take(decision("u", 0), {});
  EXPECT_EQ(replay.ready(), 1U);
}

TEST(Replay, WhoNeverCameBackCountsBeforeHisDecisionMakesRoom) {
  Replay replay(eight());
  for (int i = 0; i < 7; ++i) replay.take(decision("u" + std::to_string(i), 0), {});
  EXPECT_EQ(replay.ready(), 0U);
  for (int i = 7; i < 30; ++i) {
    replay.take(decision("u" + std::to_string(i), 0), {});
    EXPECT_EQ(replay.ready(), 1U) << i;  // the oldest of eight
  }
}

TEST(Replay, NothingIsReadyThatHasNothingToLearn) {
  Replay replay(eight());
  auto unseen = decision("u", 0);
  unseen.mutable_slots(0)->set_exposed(false);
  unseen.set_closed(true);
  replay.take(unseen, {});
  EXPECT_EQ(replay.ready(), 0U);
}

TEST(Replay, DrawsAreInProportionToPrioritiesAndWeighedOutAgain) {
  DqnOptions options = eight();
  options.priority_exponent = .5;
  options.importance_exponent = 1;
  Replay replay(options);
  for (std::uint64_t n = 0; n < 4; ++n) replay.take(decision("u", n), {});
  const std::vector<double> errors{.25, 1, 4};
  double total = 0;
  for (std::size_t place = 0; place < 3; ++place) {
    replay.set_priority(place, errors[place] - Replay::kSmallestPriority);
    total += std::sqrt(errors[place]);
  }
  Rng rng(3);
  std::vector<Replay::Drawn> drawn;
  std::map<std::size_t, double> counts;
  constexpr std::size_t kDraws = 30'000;
  replay.draw(kDraws, 1, rng, drawn);
  double chi_square = 0;
  for (const auto& one : drawn) ++counts[one.place];
  for (std::size_t place = 0; place < 3; ++place) {
    const double expected = kDraws * std::sqrt(errors[place]) / total;
    chi_square += (counts[place] - expected) * (counts[place] - expected) / expected;
  }
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_LT(chi_square, 13.8);  // .1 % of 2 degrees of freedom
  for (const auto& one : drawn)  // w = (1/P) / max (1/P): the least likely weighs 1
    EXPECT_NEAR(one.weight, std::sqrt(errors[0] / errors[one.place]), 1e-6);
}

TEST(Replay, NewDecisionsAreAsLikelyAsTheMostSurprising) {
  Replay replay(eight());
  replay.take(decision("u", 0), {});
  replay.take(decision("u", 1), {});
  replay.set_priority(0, 5);
  replay.take(decision("u", 2), {});
  Rng rng(3);
  std::vector<Replay::Drawn> drawn;
  replay.draw(2000, 1, rng, drawn);
  double second = 0;
  for (const auto& one : drawn) second += one.place == 1;
  // The second's priority is 1, as it came before the surprise: 1 against 5^.6.
  EXPECT_NEAR(second / 2000, 1 / (1 + std::pow(5.001, .6)), .04);
  replay.take(decision("u", 3), {});  // the third can be drawn now, at the largest priority
  replay.draw(3000, 1, rng, drawn);
  double third = 0;
  for (const auto& one : drawn) third += one.place == 2;
  EXPECT_NEAR(third / 3000, std::pow(5.001, .6) / (1 + 2 * std::pow(5.001, .6)), .04);
}

}  // namespace
}  // namespace riffle::learner
