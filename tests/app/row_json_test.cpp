#include "app/row_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/hash.h"
#include "features/event_rows.h"
#include "records/proto_codec.h"
#include "records/riffle.pb.h"
#include "records/rows.h"
#include "state/memory_store.h"

namespace riffle::app {
namespace {

using ::testing::HasSubstr;

class RowJsonTest : public ::testing::Test {
 protected:
  template <class Row>
  void put(state::Column column, std::string key, const Row& row) {
    std::string bytes;
    encode(row, bytes);
    state::WriteBatch batch;
    batch.put(column, std::move(key), bytes);
    ASSERT_TRUE(store_.write(batch, false).ok());
  }
  void put_item(const std::string& id) {
    records::ItemRow row;
    row.item_id = ItemId(id);
    row.counts[static_cast<std::size_t>(records::InteractionType::kClick)] = 2;
    put(state::Column::kItems, features::item_row_key(item_key(id)), row);
  }
  static std::string text(RowJson json) {
    return json.ok() && *json ? **json : json.status().ToString();
  }

  state::MemoryStore store_;
};

TEST_F(RowJsonTest, AUsersHistoryNamesItemsTypesAndTimes) {
  put_item("i1");
  records::UserRow row;
  row.history.push_back(
      {item_key("i1"), 1'760'000'000'123, records::InteractionType::kPurchase, 5, 1});
  row.history.push_back({ItemKey(0xAB), 1'760'000'000'123, records::InteractionType::kClick, 1, 1});
  put(state::Column::kUsers, "u1", row);
  const std::string json = text(user_json(store_, Partition(3), "u1"));
  EXPECT_THAT(json, HasSubstr(R"("shard": 3)"));
  EXPECT_THAT(json, HasSubstr(R"("item_id": "i1")"));
  EXPECT_THAT(json, HasSubstr(R"("type": "purchase")"));
  EXPECT_THAT(json, HasSubstr(R"("time": "2025-10-09T08:53:20.123Z")"));
  EXPECT_THAT(json, HasSubstr(R"("item_id": "key:00000000000000ab")"));
}

TEST_F(RowJsonTest, AnItemsNeighboursAreTheHeaviestFirst) {
  put_item("a"), put_item("b");
  records::ItemRow row;
  row.item_id = ItemId("c");
  row.together = {{item_key("a"), 1}, {item_key("b"), 2}};
  put(state::Column::kItems, features::item_row_key(item_key("c")), row);
  const std::string json = text(item_json(store_, Partition(0), "c"));
  EXPECT_LT(json.find("\"b\""), json.find("\"a\"")) << json;
}

TEST_F(RowJsonTest, ADecisionHasItsSlotsWithRewardsSourcesAndFeatureNames) {
  put_item("i2");
  pb::Decision decision;
  decision.set_user_id("u1");
  decision.set_list(R"({"items":[]})");
  pb::Slot& slot = *decision.add_slots();
  slot.set_item_id("i1");
  slot.set_propensity(0.25);
  slot.set_bonus(0.5);
  slot.add_features(0.5F);
  pb::SourceScore& source = *slot.add_sources();
  source.set_source(1);
  source.set_evidence_item_key(item_key("i2").value());
  for (const double weight : {0.0, 0.5}) {
    decision.mutable_learned_weight()->add_weights(weight);
    decision.mutable_learned_weight()->add_probabilities(0.5);
    decision.mutable_learned_weight()->add_log_slates(weight == 0 ? 0 : -std::numeric_limits<double>::infinity());
  }
  put(state::Column::kDecisions, "d1", decision);
  pb::Join join;
  join.set_revision(2);
  join.add_rewards(1);
  join.add_exposed(true);
  join.set_comeback(.125);
  join.add_engagements()->set_type(static_cast<std::uint32_t>(records::InteractionType::kClick));
  join.add_engagements()->set_type(static_cast<std::uint32_t>(records::InteractionType::kDwell));
  join.mutable_engagements(1)->set_dwell_seconds(7.5);
  put(state::Column::kJoins, "d1", join);
  const std::string json = text(decision_json(store_, Partition(0), "d1"));
  EXPECT_THAT(json, HasSubstr(R"("propensity": 0.25)"));
  EXPECT_THAT(json, HasSubstr(R"("bonus": 0.5)"));
  EXPECT_THAT(json, HasSubstr(R"("reward": 1.625)"));
  EXPECT_THAT(json, HasSubstr(R"("click": true)"));
  EXPECT_THAT(json, HasSubstr(R"("dwell": 7.5)"));
  EXPECT_THAT(json, HasSubstr(R"("weight": 0.5)"));
  EXPECT_THAT(json, HasSubstr(R"("slate_propensity": 1.0)"));
  EXPECT_THAT(json, HasSubstr(R"("source": "together")"));
  EXPECT_THAT(json, HasSubstr(R"("because_of": "i2")"));
  EXPECT_THAT(json, HasSubstr(R"("list": {"items":[]})"));
}

TEST_F(RowJsonTest, WhatIsNotThereIsNothing) {
  EXPECT_EQ(*user_json(store_, Partition(0), "nobody"), std::nullopt);
  EXPECT_EQ(*item_json(store_, Partition(0), "nothing"), std::nullopt);
  EXPECT_EQ(*decision_json(store_, Partition(0), "none"), std::nullopt);
}

TEST_F(RowJsonTest, ACorruptRowIsAnErrorNotAnEmptyAnswer) {
  state::WriteBatch batch;
  batch.put(state::Column::kUsers, "u1", "\xFF\xFF\xFF");
  ASSERT_TRUE(store_.write(batch, false).ok());
  EXPECT_EQ(user_json(store_, Partition(0), "u1").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace riffle::app
