// What the users of a simulated world did, a user: for figures with intervals, and without the bots.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/catalogue.h"
#include "simulation/world.h"

namespace riffle::app {

// How unlike the items of a list are (serving/slate_distance.h), mean over lists.
struct ListDistances {
  double category_mean = 0, category_smallest = 0, title_mean = 0, title_smallest = 0;
};

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
  ListDistances distances;
  struct Segment {
    std::uint64_t lists = 0, clicks = 0;
    double diversity = 0, distance = 0;   // the weights that the lists were made with, and their distances by category: means
  };
  std::map<std::string, Segment> segments;   // of a Riffle's lists: bots' not
};

class Tally {
 public:
  // Of a world; it outlives the tally.
  Tally(const simulation::World& world, double click_reward, double purchase_reward);

  void on_list(std::uint32_t user, TimePoint asked, bool click);
  // The same list's user's segment, the weight that it was made with, and its items.
  void on_segment(std::uint32_t user, std::string_view segment, double diversity, std::span<const std::uint32_t> list, bool click);
  // Bots' lists count, too. One in kMeasured is measured.
  void measure(std::span<const std::uint32_t> list);
  void on_purchase(std::uint32_t user) { ++users_[user].purchases; }
  SimulationFigures figures() const;

 private:
  static constexpr std::uint64_t kMeasured = 8;

  struct User {
    TimePoint first = kNoTime;
    std::uint64_t lists = 0, clicks = 0, purchases = 0, first_day_clicks = 0;
  };
  const simulation::World& world_;
  std::vector<User> users_;
  double click_reward_, purchase_reward_;
  std::vector<features::CatalogueItem> items_;             // of the world, as a catalogue has them
  std::vector<const features::CatalogueItem*> list_;
  std::map<std::string, SimulationFigures::Segment, std::less<>> segments_;   // sums, where the figures have means
  ListDistances sums_;
  std::uint64_t lists_ = 0, measured_ = 0;
};

}  // namespace riffle::app
