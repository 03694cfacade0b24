#include "app/simulate/tally.h"

#include <cmath>
#include <functional>

#include "serving/slate_distance.h"

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

Tally::Tally(const simulation::World& world, double click_reward, double purchase_reward)
    : world_(world), users_(world.users()), click_reward_(click_reward), purchase_reward_(purchase_reward) {
  for (std::uint32_t i = 0; i < world.items(); ++i) items_.push_back(features::make_catalogue_item(world.item(i), world.start()));
}

void Tally::measure(std::span<const std::uint32_t> list) {
  if (lists_++ % kMeasured != 0) return;
  list_.clear();
  for (const std::uint32_t item : list) list_.push_back(&items_[item]);
  const auto category = serving::category_distances(list_), title = serving::title_distances(list_);
  if (!category || !title) return;
  ++measured_;
  sums_.category_mean += category->mean;
  sums_.category_smallest += category->smallest;
  sums_.title_mean += title->mean;
  sums_.title_smallest += title->smallest;
}

void Tally::on_list(std::uint32_t user, TimePoint asked, bool click) {
  User& one = users_[user];
  if (one.first == kNoTime) one.first = asked;
  ++one.lists;
  if (!click) return;
  ++one.clicks;
  one.first_day_clicks += asked - one.first < std::chrono::hours(24);
}

void Tally::on_segment(std::uint32_t user, std::string_view segment, double diversity, std::span<const std::uint32_t> list,
                       bool click) {
  if (world_.bot(user)) return;
  auto known = segments_.find(segment);
  if (known == segments_.end()) known = segments_.emplace(std::string(segment), SimulationFigures::Segment{}).first;
  SimulationFigures::Segment& sums = known->second;
  ++sums.lists;
  sums.clicks += click;
  sums.diversity += diversity;
  list_.clear();
  for (const std::uint32_t item : list) list_.push_back(&items_[item]);
  sums.distance += serving::category_distance(list_).value_or(0);
}

SimulationFigures Tally::figures() const {
  SimulationFigures figures;
  for (const auto& [name, sums] : segments_) {
    const auto lists = static_cast<double>(sums.lists);
    figures.segments[name] = {sums.lists, sums.clicks, sums.diversity / lists, sums.distance / lists};
  }
  Mean earned, first_day, sessions, satisfaction;
  for (std::uint32_t u = 0; u < users_.size(); ++u) {
    const User& user = users_[u];
    if (world_.bot(u) || user.lists == 0) continue;
    ++figures.users;
    figures.lists += user.lists;
    figures.clicks += user.clicks;
    figures.purchases += user.purchases;
    earned.add(click_reward_ * static_cast<double>(user.clicks) + purchase_reward_ * static_cast<double>(user.purchases));
    first_day.add(static_cast<double>(user.first_day_clicks));
    sessions.add(static_cast<double>(world_.session(u)));
    satisfaction.add(static_cast<double>(world_.mood(u).satisfaction));
  }
  figures.earned = earned.interval();
  figures.first_day_clicks = first_day.interval();
  figures.sessions = sessions.interval();
  figures.satisfaction = satisfaction.mean();
  if (figures.lists > 0) figures.clicks_per_list = static_cast<double>(figures.clicks) / static_cast<double>(figures.lists);
  if (measured_ > 0) {
    const auto count = static_cast<double>(measured_);
    figures.distances = {.category_mean = sums_.category_mean / count,
                         .category_smallest = sums_.category_smallest / count,
                         .title_mean = sums_.title_mean / count,
                         .title_smallest = sums_.title_smallest / count};
  }
  return figures;
}

}  // namespace riffle::app
