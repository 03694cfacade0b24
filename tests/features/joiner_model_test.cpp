// The joiner against a naive join: random orders of lists, rewards and time, with restarts, against
// a computation that looks at the whole log for every reward.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/rng.h"
#include "features/join_fixture.h"

namespace riffle::features {
namespace {

using namespace testing;

constexpr std::int64_t kClickWindow = 10 * kMinute;
constexpr std::int64_t kPurchaseWindow = 25 * kMinute;
constexpr std::int64_t kLastTouch = 8 * kMinute;

RowOptions row_options() {
  RowOptions rows;
  rows.types = {{"click", 1, 1, Milliseconds(kClickWindow)},
                {"purchase", 5, 3, Milliseconds(kPurchaseWindow)}};
  return rows;
}

struct Step {
  std::int64_t time = 0;  // shard time; a tick to it comes first
  std::optional<pb::Decision> decision;
  std::string user, item, list;  // a reward; list may be empty, or one that comes later or never
  bool purchase = false;
  std::int64_t event_time = 0;
};

class NaiveJoin {
 public:
  explicit NaiveJoin(const std::vector<Step>& log) : log_(log) {
    for (std::size_t i = 0; i < log.size(); ++i)
      if (!log[i].decision) join(i);
  }
  std::map<std::string, std::vector<double>> totals;

 private:
  std::int64_t closes(std::size_t decided) const { return log_[decided].time + kPurchaseWindow; }

  void join(std::size_t at) {
    const Step& step = log_[at];
    if (step.list.empty()) return last_touch(at, step, step.time + 1);
    const std::int64_t gives_up = step.time + (step.purchase ? kPurchaseWindow : kClickWindow);
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (i > at && log_[i].time >= gives_up) return last_touch(i, step, gives_up);
      if (!log_[i].decision || log_[i].decision->recommendation_id() != step.list) continue;
      if (i < at && step.time >= closes(i)) return;  // late
      return give(*log_[i].decision, step);
    }
    last_touch(log_.size(), step, gives_up);
  }

  // Among the lists made before step `at` whose windows close at `open_until` or later: a reward
  // that gives up waiting at the very time at which a list closes still finds it, one that comes
  // then does not.
  void last_touch(std::size_t at, const Step& step, std::int64_t open_until) {
    for (std::size_t i = at; i-- > 0;) {
      const auto& decision = log_[i].decision;
      if (!decision || decision->user_id() != step.user || closes(i) < open_until) continue;
      if (decision->time_ms() > step.event_time) continue;
      if (decision->time_ms() < step.event_time - kLastTouch) return;
      for (const auto& slot : decision->slots())
        if (slot.item_id() == step.item) return give(*decision, step);
    }
  }

  void give(const pb::Decision& decision, const Step& step) {
    const std::int64_t window = step.purchase ? kPurchaseWindow : kClickWindow;
    if (decision.user_id() != step.user || step.event_time > decision.time_ms() + window) return;
    auto& total = totals[decision.recommendation_id()];
    total.resize(static_cast<std::size_t>(decision.slots_size()));
    for (int i = 0; i < decision.slots_size(); ++i)
      if (decision.slots(i).item_id() == step.item) {
        total[static_cast<std::size_t>(i)] += step.purchase ? 3 : 1;
        return;
      }
  }

