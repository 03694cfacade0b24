#include "app/record_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records/riffle.pb.h"

namespace riffle::app {
namespace {

using ::testing::HasSubstr;

bus::Record record(std::optional<std::string_view> key, std::optional<std::string_view> value) {
  bus::Record r;
  r.topic = "riffle.topic";
  r.partition = Partition(2);
  r.offset = Offset(7);
  r.timestamp = from_ms(1'760'000'000'123);
  r.key = key;
  r.value = value;
  return r;
}

TEST(RecordJson, HasItsPlaceAndItsValueOnOneLine) {
  EXPECT_EQ(
      record_json(record("u1", "{\n \"a\": 1 }"), TopicWord::kRecommendations),
      R"({"topic":"riffle.topic","partition":2,"offset":7,"timestamp":"2025-10-09T08:53:20.123Z","key":"u1",)"
      R"("value":{"a":1}})");
}

TEST(RecordJson, KeepsWhatIsNoJsonAsTextOrBytes) {
  EXPECT_THAT(record_json(record("u1", "{\"cut\":"), TopicWord::kDeadLetters),
              HasSubstr(R"("value_text":"{\"cut\":")"));
  EXPECT_THAT(record_json(record("\xFF", "\xFF\xFE"), TopicWord::kDeadLetters),
              HasSubstr(R"("key_base64":"/w==","value_base64":"//4=")"));
}

TEST(RecordJson, ATombstoneIsNull) {
  EXPECT_THAT(record_json(record("i1", std::nullopt), TopicWord::kItems),
              HasSubstr(R"("value":null)"));
}

TEST(RecordJson, ShowsHeaders) {
  bus::Record r = record("u1", "x");
  r.headers = {{"error.code", "not_json"}};
  EXPECT_THAT(record_json(r, TopicWord::kDeadLetters),
              HasSubstr(R"("headers":{"error.code":"not_json"})"));
}

TEST(RecordJson, InternalRecordsAreTheirMessages) {
  pb::Outcome outcome;
  outcome.set_recommendation_id("r");
  outcome.set_revision(3);
  outcome.set_closed(true);
  const std::string bytes = outcome.SerializeAsString();
  EXPECT_THAT(record_json(record("u1", bytes), TopicWord::kOutcomes),
              HasSubstr(R"("value":{"recommendation_id":"r","revision":3,"closed":true})"));
}

}  // namespace
}  // namespace riffle::app
