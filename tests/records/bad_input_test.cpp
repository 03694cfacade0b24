// What shops get wrong, and the code that each mistake gets. Every message must name the place.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "records/json_codec.h"

namespace riffle::records {
namespace {

struct BadRecord {
  const char* name;
  std::string json;
  Code code;
  const char* says;  // part of the message

  friend void PrintTo(const BadRecord& record, std::ostream* out) { *out << record.name; }
};

std::string nested(std::size_t depth) {
  return R"({"event":"erase","user_id":"u","x":)" + std::string(depth, '[') +
         std::string(depth, ']') + "}";
}

std::string with_members(int count) {
  std::string json = R"({"event":"erase","user_id":"u")";
  for (int i = 2; i < count; ++i) json += ",\"f" + std::to_string(i) + "\":0";
  return json + "}";
}

std::string list_of(std::size_t count) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += (i ? ",\"i" : "\"i") + std::to_string(i) + "\"";
  return list + "]";
}

std::string click(const std::string& more) {
  return R"({"event":"interaction","type":"click","user_id":"u","item_id":"i")" + more + "}";
}

class BadEvent : public testing::TestWithParam<BadRecord> {};

TEST_P(BadEvent, IsRefusedWithItsCodeAndPlace) {
  JsonDecoder decoder{Limits{}};
  Event event;
  const auto reason = decoder.decode(GetParam().json, event);
  ASSERT_TRUE(reason);
  EXPECT_EQ(code_name(reason->code), code_name(GetParam().code)) << reason->message;
  EXPECT_NE(reason->message.find(GetParam().says), std::string::npos) << reason->message;
  // The stream goes on.
  EXPECT_FALSE(decoder.decode(click(""), event));
  EXPECT_EQ(event.item_id, ItemId("i"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadEvent,
    testing::Values(
        BadRecord{"Empty", "", Code::kEmptyRecord, "no value"},
        BadRecord{"WhiteSpace", "  \n\t", Code::kEmptyRecord, "white space"},
        BadRecord{"NotJson", "user u1 clicked i9", Code::kNotJson, "not JSON"},
        BadRecord{"OtherFormat", "event: erase\nuser_id: u\n", Code::kNotJson, "not JSON"},
        BadRecord{"Truncated", R"({"event":"erase","user_id":"u")", Code::kNotJson, "cut short"},
        BadRecord{"TruncatedInString", R"({"event":"erase","user_id":"u)", Code::kNotJson,
                  "cut short"},
        BadRecord{"TruncatedInNumber", R"({"event":"erase","timestamp":-)", Code::kNotJson,
                  "cut short"},
        BadRecord{"TrailingGarbage", R"({"event":"erase","user_id":"u"} x)", Code::kNotJson,
                  "not JSON"},
        BadRecord{"TwoObjects", R"({"event":"erase","user_id":"u"}{"event":"erase","user_id":"u"})",
                  Code::kNotJson, "one"},
        BadRecord{"SingleQuotes", "{'event':'erase'}", Code::kNotJson, "not JSON"},
        BadRecord{"TrailingComma", R"({"event":"erase","user_id":"u",})", Code::kNotJson,
                  "not JSON"},
        BadRecord{"RawControlCharacter", "{\"event\":\"erase\",\"user_id\":\"u\nv\"}",
                  Code::kNotJson, "not JSON"},
        BadRecord{"LoneSurrogate", R"({"event":"erase","user_id":"\ud800"})", Code::kNotJson,
                  "not JSON"},
        BadRecord{"List", "[1,2]", Code::kNotJson, "not an object"},
        BadRecord{"Null", "null", Code::kNotJson, "not an object"},
        BadRecord{"BadUtf8", "{\"event\":\"erase\",\"user_id\":\"\xff\xfe\"}", Code::kNotUtf8,
                  "UTF-8"},
        BadRecord{"Latin1", "{\"event\":\"erase\",\"user_id\":\"Andr\xe9\"}", Code::kNotUtf8,
                  "UTF-8"},
        BadRecord{"OverlongUtf8", "{\"event\":\"erase\",\"user_id\":\"\xc0\xaf\"}", Code::kNotUtf8,
                  "UTF-8"},
        BadRecord{"Utf8CutInTheMiddle", "{\"event\":\"erase\",\"user_id\":\"\xe5\x95",
                  Code::kNotUtf8, "UTF-8"},
        BadRecord{"TooLarge",
                  R"({"event":"erase","user_id":"u","x":")" + std::string(1 << 20, 'x') + "\"}",
                  Code::kTooLarge, "limits.record_bytes"},
        BadRecord{"TooDeep", nested(10000), Code::kTooDeep, "64 levels"},
        BadRecord{"DeepAndCutShort", R"({"x":)" + std::string(10000, '['), Code::kNotJson,
                  "cut short"},
        BadRecord{"OneLevelTooDeep", nested(64), Code::kTooDeep, "64 levels"},
        BadRecord{"DuplicateKnownKey", R"({"event":"erase","user_id":"u","user_id":"v"})",
                  Code::kDuplicateKey, "user_id"},
        BadRecord{"DuplicateNullKey", R"({"event":"erase","user_id":null,"user_id":"v"})",
                  Code::kDuplicateKey, "user_id"},
        BadRecord{"DuplicateUnknownKey", click(R"(,"a":1,"a":2)"), Code::kDuplicateKey, "\"a\""},
        BadRecord{"DuplicateEscapedKey", click(R"(,"a":1,"\u0061":2)"), Code::kDuplicateKey,
                  "\"a\""},
        BadRecord{
            "DuplicateLongKey",
            click(",\"" + std::string(5000, 'k') + "\":1,\"" + std::string(5000, 'k') + "\":2"),
            Code::kDuplicateKey, "kkk…\" comes twice"},
        BadRecord{"DuplicateOfAField", click(R"(,"a":1,"fields":{"a":2})"), Code::kDuplicateKey,
                  "\"a\""},
        BadRecord{"UnknownKind", R"({"event":"purchase","user_id":"u"})", Code::kUnknownKind,
                  "purchase"},
        BadRecord{"LongKind", R"({"user_id":"u","event":")" + std::string(70, 'x') + "\"}",
                  Code::kUnknownKind, "xxx…\""},
        BadRecord{"RequestAmongEvents", R"({"event":"request","user_id":"u"})", Code::kUnknownKind,
                  "requests topic"},
        BadRecord{"SchemaRegistry",
                  std::string("\0\0\0\0\x01{\"event\":\"erase\",\"user_id\":\"u\"}", 36),
                  Code::kSchemaRegistry, "magic byte"},
        BadRecord{"NoKind", R"({"user_id":"u"})", Code::kMissingField, "\"event\""},
        BadRecord{"KindIsANumber", R"({"event":1,"user_id":"u"})", Code::kBadField, "\"event\""},
        BadRecord{"NoUser", R"({"event":"erase"})", Code::kMissingField, "user_id"},
        BadRecord{"NullUser", R"({"event":"erase","user_id":null})", Code::kMissingField,
                  "user_id"},
        BadRecord{"EmptyUser", R"({"event":"erase","user_id":""})", Code::kBadField, "user_id"},
        BadRecord{"NumberAsUser", R"({"event":"erase","user_id":17850})", Code::kBadField,
                  "a number; send a string"},
        BadRecord{"LongUser", R"({"event":"erase","user_id":")" + std::string(257, 'u') + "\"}",
                  Code::kBadField, "limits.id_bytes"},
        BadRecord{"NulInUser", R"({"event":"erase","user_id":"a\u0000b"})", Code::kBadField, "NUL"},
        BadRecord{"LongSession", click(R"(,"session_id":")" + std::string(257, 's') + "\""),
                  Code::kBadField, "session_id"},
        BadRecord{"NoType", R"({"event":"interaction","user_id":"u","item_id":"i"})",
                  Code::kMissingField, "\"type\""},
        BadRecord{"NoItem", R"({"event":"interaction","type":"click","user_id":"u"})",
                  Code::kMissingField, "item_id"},
        BadRecord{"EmptyItem",
                  R"({"event":"interaction","type":"click","user_id":"u","item_id":""})",
                  Code::kBadField, "item_id"},
        BadRecord{"NaN", click(R"(,"value":NaN)"), Code::kNotJson, "not JSON"},
        BadRecord{"Infinity", click(R"(,"value":-Infinity)"), Code::kBadField, "number"},
        BadRecord{"BeyondDouble", click(R"(,"value":1e400)"), Code::kBadField, "number"},
        BadRecord{"BeyondInteger", click(R"(,"value":123456789012345678901234567890)"),
                  Code::kBadField, "number"},
        BadRecord{"HugeValue", click(R"(,"value":1e300)"), Code::kBadField, "\"value\""},
        BadRecord{"ValueAsText", click(R"(,"value":"1.0")"), Code::kBadField, "\"value\""},
        BadRecord{"NegativePosition", click(R"(,"position":-1)"), Code::kBadField, "\"position\""},
        BadRecord{"HugePosition", click(R"(,"position":4294967296)"), Code::kBadField,
                  "\"position\""},
        BadRecord{"HalfPosition", click(R"(,"position":1.5)"), Code::kBadField, "\"position\""},
        BadRecord{"TimeWithoutZone", click(R"(,"timestamp":"2025-10-09T08:53:20")"),
                  Code::kBadField, "zone"},
        BadRecord{"TimeAsObject", click(R"(,"timestamp":{})"), Code::kBadField, "timestamp"},
        BadRecord{"TimeBeyondAll", click(R"(,"timestamp":9223372036854775807)"), Code::kBadField,
                  "timestamp"},
        BadRecord{"TimeBeyondSigned", click(R"(,"timestamp":18446744073709551615)"),
                  Code::kBadField, "timestamp"},
        BadRecord{"FieldsIsAList", click(R"(,"fields":[])"), Code::kBadField, "fields"},
        BadRecord{"TooManyMembers", with_members(129), Code::kTooMany, "limits.fields"},
        BadRecord{"TooManyFields", click(R"(,"fields":)" + with_members(125)), Code::kTooMany,
                  "limits.fields"},
        BadRecord{"ItemsOfAnInteraction", click(R"(,"items":["a"])"), Code::kBadField,
                  "impressions"},
        BadRecord{"ImpressionOfNothing", R"({"event":"impression","user_id":"u"})",
                  Code::kMissingField, "recommendation_id"},
        BadRecord{"ItemsIsAText", R"({"event":"impression","user_id":"u","items":"i9"})",
                  Code::kBadField, "\"items\""},
        BadRecord{"ShownItemWithoutId",
                  R"({"event":"impression","user_id":"u","items":["a",{"position":1}]})",
                  Code::kMissingField, "items[1].item_id"},
        BadRecord{"ShownItemIsANumber", R"({"event":"impression","user_id":"u","items":[7]})",
                  Code::kBadField, "items[0]"},
        BadRecord{"TooManyShown",
                  R"({"event":"impression","user_id":"u","items":)" + list_of(1001) + "}",
                  Code::kTooMany, "limits.list_items"}),
    [](const auto& row) { return std::string(row.param.name); });

