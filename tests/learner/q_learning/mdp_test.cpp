// Q-learning against value iteration, on decision processes small enough for it.
#include <gmock/gmock.h>

#include "learner/q_learning/mdp.h"
#include "learner/q_learning/network.h"
#include "learner/q_table.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT: the builders of outcomes.h

class SmallMdp : public WithNetwork, public ::testing::WithParamInterface<Mdp> {};

TEST_P(SmallMdp, TheTableComesToTheValuesOfValueIteration) {
  const Mdp& mdp = GetParam();
  const bool by_chance = mdp.name == "Loyalty";
  QTableOptions options;
  options.discount = mdp.discount;
  options.learning_rate = by_chance ? .002 : .1;  // where chance has a say, a step of it remains
  QTableTrainer trainer(options);
  Rng rng(11);
  walk(mdp, rng, 400'000, [&](std::size_t) { return rng.below(mdp.actions); },
       [&](const pb::Outcome& outcome) { trainer.learn(outcome); });
  const Values optimal = value_iteration(mdp);
  for (std::size_t s = 0; s < mdp.states; ++s)
    for (std::size_t a = 0; a < mdp.actions; ++a)
      EXPECT_NEAR(trainer.value(kStates[s], CategoryKey(a)), optimal[s][a], by_chance ? .05 : 1e-9) << s << " " << a;
}

DqnOptions for_mdp(const Mdp& mdp) {
  DqnOptions options;
  options.discount = mdp.discount;
  options.steps = 1;
  options.hidden_1 = options.hidden_2 = 32;
  options.learning_rate = .003;
  options.target_rate = .02;
  options.batch = 64;
  options.replays = 16;
  options.replay_decisions = 4096;
  return options;
}

TEST_P(SmallMdp, DqnThatWatchedChanceEarnsNearlyTheOptimalReturn) {
  const Mdp& mdp = GetParam();
  auto dqn = trainer(for_mdp(mdp));
  Rng rng(12);
  walk(mdp, rng, 8000, [&](std::size_t) { return rng.below(mdp.actions); },
       [&](const pb::Outcome& outcome) { dqn->learn(outcome); });
  const double optimal = return_of_policy(mdp, greedy(value_iteration(mdp)));
  const double earned = return_of_policy(mdp, greedy_of(mdp, *dqn->scorer()));
  RecordProperty("share_of_optimal", std::to_string(earned / optimal));
  EXPECT_GE(earned, .95 * optimal);
  // … and whoever looks no further than the reward at once earns less: the processes tell the two apart.
  Values at_once(mdp.states, std::vector<double>(mdp.actions));
  for (std::size_t s = 0; s < mdp.states; ++s)
    for (std::size_t a = 0; a < mdp.actions; ++a)
      at_once[s][a] = expected(mdp, std::vector<double>(mdp.states, 0), s, a);
  EXPECT_LT(return_of_policy(mdp, greedy(at_once)), .9 * optimal);
}

// Three steps to the bootstrap are right where most of them are the policy's own.
TEST_P(SmallMdp, DqnThatActsByItselfWithThreeStepsEarnsNearlyTheOptimalReturn) {
  const Mdp& mdp = GetParam();
  DqnOptions options = for_mdp(mdp);
  options.steps = 3;
  auto dqn = trainer(options);
  Rng rng(13);
  std::vector<std::size_t> policy = greedy_of(mdp, *dqn->scorer());
  std::uint64_t seen = 0;
  walk(mdp, rng, 12'000,
       [&](std::size_t state) { return rng.uniform() < .2 || seen < 2000 ? rng.below(mdp.actions) : policy[state]; },
       [&](const pb::Outcome& outcome) {
         dqn->learn(outcome);
         if (++seen % 50 == 0) policy = greedy_of(mdp, *dqn->scorer());
       });
  const double optimal = return_of_policy(mdp, greedy(value_iteration(mdp)));
  const double earned = return_of_policy(mdp, greedy_of(mdp, *dqn->scorer()));
  RecordProperty("share_of_optimal", std::to_string(earned / optimal));
  EXPECT_GE(earned, .95 * optimal);
}

INSTANTIATE_TEST_SUITE_P(Three, SmallMdp, ::testing::Values(chain(), satiation(), loyalty()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace riffle::learner
