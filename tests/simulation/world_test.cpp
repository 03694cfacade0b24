#include "simulation/world.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "serving/chi_square.h"

namespace riffle::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimePoint kStart = from_ms(1'767'571'200'000);

// Nothing changes anybody: the same list has the same probabilities for ever.
WorldOptions still() {
  WorldOptions options;
  options.users = 50;
  options.items = 64;
  options.satiation = options.boredom = options.age_weight = 0;
  options.stay_weight = options.return_weight = 0;
  options.taste_half_life = Milliseconds(0);
  options.cold_items = options.cold_users = options.bots = 0;
  return options;
}

struct Seen {
  World::Due due;
  std::vector<std::uint32_t> list;
  World::Reply reply;
  friend bool operator==(const Seen& a, const Seen& b) {
    return a.due.at == b.due.at && a.due.user == b.due.user && a.list == b.list && a.reply.taken == b.reply.taken &&
           a.reply.next == b.reply.next;
  }
};
using Policy = std::function<std::vector<std::uint32_t>(const World&, std::uint32_t user)>;

std::vector<Seen> run(World& world, const Policy& policy, const std::function<void(const World::Due&)>& other = {}) {
  std::vector<Seen> seen;
  while (const auto due = world.next()) {
    if (due->kind != World::Kind::kVisit) {
      if (other) other(*due);
      continue;
    }
    const std::vector<std::uint32_t> list = policy(world, due->user);
    seen.push_back({*due, list, world.answer(due->user, list)});
  }
  return seen;
}

std::vector<std::uint32_t> first_ten(const World& world, std::uint32_t) {
  return {world.available().begin(), world.available().begin() + 10};
}

// The ten best, or worst, of what there is by quality.
Policy by_quality(bool best) {
  return [best](const World& world, std::uint32_t) {
    std::vector<std::uint32_t> items(world.available().begin(), world.available().end());
    std::sort(items.begin(), items.end(), [&](std::uint32_t a, std::uint32_t b) {
      return best ? world.quality(a) > world.quality(b) : world.quality(a) < world.quality(b);
    });
    items.resize(10);
    return items;
  };
}

double sessions(const World& world) {
  double sum = 0;
  for (std::uint32_t u = 0; u < world.users(); ++u) sum += world.session(u);
  return sum / static_cast<double>(world.users());
}

TEST(World, WhatIsTakenFollowsTheConditionalLogit) {
  WorldOptions options = still();
  options.users = 1;
  options.session_length = 1e6;
  World world(options, kStart);
  const auto list = first_ten(world, 0);
  std::vector<double> p(list.size());
  const double total = world.choose(0, world.mood(0), list, p);
  double sum = 0;
  for (std::size_t k = 0; k < list.size(); ++k) {
    const double v = std::exp(static_cast<double>(world.utility(0, world.mood(0), list[k])));
    EXPECT_NEAR(p[k], world.examination(k) * v / total, 1e-6);
    sum += p[k];
  }
  p.push_back(1 - sum);
  std::vector<std::size_t> counts(p.size(), 0);
  const auto seen = run(world, [&](const World&, std::uint32_t) { return list; });
  for (const Seen& one : seen) ++counts[one.reply.taken < 0 ? list.size() : static_cast<std::size_t>(one.reply.taken)];
  ASSERT_GT(seen.size(), 10000u);
  EXPECT_LT(serving::chi_square_deviations(p, counts), 4);
}

TEST(World, ALowerPositionIsWorthLessOfTheSameItem) {
  World world(still(), kStart);
  const auto list = first_ten(world, 0);
  std::vector<std::uint32_t> turned(list.rbegin(), list.rend());
  std::vector<double> p(10), q(10);
  world.choose(0, world.mood(0), list, p);
  world.choose(0, world.mood(0), turned, q);
  const auto odds = [](const std::vector<double>& chances, std::size_t k) {
    double nothing = 1;
    for (const double one : chances) nothing -= one;
    return chances[k] / nothing;
  };
  EXPECT_NEAR(odds(p, 0) / odds(q, 9), std::pow(still().examination_decay, -9), 1e-4);
}

TEST(World, TheSameSeedIsTheSameWorldAndAnotherIsAnother) {
  WorldOptions options;
  options.users = 40;
  World one(options, kStart), twin(options, kStart);
  options.seed = 2;
  World other(options, kStart);
  const auto seen = run(one, first_ten);
  EXPECT_GT(seen.size(), 500u);
  EXPECT_EQ(seen, run(twin, first_ten));
  EXPECT_NE(seen, run(other, first_ten));
}

