#include "serving/sources/best_items.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "serving/candidate_pool.h"

namespace riffle::serving {
namespace {

// Sorting is the oracle; crowds of equal scores are what counting could get wrong.
TEST(BestItems, TheyAreTheBeginningOfAllInOrder) {
  Rng rng(3);
  CandidatePool pool;
  BestItems best;
  for (int round = 0; round < 300; ++round) {
    std::vector<SourcedItem> items(rng.below(round % 10 == 0 ? 1000 : 100));
    for (SourcedItem& item : items) {
      item.item = pool.number_of(ItemKey(rng()));
      item.score = round % 3 == 0 ? static_cast<float>(rng.below(5)) : static_cast<float>(rng.uniform());
      item.evidence = ItemKey(rng());
    }
    std::vector<SourcedItem> sorted = items;
    std::sort(sorted.begin(), sorted.end(), [&](const SourcedItem& a, const SourcedItem& b) {
      return a.score != b.score ? a.score > b.score : pool.at(a.item).key < pool.at(b.item).key;
    });
    const std::size_t wanted = rng.below(120);
    sorted.resize(std::min(wanted, sorted.size()));
    best.keep(wanted, pool, items);
    ASSERT_EQ(items.size(), sorted.size()) << round;
    for (std::size_t i = 0; i < items.size(); ++i) {
      EXPECT_EQ(items[i].item, sorted[i].item) << round << ", " << i;
      EXPECT_EQ(items[i].evidence, sorted[i].evidence) << round << ", " << i;
    }
  }
}

}  // namespace
}  // namespace riffle::serving