class BadRequest : public testing::TestWithParam<BadRecord> {};

TEST_P(BadRequest, IsRefusedWithItsCodeAndPlace) {
  JsonDecoder decoder{Limits{}};
  Request request;
  const auto reason =
      decoder.decode(R"({"event":"request","user_id":"u")" + GetParam().json + "}", request);
  ASSERT_TRUE(reason);
  EXPECT_EQ(code_name(reason->code), code_name(GetParam().code)) << reason->message;
  EXPECT_NE(reason->message.find(GetParam().says), std::string::npos) << reason->message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRequest,
    testing::Values(
        BadRecord{"ZeroN", R"(,"n":0)", Code::kBadField,
                  "\"n\" is 0; send a whole number from 1 to 1000"},
        BadRecord{"NegativeN", R"(,"n":-1)", Code::kBadField, "\"n\" is -1"},
        BadRecord{"HugeN", R"(,"n":1000000000)", Code::kBadField, "\"n\" is 1000000000"},
        BadRecord{"NAsText", R"(,"n":"10")", Code::kBadField, "\"n\""},
        BadRecord{"DiversityAboveOne", R"(,"diversity":1.01)", Code::kBadField, "diversity"},
        BadRecord{"NegativeDiversity", R"(,"diversity":-0.1)", Code::kBadField, "diversity"},
        BadRecord{"ExploreAboveOne", R"(,"explore":2)", Code::kBadField, "explore"},
        BadRecord{"ExploreIsTrue", R"(,"explore":true)", Code::kBadField, "explore"},
        BadRecord{"NoCandidates", R"(,"candidates":[])", Code::kBadField, "candidates"},
        BadRecord{"TooManyCandidates", R"(,"candidates":)" + list_of(20001), Code::kTooMany,
                  "limits.candidates"},
        BadRecord{"CandidateWithoutId", R"(,"candidates":[{"score":1}])", Code::kMissingField,
                  "candidates[0].item_id"},
        BadRecord{"CandidateScoreAsText", R"(,"candidates":["a",{"item_id":"b","score":"1"}])",
                  Code::kBadField, "candidates[1].score"},
        BadRecord{"EmptyCandidate", R"(,"candidates":[""])", Code::kBadField, "candidates[0]"},
        BadRecord{"EmptyExcluded", R"(,"exclude_items":["a",""])", Code::kBadField,
                  "exclude_items[1]"},
        BadRecord{"TooManyExcluded", R"(,"exclude_items":)" + list_of(1001), Code::kTooMany,
                  "exclude_items"},
        BadRecord{"ZeroDeadline", R"(,"deadline_ms":0)", Code::kBadField, "deadline_ms"},
        BadRecord{"EndlessDeadline", R"(,"deadline_ms":1e15)", Code::kBadField, "deadline_ms"},
        BadRecord{"ContextIsAText", R"(,"context":"home")", Code::kBadField, "context"},
        BadRecord{"DuplicateN", R"(,"n":1,"n":2)", Code::kDuplicateKey, "\"n\""},
        BadRecord{"LongRequestId", R"(,"request_id":")" + std::string(257, 'r') + "\"",
                  Code::kBadField, "request_id"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(BadRequests, AnotherKindOrNoneIsRefused) {
  JsonDecoder decoder{Limits{}};
  Request request;
  EXPECT_EQ(decoder.decode(R"({"event":"erase","user_id":"u"})", request)->code,
            Code::kUnknownKind);
  EXPECT_EQ(decoder.decode(R"({"user_id":"u"})", request)->code, Code::kMissingField);
  EXPECT_EQ(decoder.decode(R"({"event":"request"})", request)->code, Code::kMissingField);
}

class BadItem : public testing::TestWithParam<BadRecord> {};

TEST_P(BadItem, IsRefusedWithItsCodeAndPlace) {
  JsonDecoder decoder{Limits{}};
  Item item;
  const auto reason = decoder.decode(GetParam().json, item);
  ASSERT_TRUE(reason);
  EXPECT_EQ(code_name(reason->code), code_name(GetParam().code)) << reason->message;
  EXPECT_NE(reason->message.find(GetParam().says), std::string::npos) << reason->message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadItem,
    testing::Values(
        BadRecord{"NoId", R"({"title":"x"})", Code::kMissingField, "item_id"},
        BadRecord{"EmptyId", R"({"item_id":""})", Code::kBadField, "item_id"},
        BadRecord{"NegativePrice", R"({"item_id":"i","price":-1})", Code::kBadField, "price"},
        BadRecord{"PriceAsText", R"({"item_id":"i","price":"9.99"})", Code::kBadField, "price"},
        BadRecord{"TitleIsAList", R"({"item_id":"i","title":[]})", Code::kBadField, "title"},
        BadRecord{"CategoryOfNumbers", R"({"item_id":"i","category":["a",7]})", Code::kBadField,
                  "category[1]"},
        BadRecord{"LanguageTwice", R"({"item_id":"i","text":{"en":"a","en":"b"}})",
                  Code::kDuplicateKey, "text"},
        BadRecord{"VectorWithoutName", R"({"item_id":"i","vectors":[{"values":[1]}]})",
                  Code::kMissingField, "vectors[0]"},
        BadRecord{"VectorOfTexts", R"({"item_id":"i","vectors":[{"name":"a","values":["x"]}]})",
                  Code::kBadField, "vectors[0].values"},
        BadRecord{"TooManyTags", R"({"item_id":"i","tags":)" + list_of(1001) + "}", Code::kTooMany,
                  "tags"},
        BadRecord{"DuplicateKey", R"({"item_id":"i","brand":"a","brand":"b"})", Code::kDuplicateKey,
                  "brand"}),
    [](const auto& row) { return std::string(row.param.name); });

// Every prefix and every flipped byte of a good record is decoded or refused, and the decoder lives
// on.
TEST(MangledRecords, NeverHarmTheDecoder) {
  const std::string good =
      R"({"event":"impression","type":"click","event_id":"e1","timestamp":"2025-10-09T08:53:20Z","user_id":"ü1",)"
      R"("items":[{"item_id":"i9","position":0},"b"],"value":1.5e3,"fields":{"a":[1,{"b":null}]},"x":true})";
  JsonDecoder decoder{Limits{}};
  Event event;
  Request request;
  Item item;
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_TRUE(decoder.decode(std::string_view(good).substr(0, size), event)) << size;
  Rng rng(7);
  for (int round = 0; round < 20000; ++round) {
    std::string mangled = good;
    for (std::uint64_t flips = 1 + rng.below(3); flips > 0; --flips)
      mangled[rng.below(mangled.size())] = static_cast<char>(rng.below(256));
    decoder.decode(mangled, event);
    decoder.decode(mangled, request);
    decoder.decode(mangled, item);
  }
  EXPECT_FALSE(decoder.decode(good, event));
}

}  // namespace
}  // namespace riffle::records
