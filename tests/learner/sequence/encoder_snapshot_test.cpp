#include "learner/sequence/encoder_snapshot.h"

#include <gmock/gmock.h>

#include "tests/learner/sequence/snapshots.h"

namespace riffle::learner {
namespace {

using testing::narrow_options;
using testing::random_state;
using testing::snapshot_of;

TEST(EncoderSnapshot, HasOfEveryItemWithARowWhatAStateIsMultipliedWith) {
  SequenceOptions options = narrow_options();
  options.items = 3;  // the first two go again
  const auto state = random_state({{ItemKey(1), CategoryKey(7)}, {ItemKey(2), {}}, {ItemKey(3), CategoryKey(7)}, {ItemKey(4), {}},
                                   {ItemKey(5), CategoryKey(8)}}, options, 3);
  const auto snapshot = snapshot_of(state, options, 9);
  EXPECT_EQ(snapshot->version(), 9U);
  EXPECT_THAT(snapshot->items(), ::testing::UnorderedElementsAre(ItemKey(3), ItemKey(4), ItemKey(5)));
  SequenceTables tables(options);
  ASSERT_TRUE(tables.load(state).ok());
  std::vector<float> row(options.width);
  for (std::size_t i = 0; i < snapshot->items().size(); ++i) {
    const ItemKey item = snapshot->items()[i];
    tables.output(item, tables.category_of(tables.items().find(item.value())), row);
    EXPECT_THAT(snapshot->outputs().subspan(i * options.width, options.width), ::testing::ElementsAreArray(row));
  }
}

TEST(EncoderSnapshot, AStateOfAnotherShapeOrCutShortIsRefused) {
  const SequenceOptions options = narrow_options();
  const pb::SequenceState state = random_state({{ItemKey(1), {}}, {ItemKey(2), {}}}, options, 3);
  const auto code = [&](const SequenceOptions& of, const pb::SequenceState& what) {
    return EncoderSnapshot::make(*sequence_kind(of.encoder), of, what, 1).status().code();
  };
  EXPECT_EQ(code(options, state), absl::StatusCode::kOk);
  SequenceOptions other = options;
  other.encoder = "gru";
  EXPECT_EQ(code(other, state), absl::StatusCode::kFailedPrecondition);
  other = options;
  other.width = 16;
  EXPECT_EQ(code(other, state), absl::StatusCode::kFailedPrecondition);
  other = options;
  other.items = 1;
  EXPECT_EQ(code(other, state), absl::StatusCode::kInvalidArgument) << "more than fit";
  const auto without = [&](auto change) {
    pb::SequenceState changed = state;
    change(changed);
    return code(options, changed);
  };
  EXPECT_EQ(without([](auto& s) { s.clear_online(); }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(without([](auto& s) { s.mutable_items()->clear_rows(); }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(without([](auto& s) { s.clear_category_of(); }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(without([](auto& s) { s.mutable_online(0)->replace(0, 4, "\xff\xff\xff\x7f", 4); }), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace riffle::learner
