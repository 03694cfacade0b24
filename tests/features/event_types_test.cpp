#include "features/event_types.h"

#include <gtest/gtest.h>

#include <limits>

namespace riffle::features {
namespace {

using records::Event;
using records::InteractionType;

Event interaction(std::string_view type, double value = 1) {
  Event event;
  event.type = records::interaction_type(type);
  event.type_name = type;
  event.value = value;
  return event;
}

TEST(EventTypes, ThePurchaseWeighsMoreThanTheClickAndTheClickMoreThanTheView) {
  const EventTypes types({});
  EXPECT_GT(types.weight(interaction("purchase")), types.weight(interaction("click")));
  EXPECT_GT(types.weight(interaction("click")), types.weight(interaction("view")));
  EXPECT_LT(types.weight(interaction("remove_from_cart")), 0);
  EXPECT_EQ(types.reward(interaction("click")), 1);
  EXPECT_EQ(types.reward(interaction("view")), 0);
  EXPECT_LT(types.reward(interaction("dislike")), 0);
  EXPECT_EQ(types.longest_window(), std::chrono::hours(24 * 7));
}

TEST(EventTypes, ACustomTypeWeighsWhatTheConfigurationSaysAndAnUnknownOneNothing) {
  const EventTypes types(
      {{"wishlist", 3, 0.5, Milliseconds(10)}, {"wishlist", 4, 0.5, Milliseconds(20)}});
  EXPECT_EQ(types.weight(interaction("wishlist")), 4);
  EXPECT_EQ(types.reward(interaction("wishlist")), 0.5);
  EXPECT_EQ(types.reward_window(interaction("wishlist")), Milliseconds(20));
  EXPECT_EQ(types.weight(interaction("hover")), 0);
  EXPECT_EQ(types.weight(interaction("click")), 0) << "only what is named is worth anything";
  EXPECT_EQ(types.longest_window(), Milliseconds(20));
}

TEST(EventTypes, ARatingCountsByItsStarsAndAPurchaseNotByItsQuantity) {
  const EventTypes types({});
  EXPECT_DOUBLE_EQ(types.weight(interaction("rating", 5)), 2);
  EXPECT_DOUBLE_EQ(types.weight(interaction("rating", 2.5)), 0);
  EXPECT_LT(types.weight(interaction("rating", 1)), 0);
  EXPECT_DOUBLE_EQ(types.weight(interaction("rating", 1000)), 2);
  EXPECT_EQ(types.weight(interaction("rating", std::numeric_limits<double>::quiet_NaN())), 0);
  EXPECT_EQ(types.weight(interaction("purchase", 12)), types.weight(interaction("purchase", 1)));
}

}  // namespace
}  // namespace riffle::features