TEST(World, WhatAUserDoesDoesNotDependOnTheListsOfOthers) {
  const auto of_user_3 = [](const Policy& policy) {
    WorldOptions options;
    options.users = 20;
    options.cold_items = 0;
    World world(options, kStart);
    std::vector<Seen> mine;
    for (const Seen& one : run(world, policy))
      if (one.due.user == 3) mine.push_back(one);
    return mine;
  };
  const auto apart = [](const World& world, std::uint32_t user) {
    return user == 3 ? first_ten(world, user) : by_quality(true)(world, user);
  };
  EXPECT_EQ(of_user_3(first_ten), of_user_3(apart));
}

TEST(World, SatiationGrowsWithWhatIsTakenAndHalvesInItsHalfLife) {
  WorldOptions options;
  options.satiation = 0.7;
  options.satiation_half_life = hours(6);
  World world(options, kStart);
  const auto list = first_ten(world, 0);
  World::Mood mood = world.mood(0);
  const float fresh = world.utility(0, mood, list[2]);
  world.take(mood, list, 2);
  EXPECT_NEAR(world.utility(0, mood, list[2]), fresh - 0.7F, 1e-5);  // taken, it does not bore
  const TimePoint at = mood.at;
  world.settle(mood, at + hours(6));
  EXPECT_NEAR(mood.satiation[world.category(list[2])], 0.5, 1e-6);
  world.settle(mood, at + hours(60));
  EXPECT_NEAR(mood.satiation[world.category(list[2])], 0, 1e-3);
}

TEST(World, WhatIsShownAgainAndAgainBoresUntilOthersTakeItsPlaceInMemory) {
  WorldOptions options = still();
  options.boredom = 0.2;
  World world(options, kStart);
  World::Mood mood = world.mood(0);
  const auto list = first_ten(world, 0);
  const float fresh = world.utility(0, mood, list[4]);
  for (int i = 0; i < 3; ++i) world.take(mood, list, -1);
  EXPECT_NEAR(world.utility(0, mood, list[4]), fresh - 3 * 0.2F, 1e-5);
  const std::vector<std::uint32_t> others(world.available().begin() + 20, world.available().begin() + 30);
  for (int i = 0; i < 7; ++i) world.take(mood, others, -1);
  EXPECT_NEAR(world.utility(0, mood, list[4]), fresh, 1e-5);
}

TEST(World, SatisfactionMovesToTheQualityTakenAndFallsWithNothing) {
  WorldOptions options;
  options.satisfaction_rate = 0.25;
  options.idle_rate = 0.1;
  World world(options, kStart);
  World::Mood mood = world.mood(0);
  const auto list = first_ten(world, 0);
  world.take(mood, list, 3);
  const float after = 0.5F + 0.25F * (world.quality(list[3]) - 0.5F);
  EXPECT_NEAR(mood.satisfaction, after, 1e-6);
  world.take(mood, list, -1);
  EXPECT_NEAR(mood.satisfaction, 0.9F * after, 1e-6);
}

TEST(World, TheSatisfiedStayLongerAndComeBackSooner) {
  WorldOptions options = still();
  options.stay_weight = 3;
  options.return_weight = 2;
  World good(options, kStart), bad(options, kStart);
  const double lists_good = static_cast<double>(run(good, by_quality(true)).size());
  const double lists_bad = static_cast<double>(run(bad, by_quality(false)).size());
  EXPECT_GT(sessions(good), 1.3 * sessions(bad));
  EXPECT_GT(lists_good / sessions(good), 1.3 * lists_bad / sessions(bad));

  World::Mood mood = good.mood(0);
  mood.satisfaction = 0.5F;
  EXPECT_EQ(good.mean_return(mood), options.return_time);
  EXPECT_NEAR(good.stay_probability(mood), 1 - 1 / options.session_length, 1e-9);
  mood.satisfaction = 1;
  EXPECT_NEAR(static_cast<double>(good.mean_return(mood).count()),
              std::exp(-1.0) * static_cast<double>(options.return_time.count()), 1);
}

TEST(World, WhereSatisfactionDoesNotMatterNobodyStaysLongerForIt) {
  WorldOptions options = still();
  options.users = 400;
  World good(options, kStart), bad(options, kStart);
  const double lists_good = static_cast<double>(run(good, by_quality(true)).size());
  const double lists_bad = static_cast<double>(run(bad, by_quality(false)).size());
  EXPECT_NEAR(sessions(good) / sessions(bad), 1, 0.05);
  EXPECT_NEAR(lists_good / lists_bad, 1, 0.05);
}

