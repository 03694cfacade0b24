// What can be earned of one session, by enumeration: for worlds of a few items. Every list of the items in every order, everything
// that can be taken of it, and whether he stays are branches; the tree is (lists · (1 + length))^depth wide, so five items, lists
// of two and four lists ahead take a second.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "simulation/world.h"

namespace riffle::simulation {

// A session from `mood` on, as a tree: between two lists lies exactly think_time, where the world draws it.
struct SessionTree {
  const World* world = nullptr;
  std::uint32_t user = 0;
  std::size_t length = 1;                    // of a list
  std::size_t lists = 1;                     // at most so many, the first included

  // The most that any policy can expect to be taken in them.
  double best(const World::Mood& mood, std::span<const std::uint32_t> items) const;
  // What a policy can, which fills `list` by the user's mood.
  using Policy = std::function<void(const World::Mood& mood, std::vector<std::uint32_t>& list)>;
  double of(const World::Mood& mood, const Policy& policy) const;

 private:
  double best(const World::Mood& mood, std::span<const std::uint32_t> items, std::size_t left) const;
  double of(const World::Mood& mood, const Policy& policy, std::size_t left) const;
  // Of a list: what is taken now, and `later` of the mood after it, where he stays.
  double value(const World::Mood& mood, std::span<const std::uint32_t> list,
               const std::function<double(const World::Mood&)>& later) const;
};

}  // namespace riffle::simulation
