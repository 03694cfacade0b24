#include "simulation/oracle.h"

#include <algorithm>
#include <array>

namespace riffle::simulation {
namespace {

// Calls `with` for every way to write `length` different ones of `items` in a row.
void each_list(std::span<const std::uint32_t> items, std::size_t length, std::vector<std::uint32_t>& list,
               const std::function<void(std::span<const std::uint32_t>)>& with) {
  if (list.size() == std::min(length, items.size())) return with(list);
  for (const std::uint32_t item : items) {
    if (std::find(list.begin(), list.end(), item) != list.end()) continue;
    list.push_back(item);
    each_list(items, length, list, with);
    list.pop_back();
  }
}

}  // namespace

double SessionTree::value(const World::Mood& mood, std::span<const std::uint32_t> list,
                          const std::function<double(const World::Mood&)>& later) const {
  std::array<double, World::kRemembered> p;
  const auto chances = std::span(p).first(list.size());
  world->choose(user, mood, list, chances);
  double nothing = 1, sum = 0;
  const auto after = [&](std::int32_t taken) {
    World::Mood next = mood;
    world->take(next, list, taken);
    const double stays = world->stay_probability(next);
    world->settle(next, mood.at + world->options().think_time);
    return stays * later(next);
  };
  for (std::size_t k = 0; k < list.size(); ++k) {
    nothing -= p[k];
    sum += p[k] * (1 + after(static_cast<std::int32_t>(k)));
  }
  return sum + nothing * after(-1);
}

double SessionTree::best(const World::Mood& mood, std::span<const std::uint32_t> items) const {
  return best(mood, items, lists);
}

double SessionTree::best(const World::Mood& mood, std::span<const std::uint32_t> items, std::size_t left) const {
  if (left == 0) return 0;
  double most = 0;
  std::vector<std::uint32_t> list;
  each_list(items, length, list, [&](std::span<const std::uint32_t> one) {
    most = std::max(most, value(mood, one, [&](const World::Mood& next) { return best(next, items, left - 1); }));
  });
  return most;
}

double SessionTree::of(const World::Mood& mood, const Policy& policy) const { return of(mood, policy, lists); }

double SessionTree::of(const World::Mood& mood, const Policy& policy, std::size_t left) const {
  if (left == 0) return 0;
  std::vector<std::uint32_t> list;
  policy(mood, list);
  return value(mood, list, [&](const World::Mood& next) { return of(next, policy, left - 1); });
}

}  // namespace riffle::simulation