TEST(World, PurchasesFollowClicksLaterAndMoreOfWhatIsGood) {
  WorldOptions options = still();
  options.users = 300;
  options.purchase_base = 0;
  options.purchase_quality = 0.5;
  const auto share = [&](bool best) {
    World world(options, kStart);
    std::map<std::pair<std::uint32_t, std::uint64_t>, TimePoint> clicks;
    double bought = 0, delay_hours = 0;
    std::vector<Seen> seen;
    while (const auto due = world.next()) {
      if (due->kind == World::Kind::kPurchase) {
        const auto click = clicks.find({due->user, due->visit});
        EXPECT_NE(click, clicks.end());
        EXPECT_GE(due->at, click->second);
        delay_hours += std::chrono::duration<double, std::ratio<3600>>(due->at - click->second).count();
        ++bought;
        continue;
      }
      if (world.answer(due->user, by_quality(best)(world, due->user)).taken >= 0)
        clicks[{due->user, due->visit}] = due->at;
    }
    EXPECT_NEAR(delay_hours / bought, 6, 1);
    return bought / static_cast<double>(clicks.size());
  };
  const double good = share(true), bad = share(false);
  EXPECT_NEAR(good, 0.5, 0.05);  // of quality 1, nearly; some are due after the end
  EXPECT_LT(bad, 0.05);
}

TEST(World, ColdItemsAppearInTheSpanAndAreNotThereBefore) {
  WorldOptions options;
  options.users = 30;
  options.items = 200;
  options.cold_items = 0.25;
  World world(options, kStart);
  const std::size_t before = world.available().size();
  EXPECT_NEAR(static_cast<double>(before), 150, 25);
  std::set<std::uint32_t> there(world.available().begin(), world.available().end());
  run(world, first_ten, [&](const World::Due& due) {
    if (due.kind != World::Kind::kArrival) return;
    EXPECT_TRUE(there.insert(due.item).second);
    EXPECT_EQ(due.at, *world.item(due.item).published_at);
    EXPECT_EQ(world.available().size(), there.size());
  });
  EXPECT_GT(there.size(), before + 30);
}

TEST(World, ColdUsersArriveWithinTheSpan) {
  WorldOptions options = still();
  options.users = 400;
  options.cold_users = 0.5;
  World world(options, kStart);
  std::map<std::uint32_t, TimePoint> first;
  for (const Seen& one : run(world, first_ten)) first.try_emplace(one.due.user, one.due.at);
  std::size_t late = 0;
  for (const auto& [user, at] : first) late += at > kStart + options.span / 2;
  EXPECT_NEAR(static_cast<double>(late), 100, 30);
}

TEST(World, TastesDriftAwayFromWhatTheyWere) {
  WorldOptions options;
  options.users = 200;
  options.bots = 0;
  options.cold_users = 0;
  options.taste_half_life = hours(24 * 10);
  const auto correlation = [](const WorldOptions& o) {
    World world(o, kStart);
    std::vector<float> before;
    for (std::uint32_t u = 0; u < world.users(); ++u)
      for (std::size_t c = 0; c < o.categories; ++c) before.push_back(world.taste(u, c));
    run(world, first_ten);
    double xy = 0, xx = 0, yy = 0;
    for (std::uint32_t u = 0; u < world.users(); ++u)
      for (std::size_t c = 0; c < o.categories; ++c) {
        const double x = before[u * o.categories + c], y = world.taste(u, c);
        xy += x * y, xx += x * x, yy += y * y;
      }
    EXPECT_NEAR(yy / xx, 1, 0.15);  // they move, and do not grow
    return xy / std::sqrt(xx * yy);
  };
  EXPECT_NEAR(correlation(options), 0.14, 0.06);  // three half-lives, but for the days since the last session
  options.taste_half_life = Milliseconds(0);
  EXPECT_NEAR(correlation(options), 1, 1e-9);
}

