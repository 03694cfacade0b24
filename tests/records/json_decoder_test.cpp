#include <gtest/gtest.h>

#include <limits>

#include "records/json_codec.h"

namespace riffle::records {
namespace {

template <class Record>
Record decoded(std::string_view json, const Limits& limits = {}) {
  JsonDecoder decoder(limits);
  Record record;
  const auto reason = decoder.decode(json, record);
  EXPECT_FALSE(reason) << json << "\n" << code_name(reason->code) << ": " << reason->message;
  return record;
}

TEST(EventJson, EveryMemberOfAnInteractionIsRead) {
  const auto event = decoded<Event>(
      R"({"event":"interaction","type":"click","event_id":"e1","timestamp":1760000000123,"user_id":"u1",)"
      R"("session_id":"s1","item_id":"i9","value":2.5,"recommendation_id":"r","position":3,"surface":"home",)"
      R"("fields":{"device":"phone"}})");
  EXPECT_EQ(event.kind, EventKind::kInteraction);
  EXPECT_EQ(event.type, InteractionType::kClick);
  EXPECT_EQ(event.event_id, EventId("e1"));
  EXPECT_EQ(event.timestamp, from_ms(1760000000123));
  EXPECT_EQ(event.user_id, UserId("u1"));
  EXPECT_EQ(event.session_id, SessionId("s1"));
  EXPECT_EQ(event.item_id, ItemId("i9"));
  EXPECT_EQ(event.value, 2.5);
  EXPECT_EQ(event.recommendation_id, RecommendationId("r"));
  EXPECT_EQ(event.position, 3);
  EXPECT_EQ(event.surface, "home");
  EXPECT_EQ(event.fields, R"({"device":"phone"})");
}

TEST(EventJson, MembersAtNullOrAbsentTakeTheirDefaults) {
  const auto event = decoded<Event>(
      R"({"item_id":"i","user_id":"u","session_id":null,"value":null,"timestamp":null,"event":"interaction","type":"view"})");
  EXPECT_TRUE(event.session_id.empty());
  EXPECT_EQ(event.value, 1.0);
  EXPECT_EQ(event.position, -1);
  EXPECT_FALSE(event.timestamp);
  EXPECT_TRUE(event.fields.empty());
}

TEST(EventJson, TimestampsMayBeNumbersOrTexts) {
  for (const char* time : {"1760000000123", "1760000000123.0", "\"1760000000123\"",
                           "\"2025-10-09T08:53:20.123Z\"", "\"2025-10-09T10:53:20.123+02:00\""}) {
    const auto event =
        decoded<Event>(std::string(R"({"event":"erase","user_id":"u","timestamp":)") + time + "}");
    EXPECT_EQ(event.timestamp, from_ms(1760000000123)) << time;
  }
}

TEST(EventJson, UnknownMembersAreKeptInOneObjectWithTheFields) {
  const auto event = decoded<Event>(
      R"({"event":"interaction","type":"view","user_id":"u","item_id":"i","campaign":{"id":7,"tags":["a","ü"]},)"
      R"("fields":{"price":19.9,"big":18446744073709551615,"none":null},"beta":true})");
  EXPECT_EQ(
      event.fields,
      R"({"campaign":{"id":7,"tags":["a","ü"]},"price":19.9,"big":18446744073709551615,"none":null,"beta":true})");
}

TEST(EventJson, ATypeOfTheShopsOwnKeepsItsName) {
  const auto event =
      decoded<Event>(R"({"event":"interaction","type":"subscribe","user_id":"u","item_id":"i"})");
  EXPECT_EQ(event.type, InteractionType::kOther);
  EXPECT_EQ(event.type_name, "subscribe");
}

TEST(EventJson, OnlyASearchNeedsNoItem) {
  EXPECT_TRUE(
      decoded<Event>(R"({"event":"interaction","type":"search","user_id":"u"})").item_id.empty());
}

TEST(EventJson, AnImpressionNamesItsItemsAsObjectsOrIds) {
  const auto event = decoded<Event>(
      R"({"event":"impression","user_id":"u","items":[{"item_id":"a","position":4},{"item_id":"b","color":1},"c"]})");
  ASSERT_EQ(event.items.size(), 3u);
  EXPECT_EQ(event.items[0].item_id, ItemId("a"));
  EXPECT_EQ(event.items[0].position, 4);
  EXPECT_EQ(event.items[1].position, -1);
  EXPECT_EQ(event.items[2].item_id, ItemId("c"));
  EXPECT_EQ(event.items[2].position, 2);
}

TEST(EventJson, EscapesAndOtherScriptsAreText) {
  const auto event = decoded<Event>(
      R"({"event":"interaction","type":"view","user_id":"\u7528\u6237","item_id":"商品 9 \"\ud83d\ude00\""})");
  EXPECT_EQ(event.user_id, UserId("用户"));
  EXPECT_EQ(event.item_id, ItemId("商品 9 \"😀\""));
}

TEST(EventJson, ARecordAtEveryLimitIsTaken) {
  const std::string longest(256, 'u');
  EXPECT_EQ(decoded<Event>(R"({"event":"erase","user_id":")" + longest + "\"}").user_id,
            UserId(longest));

