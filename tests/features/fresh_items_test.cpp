#include "features/fresh_items.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "state/memory_store.h"

namespace riffle::features {
namespace {

class FreshItemsTest : public testing::Test {
 protected:
  state::MemoryStore store;
  state::RowCache<records::UserRow> users{&store, state::Column::kUsers, 100};
  state::RowCache<records::ItemRow> items{&store, state::Column::kItems, 100};
  EventRows rows{{}, &users, &items};
  FreshItems fresh{&rows};
  const ItemKey a = item_key("a"), b = item_key("b");
};

TEST_F(FreshItemsTest, AnItemIsFreshFromItsEditUntilWhatWasToldOfItIsHeard) {
  EXPECT_TRUE(fresh.empty());
  rows.touch(a);
  EXPECT_TRUE(fresh.contains(a));
  EXPECT_FALSE(fresh.contains(b));
  fresh.told(7, rows.take_touched());
  EXPECT_TRUE(fresh.contains(a));
  fresh.heard(6);
  EXPECT_TRUE(fresh.contains(a));
  fresh.heard(7);
  EXPECT_FALSE(fresh.contains(a));
  EXPECT_TRUE(fresh.empty());
}

TEST_F(FreshItemsTest, AnItemEditedAgainMeanwhileStaysFresh) {
  rows.touch(a);
  fresh.told(7, rows.take_touched());
  rows.touch(a);
  rows.touch(b);
  fresh.heard(7);
  EXPECT_TRUE(fresh.contains(a));
  fresh.told(8, rows.take_touched());
  rows.touch(b);
  fresh.told(9, rows.take_touched());
  fresh.heard(8);
  EXPECT_FALSE(fresh.contains(a));
  EXPECT_TRUE(fresh.contains(b));
  fresh.heard(12);
  EXPECT_TRUE(fresh.empty());
}

}  // namespace
}  // namespace riffle::features
