#include "serving/choice_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/serving/kernels.h"

namespace riffle::serving {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kCandidates = 12, kDraws = 8, kSlots = 5;

// What a list was filled from, whatever its explorer and diversifier ask.
struct Choice {
  explicit Choice(std::uint64_t seed) : rng(seed), kernels(random_kernels(kCandidates, rng)), pointers(serving::pointers(kernels)) {
    pointers[3] = nullptr;
    for (std::size_t i = 0; i < kCandidates; ++i) {
      keys.emplace_back(500 - i);
      scores.push_back(static_cast<float>(rng.uniform()));
      widths.push_back(static_cast<float>(rng.uniform()));
      paths.push_back(i == 5 ? std::vector<CategoryKey>() : std::vector<CategoryKey>{CategoryKey(1 + i % 3), CategoryKey(9 + i)});
      for (std::size_t d = 0; d < kDraws; ++d) draws.push_back(scores.back() + static_cast<float>(rng.normal() * .1));
    }
    spans.assign(paths.begin(), paths.end());
    policy.id = PolicyId("p");
    policy.scorer = "linear";
    policy.explorer = {.kind = "epsilon", .epsilon = .3, .epsilon_start = .6, .epsilon_half_life = 77, .gamma_scale = 3,
                       .gamma_exponent = .4, .top = 6, .max_slots_learned = 900, .temperature = .2, .mellowness = .07};
    policy.diversifier = {.kind = "dpp", .weight = .2, .window = 3, .depth = 2};
    tastes = {{CategoryKey(1), .4F}, {CategoryKey(10), .3F}, {CategoryKey(2), .1F}};
    policy.caps = {{.depth = 1, .most = 2, .window = 3}, {.depth = 2, .most = 1, .window = 2}};
    policy.reward_ceiling = .9;
  }

  SlateInput input() const {
    return {.keys = keys, .scores = scores, .kernels = pointers, .category_paths = spans, .policy = &policy, .slots = kSlots,
            .explore = .7, .diversity = .35, .slots_learned = 123, .draws = draws, .widths = widths, .tastes = tastes};
  }

  // As serving logs it.
  pb::Outcome logged() const {
    pb::Outcome outcome;
    for (std::size_t i = 0; i < kCandidates; ++i) {
      outcome.add_candidates()->set_item_key(keys[i].value());
      outcome.mutable_candidates(static_cast<int>(i))->set_score(scores[i]);
    }
    for (std::size_t k = 0; k < kSlots; ++k) outcome.add_slots();
    log_choice(input(), false, *outcome.mutable_choice());
    return outcome;
  }

  Rng rng;
  std::vector<features::KernelVector> kernels;
  std::vector<const features::KernelVector*> pointers;
  std::vector<ItemKey> keys;
  std::vector<float> scores, widths, draws;
  std::vector<std::vector<CategoryKey>> paths;
  std::vector<std::span<const CategoryKey>> spans;
  std::vector<CategoryShare> tastes;
  PolicyOptions policy;
};

TEST(ChoiceLog, ReadBackTheSameListComesOfTheSameChanceWithTheSamePropensities) {
  for (const std::string_view explorer : explorer_kinds())
    for (const std::string_view diversifier : diversifier_kinds()) {
      Choice choice(4);
      choice.policy.explorer.kind = std::string(explorer);
      choice.policy.diversifier.kind = std::string(diversifier);
      choice.policy.shortlist = 2;
      pb::Outcome outcome;
      ASSERT_TRUE(outcome.ParseFromString(choice.logged().SerializeAsString()));
      LoggedChoice read;
      ASSERT_EQ(read.read(outcome), "");
      SlateBuilder live, again;
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng a(seed), b(seed);
        const Slate& was = live.fill(choice.input(), a);
        const Slate& is = again.fill(read.input(), b);
        ASSERT_EQ(was.slots.size(), is.slots.size());
        for (std::size_t k = 0; k < kSlots; ++k) {
          EXPECT_EQ(was.slots[k].candidate, is.slots[k].candidate) << explorer << diversifier;
          EXPECT_EQ(was.slots[k].propensity, is.slots[k].propensity) << explorer << diversifier;
          EXPECT_EQ(was.slots[k].gain, is.slots[k].gain);
        }
      }
    }
}