  std::string many = R"({"event":"erase","user_id":"u")";
  for (int i = 0; i < 126; ++i) many += ",\"f" + std::to_string(i) + "\":0";
  decoded<Event>(many + "}");

  std::string deep = R"({"event":"erase","user_id":"u","x":)";
  decoded<Event>(deep + std::string(62, '[') + std::string(62, ']') + "}");

  std::string large = R"({"event":"erase","user_id":"u","x":")";
  large.append((1 << 20) - large.size() - 2, 'x');
  decoded<Event>(large + "\"}");
}

TEST(EventJson, ADecoderForgetsTheRecordBefore) {
  JsonDecoder decoder{Limits{}};
  Event event;
  ASSERT_FALSE(decoder.decode(
      R"({"event":"interaction","type":"click","user_id":"u","item_id":"i","value":3,"extra":1})",
      event));
  ASSERT_TRUE(decoder.decode(R"({"event":"interaction","type":"click","user_id":)", event));
  ASSERT_FALSE(decoder.decode(R"({"event":"erase","user_id":"u2"})", event));
  EXPECT_EQ(event.user_id, UserId("u2"));
  EXPECT_TRUE(event.item_id.empty());
  EXPECT_TRUE(event.fields.empty());
  EXPECT_EQ(event.value, 1.0);
}

TEST(EventJson, WhiteSpaceAndMemberOrderDoNotMatter) {
  const auto event = decoded<Event>(
      "\n\t {\"item_id\" : \"i\",\r\n \"user_id\":\"u\", \"type\":\"like\" , "
      "\"event\":\"interaction\"} \n");
  EXPECT_EQ(event.type, InteractionType::kLike);
  EXPECT_EQ(event.item_id, ItemId("i"));
}

TEST(RequestJson, EveryMemberIsRead) {
  const auto request = decoded<Request>(
      R"({"event":"request","request_id":"r1","user_id":"u1","session_id":"s1","surface":"home","n":10,"diversity":0.3,)"
      R"("explore":1,"candidates":["i1",{"item_id":"i2","score":0.7}],"exclude_items":["i3"],"deadline_ms":50,)"
      R"("language":"zh","timestamp":5,"context":{"hour":9},"page":2})");
  EXPECT_EQ(request.request_id, RequestId("r1"));
  EXPECT_EQ(request.user_id, UserId("u1"));
  EXPECT_EQ(request.session_id, SessionId("s1"));
  EXPECT_EQ(request.surface, "home");
  EXPECT_EQ(request.n, 10);
  EXPECT_EQ(request.diversity, 0.3);
  EXPECT_EQ(request.explore, 1.0);
  ASSERT_EQ(request.candidates.size(), 2u);
  EXPECT_EQ(request.candidates[0].item_id, ItemId("i1"));
  EXPECT_FALSE(request.candidates[0].score);
  EXPECT_EQ(request.candidates[1].score, 0.7);
  EXPECT_EQ(request.exclude_items, std::vector<ItemId>{ItemId("i3")});
  EXPECT_EQ(request.deadline, Milliseconds(50));
  EXPECT_EQ(request.language, "zh");
  EXPECT_EQ(request.timestamp, from_ms(5));
  EXPECT_EQ(request.context, R"({"hour":9,"page":2})");
}

TEST(RequestJson, AllButTheUserMayBeLeftOut) {
  const auto request = decoded<Request>(R"({"event":"request","user_id":"u1"})");
  EXPECT_TRUE(request.request_id.empty());
  EXPECT_FALSE(request.n || request.diversity || request.explore || request.deadline);
  EXPECT_TRUE(request.candidates.empty() && request.exclude_items.empty() &&
              request.context.empty());
}

TEST(RequestJson, NMayBeFromOneToTheLimit) {
  EXPECT_EQ(decoded<Request>(R"({"event":"request","user_id":"u","n":1})").n, 1);
  EXPECT_EQ(decoded<Request>(R"({"event":"request","user_id":"u","n":1000})").n, 1000);
  Limits small;
  small.list_items = 5;
  JsonDecoder decoder(small);
  Request request;
  EXPECT_TRUE(decoder.decode(R"({"event":"request","user_id":"u","n":6})", request));
}

