// What the users of a simulated world did, a user: for figures with intervals, and without the bots.
#pragma once

#include <cstdint>
#include <vector>

#include "simulation/world.h"

namespace riffle::app {

// A mean a user with its 95 % interval (normal); of fewer than two users the interval is the mean.
struct PerUser {
  double mean = 0, low = 0, high = 0;
};

struct SimulationFigures {
  std::uint64_t users = 0;             // people who came at least once
  std::uint64_t lists = 0, clicks = 0, purchases = 0;
  PerUser earned;                      // clicks and purchases by their rewards
  PerUser first_day_clicks;            // in the 24 hours from his first visit on
  PerUser sessions;
  double clicks_per_list = 0;
  double satisfaction = 0;             // at the end, mean over users
};

class Tally {
 public:
  Tally(std::size_t users, double click_reward, double purchase_reward)
      : users_(users), click_reward_(click_reward), purchase_reward_(purchase_reward) {}

  void on_list(std::uint32_t user, TimePoint asked, bool click);
  void on_purchase(std::uint32_t user) { ++users_[user].purchases; }
  SimulationFigures figures(const simulation::World& world) const;

 private:
  struct User {
    TimePoint first = kNoTime;
    std::uint64_t lists = 0, clicks = 0, purchases = 0, first_day_clicks = 0;
  };
  std::vector<User> users_;
  double click_reward_, purchase_reward_;
};

}  // namespace riffle::app