TEST(ChoiceLog, AWalkOfAListFindsThePropensitiesThatItWasDrawnWith) {
  const Choice choice(9);
  SlateBuilder builder;
  Rng rng(2);
  const Slate drawn = builder.fill(choice.input(), rng);
  std::size_t slot = 0;
  builder.walk(choice.input(), [&](const Distribution& distribution, std::span<const std::uint32_t> allowed) {
    EXPECT_EQ(probability(distribution, drawn.slots[slot].candidate), drawn.slots[slot].propensity);
    EXPECT_EQ(allowed.size(), drawn.slots[slot].allowed);
    return drawn.slots[slot++].candidate;
  });
  EXPECT_EQ(slot, kSlots);
}

TEST(ChoiceLog, HasTheUsersTastesWhateverTheDiversifierForOtherPolicies) {
  pb::Outcome outcome = Choice(1).logged();
  LoggedChoice read;
  ASSERT_EQ(read.read(outcome), "");
  ASSERT_TRUE(read.tastes());
  ASSERT_EQ(read.tastes()->size(), 3U);
  EXPECT_EQ((*read.tastes())[1].category, CategoryKey(10));
  EXPECT_EQ((*read.tastes())[1].share, .3F);
  outcome.mutable_choice()->set_has_tastes(false);  // of a build that did not log them
  outcome.mutable_choice()->clear_tastes();
  ASSERT_EQ(read.read(outcome), "");
  EXPECT_FALSE(read.tastes());
}

// An outcome has to fit into a record.
TEST(ChoiceLog, ItsSizeIsKnownBeforeItIsMade) {
  const Choice choice(1);
  const std::size_t bytes = choice.logged().choice().ByteSizeLong();
  EXPECT_NEAR(static_cast<double>(choice_bytes(choice.input())), static_cast<double>(bytes), 0.15 * static_cast<double>(bytes));
}

// The scorer `random` is served by an even explorer, whatever the policy says.
TEST(ChoiceLog, NamesTheExplorerThatChose) {
  Choice choice(1);
  choice.policy.scorer = "random";
  EXPECT_EQ(choice.logged().choice().explorer().kind(), "uniform");
}

TEST(ChoiceLog, WhatCannotBeReadSaysWhy) {
  const Choice choice(1);
  LoggedChoice read;
  EXPECT_THAT(read.read(pb::Outcome()), HasSubstr("older build"));
  pb::Outcome outcome = choice.logged();
  outcome.mutable_choice()->mutable_explorer()->set_kind("of another build");
  EXPECT_THAT(read.read(outcome), HasSubstr("does not have"));
  outcome = choice.logged();
  outcome.mutable_choice()->mutable_candidates()->RemoveLast();
  EXPECT_THAT(read.read(outcome), HasSubstr("other candidates"));
  outcome = choice.logged();
  outcome.mutable_choice()->mutable_candidates(0)->add_kernel(1);
  EXPECT_THAT(read.read(outcome), HasSubstr("vectors of another build"));
  for (const double broken : {0., -1., std::nan("")}) {
    outcome = choice.logged();
    outcome.mutable_choice()->set_reward_ceiling(broken);
    EXPECT_THAT(read.read(outcome), HasSubstr("broken"));
  }
  for (const float broken : {-1.F, 2.F, std::nanf("")}) {
    outcome = choice.logged();
    outcome.mutable_choice()->mutable_tastes(1)->set_share(broken);
    EXPECT_THAT(read.read(outcome), HasSubstr("broken"));
  }
  for (const double broken : {-.1, 1.1, std::nan("")}) {
    outcome = choice.logged();
    outcome.mutable_learned_weight()->add_weights(broken);
    EXPECT_THAT(read.read(outcome), HasSubstr("weight is broken"));
    outcome.mutable_learned_weight()->add_probabilities(1);
    EXPECT_THAT(read.read(outcome), HasSubstr("weight is broken"));
    outcome.mutable_learned_weight()->set_weights(0, .5);
    EXPECT_EQ(read.read(outcome), "");
    EXPECT_EQ(read.input().arms.size(), 1U);
    outcome.mutable_learned_weight()->set_probabilities(0, broken);
    EXPECT_THAT(read.read(outcome), HasSubstr("weight is broken"));
  }
  for (const std::uint64_t window : {0ULL, 1ULL, 1ULL << 60}) {
    outcome = choice.logged();
    outcome.mutable_choice()->set_diversifier_window(window);
    EXPECT_EQ(read.read(outcome), "") << "a dpp has none";
    outcome.mutable_choice()->set_diversifier("ssd");
    EXPECT_THAT(read.read(outcome), HasSubstr("broken"));
  }
  outcome = choice.logged();
  outcome.mutable_choice()->mutable_candidates(2)->add_draws(1);
  EXPECT_THAT(read.read(outcome), HasSubstr("broken"));
}

}  // namespace
}  // namespace riffle::serving
