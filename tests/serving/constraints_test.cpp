#include "serving/constraints.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::serving {
namespace {

using Paths = std::vector<std::vector<CategoryKey>>;

std::vector<std::span<const CategoryKey>> spans(const Paths& paths) {
  return {paths.begin(), paths.end()};
}

TEST(CategoryCaps, AllowAsManyAsTheCapAmongNeighbouringSlotsAndNoMore) {
  const Paths paths{{CategoryKey(1)}, {CategoryKey(1)}, {CategoryKey(1)}, {CategoryKey(2)}};
  const std::vector<CategoryCap> caps{{.depth = 1, .most = 1, .window = 2}};
  CategoryCaps constraint;
  constraint.reset(caps, spans(paths));
  constraint.add(0);
  EXPECT_FALSE(constraint.allows(1));
  EXPECT_TRUE(constraint.allows(3));
  constraint.add(3);
  EXPECT_TRUE(constraint.allows(1));
}

TEST(CategoryCaps, CountTheCategoryAtTheirDepthAndAShorterPathByItsEnd) {
  const Paths paths{{CategoryKey(1), CategoryKey(11)}, {CategoryKey(1), CategoryKey(12)}, {CategoryKey(1)}, {CategoryKey(1)}};
  const std::vector<CategoryCap> caps{{.depth = 2, .most = 1, .window = 10}};
  CategoryCaps constraint;
  constraint.reset(caps, spans(paths));
  constraint.add(0);
  EXPECT_TRUE(constraint.allows(1));
  constraint.add(2);
  EXPECT_FALSE(constraint.allows(3));
}

TEST(CategoryCaps, NeverTouchItemsWithoutACategory) {
  const Paths paths{{}, {}, {}};
  const std::vector<CategoryCap> caps{{.depth = 1, .most = 1, .window = 10}};
  CategoryCaps constraint;
  constraint.reset(caps, spans(paths));
  constraint.add(0);
  constraint.add(1);
  EXPECT_TRUE(constraint.allows(2));
}

TEST(CategoryCaps, SeveralAllHoldInEveryWindowOfRandomLists) {
  Rng rng(21);
  for (int round = 0; round < 200; ++round) {
    Paths paths;
    for (int i = 0; i < 30; ++i) {
      const std::uint64_t top = 1 + rng.below(4);
      paths.push_back({CategoryKey(top), CategoryKey(10 * top + rng.below(3))});
    }
    const std::vector<CategoryCap> caps{{.depth = 1, .most = 1 + rng.below(3), .window = 1 + rng.below(6)},
                                        {.depth = 2, .most = 1, .window = 1 + rng.below(8)}};
    CategoryCaps constraint;
    constraint.reset(caps, spans(paths));
    std::vector<std::uint32_t> list;
    for (std::uint32_t candidate = 0; candidate < paths.size(); ++candidate) {
      // What the mask says equals what looking at the list says.
      bool naive = true;
      for (const CategoryCap& cap : caps) {
        std::size_t same = 1;
        for (std::size_t back = 1; back < cap.window && back <= list.size(); ++back)
          same += paths[list[list.size() - back]][cap.depth - 1] == paths[candidate][cap.depth - 1];
        naive = naive && same <= cap.most;
      }
      ASSERT_EQ(constraint.allows(candidate), naive) << "round " << round << ", candidate " << candidate;
      if (!naive) continue;
      constraint.add(candidate);
      list.push_back(candidate);
    }
  }
}

}  // namespace
}  // namespace riffle::serving
