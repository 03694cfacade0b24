#include "state/row_comparison.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "base/rng.h"
#include "state/memory_store.h"

namespace riffle::state {
namespace {

using Rows = std::map<std::string, std::string>;

MemoryStore& put(MemoryStore& store, const Rows& rows) {
  WriteBatch batch;
  for (const auto& [key, value] : rows) batch.put(Column::kUsers, key, value);
  batch.put(Column::kItems, "of another column", "x");
  EXPECT_TRUE(store.write(batch, true).ok());
  return store;
}

RowComparison compare(const Rows& left, const Rows& right) {
  MemoryStore a, b;
  RowComparison comparison;
  EXPECT_TRUE(compare_rows(put(a, left), put(b, right), Column::kUsers, comparison).ok());
  return comparison;
}

TEST(RowComparison, NamesTheRowsThatDifferAndOnWhichSideOthersAreAlone) {
  const auto found = compare({{"a", "1"}, {"b", "2"}, {"d", "4"}}, {{"a", "1"}, {"b", "3"}, {"c", "5"}});
  EXPECT_FALSE(found.same());
  EXPECT_EQ(found.equal, 1U);
  ASSERT_EQ(found.first.size(), 3U);
  EXPECT_EQ(found.first[0].key, "b");
  EXPECT_EQ(found.first[0].kind, RowDifference::Kind::kDifferent);
  EXPECT_EQ(found.first[1].key, "c");
  EXPECT_EQ(found.first[1].kind, RowDifference::Kind::kOnlyRight);
  EXPECT_EQ(found.first[2].key, "d");
  EXPECT_EQ(found.first[2].kind, RowDifference::Kind::kOnlyLeft);
}

TEST(RowComparison, EmptyStoresAreTheSame) { EXPECT_TRUE(compare({}, {}).same()); }

// Larger than what is read at once, keys with zero bytes among them.
TEST(RowComparison, CountsAsAMapDoes) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Rng rng(seed);
    Rows left, right;
    std::uint64_t equal = 0, only_left = 0, only_right = 0, different = 0;
    for (int i = 0; i < 6000; ++i) {
      std::string key = absl::StrCat("k", i / 2);
      if (i % 2 == 1) key += '\0';
      const double kind = rng.uniform();
      if (kind < .7)
        left[key] = right[key] = "same", ++equal;
      else if (kind < .8)
        left[key] = "l", ++only_left;
      else if (kind < .9)
        right[key] = "r", ++only_right;
      else
        left[key] = "l", right[key] = "r", ++different;
    }
    const auto found = compare(left, right);
    EXPECT_EQ(found.equal, equal) << "seed " << seed;
    EXPECT_EQ(found.only_left, only_left) << "seed " << seed;
    EXPECT_EQ(found.only_right, only_right) << "seed " << seed;
    EXPECT_EQ(found.different, different) << "seed " << seed;
    EXPECT_EQ(found.first.size(), RowComparison::kMostNamed);
  }
}

}  // namespace
}  // namespace riffle::state
