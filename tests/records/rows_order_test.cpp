// Members of a list's entry may stand in any order, as protobuf allows, though our writer never
// leaves them so.
#include <gtest/gtest.h>

#include "records/rows.h"

namespace riffle::records {
namespace {

TEST(RowsOrder, MembersOfAnEntryMayStandInAnyOrder) {
  const std::string weight("\x15\x00\x00\x80\x3f", 5);               // field 2: 1.0f
  const std::string key("\x09\x07\x00\x00\x00\x00\x00\x00\x00", 9);  // field 1: 7
  const std::string unknown("\x50\x01", 2);                          // field 10
  ItemRow row;
  const std::string entry = unknown + weight + key;
  ASSERT_TRUE(decode("\x52" + std::string(1, static_cast<char>(entry.size())) + entry, row).ok());
  ASSERT_EQ(row.together.size(), 1u);
  EXPECT_EQ(row.together[0], (Neighbour{ItemKey(7), 1.0f}));

  UserRow user;
  const std::string history = std::string("\x18\x02\x10\x0a", 4) + key;  // type 2, time 5, item 7
  ASSERT_TRUE(
      decode("\x0a" + std::string(1, static_cast<char>(history.size())) + history, user).ok());
  ASSERT_EQ(user.history.size(), 1u);
  EXPECT_EQ(user.history[0], (HistoryEntry{ItemKey(7), 5, InteractionType::kClick, 0, 0}));
}

}  // namespace
}  // namespace riffle::records
