#include "simulation/oracle.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace riffle::simulation {
namespace {

const TimePoint kStart = from_ms(1'767'571'200'000);

// All users alike: what many do once is what one can expect.
WorldOptions alike() {
  WorldOptions options;
  options.items = 4;
  options.categories = 2;
  options.list_length = 2;
  options.taste_spread = options.brand_weight = options.price_weight = options.age_weight = 0;
  options.cold_items = options.cold_users = options.bots = 0;
  options.base_utility = -0.5;
  options.bait = 0.9;
  options.satiation_half_life = std::chrono::hours(1000);
  return options;
}

SessionTree::Policy greedy_policy(const World& world, std::uint32_t user, std::size_t length) {
  return [&world, user, length](const World::Mood& mood, std::vector<std::uint32_t>& list) {
    std::vector<std::pair<float, std::uint32_t>> ranked;
    for (std::uint32_t i = 0; i < world.items(); ++i) ranked.emplace_back(-world.utility(user, mood, i), i);
    std::sort(ranked.begin(), ranked.end());
    list.clear();
    for (std::size_t k = 0; k < length; ++k) list.push_back(ranked[k].second);
  };
}

TEST(SessionTree, IsWhatManyUsersDo) {
  WorldOptions options = alike();
  options.users = 20000;
  options.span = std::chrono::hours(24 * 20);
  World world(options, kStart);
  const SessionTree tree{.world = &world, .user = 0, .length = 2, .lists = 4};
  const auto policy = greedy_policy(world, 0, 2);
  const double expected = tree.of(world.mood(0), policy);
  std::vector<int> lists(options.users, 0), clicks(options.users, 0);
  std::vector<std::uint32_t> list;
  while (const auto due = world.next()) {
    if (due->kind != World::Kind::kVisit) continue;
    policy(world.mood(due->user), list);
    const auto reply = world.answer(due->user, list);
    if (world.session(due->user) > 1 || ++lists[due->user] > 4) continue;
    clicks[due->user] += reply.taken >= 0;
  }
  double sum = 0, squares = 0, count = 0;
  for (std::size_t u = 0; u < options.users; ++u) {
    if (lists[u] == 0) continue;  // not come yet
    sum += clicks[u], squares += clicks[u] * clicks[u], ++count;
  }
  const double mean = sum / count, error = std::sqrt((squares / count - mean * mean) / count);
  EXPECT_GT(count, 19000);
  EXPECT_NEAR(mean, expected, 4 * error);
}

TEST(SessionTree, LookingAheadEarnsMoreWhereListsHaveConsequences) {
  WorldOptions options = alike();
  options.items = 5;
  options.bait = options.appeal_spread = 1;
  options.satisfaction_rate = 0.6;
  options.idle_rate = 0.1;
  options.session_length = 3;
  options.stay_weight = 8;
  World world(options, kStart);
  const SessionTree tree{.world = &world, .user = 0, .length = 2, .lists = 3};
  const double best = tree.best(world.mood(0), std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  EXPECT_GT(best, 1.1 * tree.of(world.mood(0), greedy_policy(world, 0, 2)));
}

TEST(SessionTree, AndNothingWhereTheyHaveNone) {
  WorldOptions options = alike();
  options.satiation = options.boredom = options.stay_weight = 0;
  World world(options, kStart);
  const SessionTree tree{.world = &world, .user = 0, .length = 2, .lists = 3};
  const std::vector<std::uint32_t> items{0, 1, 2, 3};
  EXPECT_NEAR(tree.best(world.mood(0), items), tree.of(world.mood(0), greedy_policy(world, 0, 2)), 1e-9);
}

TEST(SessionTree, OneListIsTheOneStepOracles) {
  World world(alike(), kStart);
  const SessionTree tree{.world = &world, .user = 0, .length = 2, .lists = 1};
  std::vector<std::uint32_t> list;
  world.best_list(0, 2, list);
  std::vector<double> p(2);
  EXPECT_NEAR(tree.best(world.mood(0), std::vector<std::uint32_t>{0, 1, 2, 3}),
              1 - 1 / world.choose(0, world.mood(0), list, p), 1e-9);
}

}  // namespace
}  // namespace riffle::simulation
