#include "app/simulate/tally.h"

#include <cmath>
#include <functional>

namespace riffle::app {
namespace {

class Mean {
 public:
  void add(double x) { ++count_, sum_ += x, squares_ += x * x; }
  double mean() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : 0; }
  PerUser interval() const {
    const double m = mean();
    if (count_ < 2) return {m, m, m};
    const auto n = static_cast<double>(count_);
    const double half = 1.96 * std::sqrt(std::max(0.0, squares_ / n - m * m) / (n - 1));
    return {m, m - half, m + half};
  }

 private:
  std::uint64_t count_ = 0;
  double sum_ = 0, squares_ = 0;
};

}  // namespace

void Tally::on_list(std::uint32_t user, TimePoint asked, bool click) {
  User& one = users_[user];
  if (one.first == kNoTime) one.first = asked;
  ++one.lists;
  if (!click) return;
  ++one.clicks;
  one.first_day_clicks += asked - one.first < std::chrono::hours(24);
}

SimulationFigures Tally::figures(const simulation::World& world) const {
  SimulationFigures figures;
  Mean earned, first_day, sessions, satisfaction;
  for (std::uint32_t u = 0; u < users_.size(); ++u) {
    const User& user = users_[u];
    if (world.bot(u) || user.lists == 0) continue;
    ++figures.users;
    figures.lists += user.lists;
    figures.clicks += user.clicks;
    figures.purchases += user.purchases;
    earned.add(click_reward_ * static_cast<double>(user.clicks) + purchase_reward_ * static_cast<double>(user.purchases));
    first_day.add(static_cast<double>(user.first_day_clicks));
    sessions.add(static_cast<double>(world.session(u)));
    satisfaction.add(static_cast<double>(world.mood(u).satisfaction));
  }
  figures.earned = earned.interval();
  figures.first_day_clicks = first_day.interval();
  figures.sessions = sessions.interval();
  figures.satisfaction = satisfaction.mean();
  if (figures.lists > 0) figures.clicks_per_list = static_cast<double>(figures.clicks) / static_cast<double>(figures.lists);
  return figures;
}

}  // namespace riffle::app