  const std::vector<Step>& log_;
};

// Revisions follow each other, the last one closes, and every slot's features are learned from
// once.
void expect_whole_chains(const std::vector<pb::Outcome>& outcomes) {
  std::map<std::string, const pb::Outcome*> last;
  for (const pb::Outcome& outcome : outcomes) {
    const pb::Outcome*& before = last[outcome.recommendation_id()];
    ASSERT_EQ(outcome.revision(), before ? before->revision() + 1 : 0);
    ASSERT_FALSE(before && before->closed());
    for (int i = 0; i < outcome.slots_size(); ++i) {
      const auto& slot = outcome.slots(i);
      ASSERT_EQ(slot.previous_reward(), before ? before->slots(i).reward() : 0);
      ASSERT_EQ(slot.newly_exposed(), slot.exposed() && !(before && before->slots(i).exposed()));
      ASSERT_TRUE(slot.exposed() || slot.reward() == 0);
    }
    before = &outcome;
  }
  for (const auto& [id, outcome] : last) EXPECT_TRUE(outcome->closed()) << id;
}

TEST(Joiner, EqualsANaiveJoinWhateverTheOrder) {
  double rewards_given = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    JoinOptions options;
    options.last_touch_window = Milliseconds(kLastTouch);
    options.open_decisions_per_user = 1000;
    if (seed % 2 == 0) options.impression_surfaces = {"home"};
    Joins joins(options, row_options());
    std::vector<Step> log;
    int made = 0;
    for (int i = 0; i < 150; ++i) {
      joins.tick(static_cast<std::int64_t>(rng.below(2 * kMinute)));
      Step step;
      step.time = joins.now;
      const std::string user = "u" + std::to_string(rng.below(3));
      if (rng.below(3) == 0) {
        std::vector<std::string> items;
        for (std::uint64_t n = rng.below(5); n > 0; --n)
          items.push_back("i" + std::to_string(5 * n + rng.below(5)));
        step.decision = joins.decide("r" + std::to_string(made++), user, items);
      } else {
        step.user = user;
        step.item = "i" + std::to_string(5 + rng.below(20));
        step.purchase = rng.below(4) == 0;
        // One that was, one that is still to come, or one that never comes.
        if (rng.below(3) != 0)
          step.list = "r" + std::to_string(rng.below(static_cast<std::uint64_t>(made) + 4));
        step.event_time = joins.now;
        joins.act(step.purchase ? "purchase" : "click", step.user, step.item, step.list);
      }
      log.push_back(step);
      if (rng.below(12) == 0) joins.restart();
    }
    joins.tick(10 * kPurchaseWindow);
    expect_whole_chains(joins.outcomes);
    EXPECT_EQ(joins.joiner->open_windows(), 0U);

    const NaiveJoin naive(log);
    std::map<std::string, std::vector<double>> totals;
    for (const pb::Outcome& outcome : joins.outcomes) {
      std::vector<double> rewards;
      double sum = 0;
      for (const auto& slot : outcome.slots())
        rewards.push_back(slot.reward()), sum += slot.reward();
      if (sum != 0) totals[outcome.recommendation_id()] = rewards;
      if (outcome.closed()) rewards_given += sum;
    }
    auto expected = naive.totals;
    std::erase_if(expected, [](const auto& entry) {
      return std::all_of(entry.second.begin(), entry.second.end(),
                         [](double reward) { return reward == 0; });
    });
    EXPECT_EQ(totals, expected);
  }
  EXPECT_GT(rewards_given, 300) << "the logs are rich enough to say something";
}

TEST(Joiner, TheSameLogGivesTheSameOutcomesInTheSameOrderWithRestartsOrWithout) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    const auto run = [&](bool restarts) {
      Rng rng(seed);
      JoinOptions options;
      options.waiting_rewards = 5;
      Joins joins(options, row_options());
      for (int i = 0; i < 200; ++i) {
        joins.tick(static_cast<std::int64_t>(rng.below(3 * kMinute)));
        const std::string user = "u" + std::to_string(rng.below(4));
        const std::string item = "i" + std::to_string(rng.below(6));
        if (rng.below(3) == 0) {
          joins.decide("r" + std::to_string(i), user, {item, "i1", "i2"});
        } else {
          const std::string type = rng.below(3) == 0 ? "purchase" : "click";
          joins.act(
              type, user, item,
              rng.below(2) == 0 ? "" : "r" + std::to_string(i + static_cast<int>(rng.below(9))));
        }
        if (restarts && i % 17 == 0) joins.restart();
      }
      std::string bytes;
      for (const pb::Outcome& outcome : joins.outcomes) bytes += outcome.SerializeAsString();
      return bytes;
    };
    EXPECT_EQ(run(false), run(true));
  }
}

}  // namespace
}  // namespace riffle::features
