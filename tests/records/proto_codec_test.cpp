#include "records/proto_codec.h"

#include <gtest/gtest.h>

#include "records/riffle.pb.h"
#include "records/rows.h"

namespace riffle {
namespace {

// What state::RowCache does: it finds the codec of its row by the row's own namespace.
template <class Row>
Row through_bytes(const Row& row) {
  std::string bytes;
  encode(row, bytes);
  Row back;
  EXPECT_TRUE(decode(bytes, back).ok());
  return back;
}

TEST(ProtoCodec, MessagesAndRowsAreFoundByTheirNamespace) {
  pb::Join join;
  join.set_recommendation_id("r");
  join.add_rewards(0.5);
  EXPECT_EQ(through_bytes(join).SerializeAsString(), join.SerializeAsString());

  records::UserRow user;
  user.history.push_back({ItemKey(7), 1, records::InteractionType::kView, 1, 1});
  EXPECT_EQ(through_bytes(user), user);

  records::ItemRow item;
  item.item_id.assign("i");
  EXPECT_EQ(through_bytes(item), item);
}

TEST(ProtoCodec, BrokenBytesNameTheMessage) {
  pb::Decision decision;
  const auto status = decode("\xff\xff", decision);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("riffle.pb.Decision"), absl::string_view::npos);
}

}  // namespace
}  // namespace riffle
