#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "app/simulate/in_process.h"
#include "app/simulate/run.h"
#include "simulation/customers.h"
#include "tests/support/command.h"
#include "tests/support/scratch.h"

namespace riffle::app {
namespace {

using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

config::Config small() {
  config::Config config;
  config.simulation.users = 40;
  config.simulation.items = 80;
  config.simulation.span = std::chrono::hours(24 * 8);
  return config;
}

absl::StatusOr<SimulatedRun> run(const config::Config& config, const std::string& policy) {
  return simulate(config, policy, [] { return false; }, [](double) {});
}

TEST(Simulate, ARiffleThatLearnsEarnsMoreThanChanceAndLessThanWhoKnowsTheUsers) {
  config::Config config = small();
  // What is taken has no consequences, so the oracle of one step is the oracle of all.
  config.simulation.stay_weight = config.simulation.return_weight = config.simulation.satiation = 0;
  config.simulation.boredom = 0;
  config.simulation.users = 100;
  const auto uniform = run(config, "uniform"), linear = run(config, "linear"), oracle = run(config, "oracle");
  ASSERT_TRUE(uniform.ok() && linear.ok() && oracle.ok()) << linear.status();
  EXPECT_GT(linear->figures.clicks_per_list, 1.15 * uniform->figures.clicks_per_list);
  EXPECT_GT(oracle->figures.clicks_per_list, linear->figures.clicks_per_list);
  EXPECT_GT(linear->version, 5u);
  EXPECT_GT(linear->events, linear->steps);
}

TEST(Simulate, FiguresBySegmentAreOfAllListsAndALearnedWeightMovesThere) {
  config::Config config = small();
  serving::PolicyOptions& policy = config.policies[0];
  policy.diversifier.kind = "mmr";
  const auto constant = run(config, "linear");
  policy.diversifier.adapt = {.kind = "target", .target = 1, .step = 1};
  const auto target = run(config, "linear");
  policy.diversifier.adapt = {.kind = "bandit", .grid = {0, 0.5}};
  const auto bandit = run(config, "linear");
  ASSERT_TRUE(constant.ok() && target.ok() && bandit.ok());
  for (const auto* one : {&*constant, &*target, &*bandit}) {
    std::uint64_t lists = 0, clicks = 0;
    for (const auto& [name, of] : one->figures.segments) lists += of.lists, clicks += of.clicks;
    EXPECT_EQ(lists, one->figures.lists);
    EXPECT_EQ(clicks, one->figures.clicks);
  }
  for (const auto& [name, of] : constant->figures.segments) EXPECT_NEAR(of.diversity, policy.diversifier.weight, 1e-9) << name;
  const auto largest = [](const SimulatedRun& of) {
    return std::max_element(of.figures.segments.begin(), of.figures.segments.end(),
                            [](const auto& a, const auto& b) { return a.second.lists < b.second.lists; })->second;
  };
  EXPECT_GT(largest(*target).diversity, 1.5 * policy.diversifier.weight);  // nothing is that far from each other
  EXPECT_GT(largest(*target).distance, largest(*constant).distance);
  EXPECT_GT(largest(*bandit).diversity, 0.02);
  EXPECT_LT(largest(*bandit).diversity, 0.48);
}

TEST(Simulate, TheSameSeedEarnsTheSameAndAnotherDoesNot) {
  config::Config config = small();
  for (const char* policy : {"uniform", "linear"}) {
    const auto one = run(config, policy), twin = run(config, policy);
    ASSERT_TRUE(one.ok() && twin.ok());
    EXPECT_EQ(one->steps, twin->steps) << policy;
    EXPECT_EQ(one->events, twin->events);
    EXPECT_EQ(one->figures.clicks, twin->figures.clicks);
    EXPECT_EQ(one->figures.purchases, twin->figures.purchases);
  }
  const auto before = run(config, "linear");
  config.simulation.seed = 2;
  EXPECT_NE(run(config, "linear")->figures.clicks, before->figures.clicks);
}

TEST(Simulate, APolicyIsTheConfigurationsOrAScorerOrIsNotThere) {
  config::Config config = small();
  config.policies[0].explorer.kind = "greedy";
  EXPECT_EQ(simulated_policy(config, "linear")->explorer.kind, "greedy");
  EXPECT_EQ(simulated_policy(config, "arms")->scorer, "arms");
  const auto unknown = simulated_policy(config, "lineer");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("did you mean \"linear\""));
}

TEST(Simulate, WhatIsEarnedIsByTheConfiguredRewards) {
  config::Config config = small();
  for (features::TypeOptions& type : config.rows.types) {
    if (type.name == "click") type.reward = 2;
    if (type.name == "purchase") type.reward = 10;
  }
  const auto one = run(config, "uniform");
  ASSERT_TRUE(one.ok());
  ASSERT_GT(one->figures.purchases, 0u);
  const auto whole = static_cast<double>(2 * one->figures.clicks + 10 * one->figures.purchases);
  EXPECT_NEAR(one->figures.earned.mean * static_cast<double>(one->figures.users), whole, 1e-6 * whole);
  EXPECT_LT(one->figures.earned.low, one->figures.earned.mean);
  EXPECT_GT(one->figures.earned.high, one->figures.earned.mean);
}

TEST(Simulate, AConfiguredEncoderLearnsAndItsCandidatesAreServed) {
#ifndef RIFFLE_NETWORK
  GTEST_SKIP() << "built without the network module (RIFFLE_NETWORK=OFF)";
#endif
  config::Config config = small();
  const auto without = run(config, "linear");
  config.learner.sequence.encoder = "mean";
  config.learner.sequence.width = 8;
  config.learner.network.device = "cpu";
  const auto with = run(config, "linear"), again = run(config, "linear");
  ASSERT_TRUE(without.ok() && with.ok() && again.ok()) << with.status();
  EXPECT_NE(with->figures.clicks, without->figures.clicks);
  EXPECT_EQ(with->figures.clicks, again->figures.clicks) << "a seed decides";
  config.learner.sequence.encoder = "mena";
  EXPECT_EQ(run(config, "linear").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(InProcess, HearsEveryListsOutcomeAndLeavesOutWhatIsNoEvent) {
  const config::Config config = small();
  auto made = InProcess::create(config, config.policies[0], 1);
  ASSERT_TRUE(made.ok()) << made.status();
  InProcess& process = **made;
  simulation::Customers customers(config.simulation, kSimulationStart);
  for (const auto& item : customers.opening()) process.add(item, kSimulationStart);
  while (const auto step = customers.next()) {
    if (!step->request) continue;
    const auto list = process.list(*step->request);
    EXPECT_EQ(list.items.size(), 10u);
    for (const auto& shown : list.items) EXPECT_GT(shown.propensity, 0);
    process.on_event({list.user_id, step->at, "{not json"});
    for (const auto& event : customers.on_list(list).events) process.on_event(event);
    if (customers.counts().lists == 200) break;
  }
  // A revision with each impression, and one with each click.
  EXPECT_GE(process.outcomes(), 200 + customers.counts().clicks);
  EXPECT_GT(process.trainer()->slots_learned(), 1000u);
}

TEST(OracleShare, IsOneOfTheOracleLessOfChanceAndItsSlicesAreOfAllLists) {
  config::Config config = small();
  config.simulation.bots = 0.1;
  const auto sliced = [&](const std::string& policy) {
    return simulate(config, policy, [] { return false; }, [](double) {}, {.slices = 7});
  };
  for (const char* policy : {"oracle", "uniform", "popularity"}) {
    const auto run = sliced(policy);
    ASSERT_TRUE(run.ok()) << run.status();
    ASSERT_EQ(run->slices.size(), 7u);
    std::uint64_t lists = 0, sessions = 0;
    for (const OracleShare::Slice& slice : run->slices) {
      lists += slice.lists, sessions += slice.sessions;
      EXPECT_LE(slice.chance, slice.best * (1 + 1e-12));
      EXPECT_LT(slice.best, static_cast<double>(slice.lists));
      if (std::string_view(policy) == "oracle") {
        EXPECT_DOUBLE_EQ(slice.chance, slice.best);
      } else {
        EXPECT_LT(slice.chance, 0.9 * slice.best);
      }
    }
    EXPECT_EQ(lists, run->figures.lists);
    EXPECT_NEAR(static_cast<double>(sessions), run->figures.sessions.mean * static_cast<double>(run->figures.users), 1e-6);
  }
}

// Nothing changes what a list is worth, so that every number is known beforehand.
simulation::WorldOptions nothing_changes() {
  simulation::WorldOptions options;
  options.users = 1;
  options.items = 64;
  options.cold_items = 0.5;
  options.satiation = options.boredom = options.age_weight = 0;
  options.taste_half_life = Milliseconds(0);
  options.bots = 0;
  options.cold_users = 0;
  return options;
}

TEST(ColdItems, AreKnownFromWhereTheEstimateStaysNearTheTrueRate) {
  simulation::World world(nothing_changes(), kSimulationStart);
  ColdItems cold(world, true), unwanted(world, false);
  const std::uint32_t old = world.available().front();
  std::uint32_t young = 0;
  TimePoint asked[4];
  double chance = 0;
  const double factors[] = {1.0, 1.2, 1.05, 0.92};   // of the true rate: within, without, and then within for good
  for (int i = 0; i < 4;) {
    const auto due = world.next();
    ASSERT_TRUE(due);
    if (due->kind == simulation::World::Kind::kArrival && young == 0) young = due->item;
    if (due->kind != simulation::World::Kind::kVisit) continue;
    const std::vector<std::uint32_t> list{old, young == 0 ? old + 1 : young};
    if (young != 0) {
      double p[2];
      world.choose(due->user, world.mood(due->user), list, p);
      chance = p[1];
      const std::vector<double> scores{0.5, factors[i] * chance};
      cold.on_list(due->user, list, scores);
      unwanted.on_list(due->user, list, scores);
      asked[i++] = due->at;
    }
    world.answer(due->user, list);
  }
  for (const ColdItem& item : cold.items()) {
    EXPECT_NE(item.item, old);
    EXPECT_LE(*world.item(item.item).published_at, world.now());
    EXPECT_EQ(item.impressions, item.item == young ? 4u : 0u);
    EXPECT_EQ(item.known.has_value(), item.item == young);
    if (item.item != young) continue;
    EXPECT_NEAR(item.rate, chance, 1e-9);
    EXPECT_NEAR(item.estimate, 0.92 * chance, 1e-6);
    EXPECT_EQ(item.known->impressions, 2u);
    EXPECT_EQ(item.known->after, asked[2] - *world.item(young).published_at);
  }
  const std::vector<ColdItem> items = cold.items();
  EXPECT_TRUE(std::any_of(items.begin(), items.end(), [&](const ColdItem& item) { return item.item == young; }));
  EXPECT_TRUE(unwanted.items().empty());
}

TEST(SimulateCommand, SaysASlicesWorthAndHowColdItemsAreLearnedWhereAsked) {
  const std::vector<std::string> command{"simulate", "--policies", "arms", "--set", "simulation.users=20", "--set", "simulation.span=3d",
                                         "--format", "json"};
  const auto plain = riffle(command);
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, ::testing::Not(HasSubstr("slices")));
  EXPECT_THAT(plain.out, ::testing::Not(HasSubstr("cold_items")));
  std::vector<std::string> detailed = command;
  for (const char* more : {"--slices", "2", "--cold-items"}) detailed.emplace_back(more);
  const auto result = riffle(detailed);
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* what : {"\"slices\":[{\"sessions\":", "\"best\":", "\"cold_items\":[{\"item\":", "\"rate\":0."})
    EXPECT_THAT(result.out, HasSubstr(what));
}

TEST(SimulateCommand, SaysALineAPolicyAndSeed) {
  const auto result = riffle({"simulate", "--policies", "uniform,popularity", "--seeds", "2", "--set", "simulation.users=20",
                              "--set", "simulation.span=3d", "--format", "json"});
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* what : {"\"policy\":\"uniform\",\"seed\":1", "\"policy\":\"popularity\",\"seed\":2", "\"earned_per_user\":{\"mean\":",
                           "\"first_day_clicks_per_user\":", "\"satisfaction\":"})
    EXPECT_THAT(result.out, HasSubstr(what));
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 4);
}

TEST(SimulateCommand, RefusesAWorldThatCannotBe) {
  const auto result = riffle({"simulate", "--set", "simulation.items=5"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("items must be at least the number of categories"));
  EXPECT_EQ(riffle({"simulate", "--policies", "lineer"}).code, 2);
}

}  // namespace
}  // namespace riffle::app
