#include <gtest/gtest.h>

#include "base/rng.h"
#include "records/json_codec.h"

namespace riffle::records {
namespace {

// Encoding is a fixed point: what was read encodes to the text that was written.
template <class Record>
void expect_round_trip(const Record& record) {
  const std::string json = encode_json(record);
  JsonDecoder decoder{Limits{}};
  Record back;
  const auto reason = decoder.decode(json, back);
  ASSERT_FALSE(reason) << json << "\n" << reason->message;
  EXPECT_EQ(encode_json(back), json);
}

std::string random_text(Rng& rng) {
  static const std::vector<std::string> kParts = {"a", "Z9",   "\"", "\\", "\n", "\x01",
                                                  "ü", "商品", "😀",  "/",  " ",  "-"};
  std::string text = "t";
  for (std::uint64_t parts = rng.below(6); parts > 0; --parts)
    text += kParts[rng.below(kParts.size())];
  return text;
}

TEST(JsonRoundTrip, RandomEventsComeBackTheSame) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Event event;
    event.kind = static_cast<EventKind>(rng.below(3));
    event.type = static_cast<InteractionType>(rng.below(kInteractionTypes));
    if (event.type == InteractionType::kOther) event.type_name = random_text(rng);
    event.user_id.assign(random_text(rng));
    if (rng.below(2)) event.event_id.assign(random_text(rng));
    if (rng.below(2))
      event.timestamp = from_ms(static_cast<std::int64_t>(rng.below(4'000'000'000'000)));
    if (rng.below(2)) event.session_id.assign(random_text(rng));
    if (rng.below(2)) event.surface = random_text(rng);
    if (rng.below(2)) event.position = static_cast<std::int32_t>(rng.below(1000));
    if (rng.below(2)) event.fields = R"({"k":[1,2.5,"x"]})";
    event.item_id.assign(random_text(rng));
    if (event.kind == EventKind::kInteraction) event.value = rng.normal() * 1e3;
    if (event.kind == EventKind::kImpression)
      event.items = {{ItemId(random_text(rng)), 0}, {ItemId(random_text(rng)), -1}};
    expect_round_trip(event);

    JsonDecoder decoder{Limits{}};
    Event back;
    ASSERT_FALSE(decoder.decode(encode_json(event), back));
    EXPECT_EQ(back.value, event.value);
    EXPECT_EQ(back.user_id, event.user_id);
    EXPECT_EQ(back.timestamp, event.timestamp);
    EXPECT_EQ(back.items.size(), event.items.size());
  }
}

TEST(JsonRoundTrip, ARequestWithEverythingComesBackTheSame) {
  Request request;
  request.request_id.assign("r\"1");
  request.user_id.assign("用户");
  request.session_id.assign("s");
  request.surface = "home";
  request.n = 7;
  request.diversity = 0.1;
  request.explore = 0;
  request.candidates = {{ItemId("a"), {}}, {ItemId("b"), 0.1 + 0.2}};
  request.exclude_items = {ItemId("c")};
  request.deadline = Milliseconds(50);
  request.timestamp = from_ms(1760000000123);
  request.language = "zh";
  request.context = R"({"hour":9})";
  expect_round_trip(request);
  Request minimal;
  minimal.user_id.assign("u");
  EXPECT_EQ(encode_json(minimal), R"({"event":"request","user_id":"u"})");
  expect_round_trip(minimal);
}

TEST(JsonRoundTrip, AnItemWithEverythingComesBackTheSame) {
  Item item;
  item.item_id.assign("i9");
  item.title = "红茶 \"No 1\"";
  item.text = {{"en", "tea"}, {"", "untold"}};
  item.category = {"food", "drinks"};
  item.brand = "b";
  item.seller = "s";
  item.price = 19.9;
  item.stock = 0;
  item.published_at = from_ms(0);
  item.tags = {"new", "hot"};
  item.image = "https://x/y";
  item.vectors = {{"clip", "1", {0.1f, -2.0f}}};
  item.fields = R"({"weight":2})";
  expect_round_trip(item);
}

}  // namespace
}  // namespace riffle::records
