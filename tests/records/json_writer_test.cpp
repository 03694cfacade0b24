#include "records/json_writer.h"

#include <limits>

#include <gtest/gtest.h>

#include "records/json_text.h"

namespace riffle::records {
namespace {

TEST(JsonWriter, WritesMembersInTheOrderOfTheCalls) {
  JsonWriter json;
  json.begin_object();
  json.member("user_id", UserId("u1")).member("n", 3).member("share", 0.5).member("closed", true);
  json.member("time", from_ms(1'760'000'000'123));
  json.key("items").begin_array().value("a").null().json("{\"b\":1}").end_array();
  json.end_object();
  EXPECT_EQ(json.take(), R"({"user_id":"u1","n":3,"share":0.5,"closed":true,"time":"2025-10-09T08:53:20.123Z",)"
                         R"("items":["a",null,{"b":1}]})");
}

TEST(JsonWriter, IsJsonWhateverTheBytesOfAText) {
  JsonWriter json;
  const std::string text("tab\t \xFF \xE4\xB8\xAD \xED\xA0\x80 \0 end", 21);
  json.value(text);
  const std::string written = json.take();
  EXPECT_TRUE(minified_json(written)) << written;
  EXPECT_NE(written.find("\xE4\xB8\xAD"), std::string::npos);
  EXPECT_EQ(written.find('\xFF'), std::string::npos);
}

TEST(JsonWriter, WritesWhatJsonHasNoNumberForAsNull) {
  JsonWriter json;
  json.begin_array().value(std::numeric_limits<double>::infinity()).value(0.1F).end_array();
  EXPECT_EQ(json.take(), "[null,0.1]");
}

TEST(JsonWriterDeathTest, StopsWhereTheTextIsNotFinished) {
  JsonWriter json;
  json.begin_object();
  EXPECT_DEATH(json.take(), "not finished");
}

TEST(JsonText, MinifiesToOneLineAndKeepsTheSpacesInsideTexts) {
  EXPECT_EQ(minified_json("{ \"a b\" :\n [1, 2 ] }"), "{\"a b\":[1,2]}");
}

TEST(JsonText, HasNothingForWhatIsNotOneValue) {
  for (const char* text : {"", "{", "{} {}", "nonsense", "{\"a\":\"\xFF\"}"}) EXPECT_EQ(minified_json(text), std::nullopt) << text;
}

TEST(JsonText, FindsAStringMemberByName) {
  EXPECT_EQ(string_member(R"({"a":1,"user_id":"u\u0031"})", "user_id"), "u1");
  EXPECT_EQ(string_member(R"({"user_id":7})", "user_id"), std::nullopt);
  EXPECT_EQ(string_member(R"(["user_id"])", "user_id"), std::nullopt);
  EXPECT_EQ(string_member("cut {", "user_id"), std::nullopt);
}

}  // namespace
}  // namespace riffle::records