// Pearson's, of two samples.
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto mean = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0) / static_cast<double>(of.size()); };
  const double mean_a = mean(a), mean_b = mean(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

std::vector<double> tastes(const World& world) {
  std::vector<double> all;
  for (std::uint32_t u = 0; u < world.users(); ++u)
    for (std::size_t c = 0; c < world.options().categories; ++c) all.push_back(static_cast<double>(world.taste(u, c)));
  return all;
}

std::vector<double> appeals(const World& world) {
  std::vector<double> all;
  for (std::uint32_t i = 0; i < world.items(); ++i) all.push_back(static_cast<double>(world.appeal(i)));
  return all;
}

TEST(World, AShiftForgetsItsShareAtItsTimeAndIsTheSameWhateverWasShown) {
  WorldOptions options = still();
  options.users = 300;
  options.items = 600;
  options.bait = 0.6;
  options.shift_at = 0.5;
  options.taste_shift = 0.7;
  options.appeal_shift = 0.4;
  World world(options, kStart), other(options, kStart);
  const std::vector<double> tastes_before = tastes(world), appeals_before = appeals(world);
  std::vector<double> qualities;
  for (std::uint32_t i = 0; i < world.items(); ++i) qualities.push_back(static_cast<double>(world.quality(i)));
  run(world, [&](const World& now, std::uint32_t user) {
    const bool shifted = now.taste(0, 0) != static_cast<float>(tastes_before[0]);
    EXPECT_EQ(shifted, now.asked(user) >= kStart + options.span / 2);
    return first_ten(now, user);
  });
  run(other, by_quality(true));
  EXPECT_EQ(tastes(world), tastes(other));
  EXPECT_EQ(appeals(world), appeals(other));
  EXPECT_NEAR(correlation(tastes_before, tastes(world)), 0.3, 0.05);
  // What of the appeal speaks against quality stays: (1 − .36)·(1 − s) + .36.
  EXPECT_NEAR(correlation(appeals_before, appeals(world)), 0.64 * 0.6 + 0.36, 0.07);
  EXPECT_NEAR(correlation(qualities, appeals(world)), -options.bait, 0.08);
  const auto spread = [](const std::vector<double>& of) { return std::sqrt(std::inner_product(of.begin(), of.end(), of.begin(), 0.0)); };
  EXPECT_NEAR(spread(tastes(world)) / spread(tastes_before), 1, 0.05);
  EXPECT_NEAR(spread(appeals(world)) / spread(appeals_before), 1, 0.1);
}

TEST(World, WithoutAShiftNothingShifts) {
  WorldOptions options = still();
  options.taste_shift = options.appeal_shift = 1;   // shift_at is 1: never
  World world(options, kStart);
  const std::vector<double> tastes_before = tastes(world), appeals_before = appeals(world);
  run(world, first_ten);
  EXPECT_EQ(tastes(world), tastes_before);
  EXPECT_EQ(appeals(world), appeals_before);
}

TEST(World, BotsClickAnywhereAlike) {
  WorldOptions options;
  options.users = 20;
  options.bots = 1;
  options.bot_clicks = 0.5;
  World world(options, kStart);
  std::vector<std::size_t> counts(11, 0);
  for (const Seen& one : run(world, first_ten)) ++counts[static_cast<std::size_t>(one.reply.taken + 1)];
  std::vector<double> p(11, 0.05);
  p[0] = 0.5;
  EXPECT_LT(serving::chi_square_deviations(p, counts), 4);
}

TEST(World, ClickbaitAttractsAndDisappoints) {
  WorldOptions options;
  options.bait = 0.9;
  World world(options, kStart);
  double appeal_of_bad = 0, appeal_of_good = 0;
  for (std::uint32_t i = 0; i < world.items(); ++i)
    (world.quality(i) < 0.5F ? appeal_of_bad : appeal_of_good) += static_cast<double>(world.appeal(i));
  EXPECT_GT(appeal_of_bad, 0);
  EXPECT_LT(appeal_of_good, 0);
}

TEST(World, TheOneStepOraclesListIsTakenFromMostOften) {
  WorldOptions options;
  options.items = 20;
  options.categories = 4;
  options.users = 3;
  options.cold_items = 0;
  World world(options, kStart);
  std::vector<std::uint32_t> best;
  world.best_list(1, 3, best);
  const auto taken = [&](const std::vector<std::uint32_t>& list) {
    std::vector<double> p(list.size());
    return 1 - 1 / world.choose(1, world.mood(1), list, p);
  };
  const double most = taken(best);
  for (std::uint32_t a = 0; a < 20; ++a)
    for (std::uint32_t b = 0; b < 20; ++b)
      for (std::uint32_t c = 0; c < 20; ++c) {
        if (a == b || b == c || a == c) continue;
        EXPECT_LE(taken({a, b, c}), most + 1e-9);
      }
}

TEST(WorldOptions, WhatCannotBeIsNamed) {
  WorldOptions options;
  EXPECT_TRUE(validate(options).ok());
  options.items = 3;
  EXPECT_NE(validate(options).message().find("items"), std::string::npos);
  options = {};
  options.bait = 2;
  EXPECT_NE(validate(options).message().find("bait"), std::string::npos);
  options = {};
  options.session_length = std::nan("");
  EXPECT_NE(validate(options).message().find("session_length"), std::string::npos);
}

}  // namespace
}  // namespace riffle::simulation