TEST(ItemJson, EveryMemberIsRead) {
  const auto item = decoded<Item>(
      R"({"item_id":"i9","title":"红茶","text":{"en":"tea","zh":"茶"},"category":["food","drinks"],"brand":"b",)"
      R"("seller":"s","price":19.9,"stock":3,"published_at":1760000000123,"tags":["new"],"image":"https://x/y",)"
      R"("vectors":[{"name":"clip","version":"1","values":[0.5,-1,2e-3]}],"fields":{"weight":2},"origin":"cn"})");
  EXPECT_EQ(item.item_id, ItemId("i9"));
  EXPECT_EQ(item.title, "红茶");
  ASSERT_EQ(item.text.size(), 2u);
  EXPECT_EQ(item.text[1], (std::pair<std::string, std::string>("zh", "茶")));
  EXPECT_EQ(item.category, (std::vector<std::string>{"food", "drinks"}));
  EXPECT_EQ(item.brand, "b");
  EXPECT_EQ(item.seller, "s");
  EXPECT_EQ(item.price, 19.9);
  EXPECT_EQ(item.stock, 3.0);
  EXPECT_EQ(item.published_at, from_ms(1760000000123));
  EXPECT_EQ(item.tags, std::vector<std::string>{"new"});
  EXPECT_EQ(item.image, "https://x/y");
  ASSERT_EQ(item.vectors.size(), 1u);
  EXPECT_EQ(item.vectors[0].name, "clip");
  EXPECT_EQ(item.vectors[0].version, "1");
  EXPECT_EQ(item.vectors[0].values, (std::vector<float>{0.5f, -1.0f, 2e-3f}));
  EXPECT_EQ(item.fields, R"({"weight":2,"origin":"cn"})");
}

TEST(ItemJson, ATextWithoutLanguageAndASingleCategoryAreTaken) {
  const auto item = decoded<Item>(R"({"item_id":"i","text":"long story","category":"shoes"})");
  ASSERT_EQ(item.text.size(), 1u);
  EXPECT_EQ(item.text[0].first, "");
  EXPECT_EQ(item.text[0].second, "long story");
  EXPECT_EQ(item.category, std::vector<std::string>{"shoes"});
}

TEST(KindOfJson, IsToldByTheMembersAlone) {
  JsonDecoder decoder{Limits{}};
  JsonDecoder::Kind kind;
  ASSERT_FALSE(decoder.tell_kind(R"({"user_id":"u","event":"erase"})", kind));
  EXPECT_EQ(kind.kind, RecordKind::kEvent);
  ASSERT_FALSE(decoder.tell_kind(R"({"event":"request"})", kind));
  EXPECT_EQ(kind.kind, RecordKind::kRequest);
  ASSERT_FALSE(decoder.tell_kind(R"({"event":"purchase"})", kind));  // the event decoder refuses it
  EXPECT_EQ(kind.kind, RecordKind::kEvent);
  ASSERT_FALSE(decoder.tell_kind(R"({"user_id":"u","item_id":"i9"})", kind));
  EXPECT_EQ(kind.kind, RecordKind::kItem);
  EXPECT_EQ(kind.id, "i9");
  ASSERT_FALSE(decoder.tell_kind(R"({"age":3,"user_id":"u"})", kind));
  EXPECT_EQ(kind.kind, RecordKind::kProfile);
  EXPECT_EQ(kind.id, "u");
  EXPECT_EQ(decoder.tell_kind("{}", kind)->code, Code::kUnknownKind);
  EXPECT_EQ(decoder.tell_kind("{", kind)->code, Code::kNotJson);
}

TEST(ProfileJson, IsTakenWhenItIsTheUsersOwn) {
  JsonDecoder decoder{Limits{}};
  EXPECT_FALSE(decoder.check_profile(R"({"user_id":"u1","age":30,"friends":["u2"]})", "u1"));
  EXPECT_EQ(decoder.check_profile(R"({"user_id":"u2"})", "u1")->code, Code::kMisrouted);
  EXPECT_EQ(decoder.check_profile(R"({"age":30})", "u1")->code, Code::kMissingField);
  EXPECT_EQ(decoder.check_profile(R"({"user_id":7})", "u1")->code, Code::kBadField);
  EXPECT_EQ(decoder.check_profile(R"({"user_id":"u1","a":1,"a":2})", "u1")->code,
            Code::kDuplicateKey);
  EXPECT_EQ(decoder.check_profile("[]", "u1")->code, Code::kNotJson);
  EXPECT_EQ(decoder.check_profile("", "u1")->code, Code::kEmptyRecord);
}

}  // namespace
}  // namespace riffle::records
