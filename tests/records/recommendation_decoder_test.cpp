#include <gtest/gtest.h>

#include "records/json_codec.h"

namespace riffle::records {
namespace {

constexpr std::string_view kList =
    R"({"recommendation_id":"x","request_id":"r1","user_id":"u1","session_id":"s","surface":"home",)"
    R"("timestamp":1760000000123,"policy_id":"linear","policy_version":12,)"
    R"("items":[{"item_id":"i1","position":0,"score":0.5,"propensity":0.25,"source":"popular","reasons":[{"code":"p"}]},)"
    R"({"item_id":"i2","position":1}],"slate_propensity":0.125,"explore":1,"diversity":0.3,)"
    R"("degraded":["events_lag"],"took_ms":1.5,"as_of":{"events":7}})";

TEST(RecommendationJson, APublishedListIsReadBack) {
  const auto list = decode_recommendation(kList);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->recommendation_id, RecommendationId("x"));
  EXPECT_EQ(list->request_id, RequestId("r1"));
  EXPECT_EQ(list->user_id, UserId("u1"));
  EXPECT_EQ(list->surface, "home");
  EXPECT_EQ(list->timestamp, from_ms(1760000000123));
  EXPECT_EQ(list->policy_id, PolicyId("linear"));
  EXPECT_EQ(list->policy_version, 12u);
  ASSERT_EQ(list->items.size(), 2u);
  EXPECT_EQ(list->items[0].item_id, ItemId("i1"));
  EXPECT_EQ(list->items[0].score, 0.5);
  EXPECT_EQ(list->items[0].propensity, 0.25);
  EXPECT_EQ(list->items[0].source, "popular");
  EXPECT_EQ(list->items[1].position, 1);
  EXPECT_EQ(list->slate_propensity, 0.125);
  EXPECT_EQ(list->degraded, std::vector<std::string>{"events_lag"});
}

TEST(RecommendationJson, WhereNoPropensityWasLoggedNoneIsAssumed) {
  const auto list = decode_recommendation(
      R"({"recommendation_id":"l","user_id":"u","items":[{"item_id":"i","position":0}]})");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->items[0].propensity, 0);
  EXPECT_EQ(list->slate_propensity, 0);
}

TEST(RecommendationJson, WhatIsNoListIsAnErrorThatSaysWhy) {
  for (
      const std::string_view json :
      {std::string_view(""), std::string_view("{}"), kList.substr(0, 200),
       std::string_view(R"({"recommendation_id":"x","user_id":"u"})"),
       std::string_view(R"({"recommendation_id":"x","user_id":"u","items":[{"position":0}]})"),
       std::string_view(
           R"({"recommendation_id":"x","user_id":"u","items":[{"item_id":"i","propensity":2}]})")}) {
    const auto list = decode_recommendation(json);
    ASSERT_FALSE(list.ok()) << json;
    EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(list.status().message().find("not a recommendation"), absl::string_view::npos);
  }
}

TEST(RecommendationJson, AnEmptyListIsAList) {
  const auto list = decode_recommendation(R"({"recommendation_id":"x","user_id":"u","items":[]})");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_TRUE(list->items.empty());
}

}  // namespace
}  // namespace riffle::records
