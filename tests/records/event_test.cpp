#include "records/event.h"

#include <gtest/gtest.h>

#include <set>

#include "records/dead_letter.h"

namespace riffle::records {
namespace {

TEST(InteractionTypes, EveryNameLeadsBackToItsType) {
  for (std::size_t i = 0; i < kInteractionTypes; ++i) {
    const auto type = static_cast<InteractionType>(i);
    EXPECT_EQ(interaction_type(name_of(type)), type);
  }
}

TEST(InteractionTypes, AnUnknownNameIsOther) {
  EXPECT_EQ(interaction_type("teleport"), InteractionType::kOther);
  EXPECT_EQ(interaction_type(""), InteractionType::kOther);
  EXPECT_EQ(interaction_type("Click"), InteractionType::kOther);
}

TEST(InteractionTypes, StoredNumbersNeverMove) {
  EXPECT_EQ(static_cast<int>(InteractionType::kView), 1);
  EXPECT_EQ(static_cast<int>(InteractionType::kPurchase), 5);
  EXPECT_EQ(static_cast<int>(InteractionType::kSearch), 10);
}

TEST(Event, ClearLeavesNothingOfTheRecordBefore) {
  Event event;
  event.kind = EventKind::kImpression;
  event.type = InteractionType::kClick;
  event.type_name = "click";
  event.event_id.assign("e");
  event.timestamp = from_ms(1);
  event.user_id.assign("u");
  event.session_id.assign("s");
  event.item_id.assign("i");
  event.value = 3;
  event.recommendation_id.assign("r");
  event.position = 2;
  event.surface = "home";
  event.items.resize(2);
  event.fields = "{}";
  event.clear();
  EXPECT_EQ(event.kind, EventKind::kInteraction);
  EXPECT_EQ(event.type, InteractionType::kOther);
  EXPECT_TRUE(event.type_name.empty() && event.event_id.empty() && event.user_id.empty() &&
              event.session_id.empty());
  EXPECT_TRUE(event.item_id.empty() && event.recommendation_id.empty() && event.surface.empty());
  EXPECT_TRUE(event.items.empty() && event.fields.empty());
  EXPECT_FALSE(event.timestamp);
  EXPECT_EQ(event.value, 1.0);
  EXPECT_EQ(event.position, -1);
}

TEST(DeadLetterCodes, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Code::kRefusedByBus); ++i)
    names.insert(code_name(static_cast<Code>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Code::kRefusedByBus) + 1);
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_EQ(code_name(Code::kMisrouted), "misrouted");
  for (const std::string_view name : names) EXPECT_EQ(code_name(code_of(name)), name);
}

}  // namespace
}  // namespace riffle::records
