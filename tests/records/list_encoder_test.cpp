#include "records/list_encoder.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "records/json_codec.h"
#include "records/json_writer.h"

namespace riffle::records {
namespace {

pb::Decision small_decision() {
  pb::Decision decision;
  decision.set_recommendation_id("abc");
  decision.set_request_id("r\"1");
  decision.set_user_id("u1");
  decision.set_session_id("s1");
  decision.set_surface("home");
  decision.set_time_ms(1760000000123);
  decision.set_policy_id("main");
  decision.set_policy_version(7);
  decision.set_slate_propensity(.25);
  decision.set_explore(1);
  decision.set_diversity(.3);
  decision.add_degraded("short");
  pb::Slot& slot = *decision.add_slots();
  slot.set_item_id("红鞋");
  slot.set_score(.1f);
  slot.set_propensity(.25);
  pb::AsOf& as_of = *decision.add_as_of();
  as_of.set_input("events");
  as_of.set_offset(5);
  return decision;
}

TEST(ListEncoder, WritesTheListOfTheDesignByteForByte) {
  ListNotes notes;
  notes.slots.push_back({"together", {{"because_viewed", "i2", "Because you viewed \"i2\""}, {"popular", "", "Popular"}}});
  notes.took_ms = .5;
  std::string list;
  encode_list(small_decision(), notes, list);
  EXPECT_EQ(list,
            R"({"recommendation_id":"abc","request_id":"r\"1","user_id":"u1","session_id":"s1","surface":"home",)"
            R"("timestamp":1760000000123,"policy_id":"main","policy_version":7,"items":[{"item_id":"红鞋","position":0,)"
            R"("score":0.1,"propensity":0.25,"source":"together","reasons":[{"code":"because_viewed","evidence":"i2",)"
            R"("text":"Because you viewed \"i2\""},{"code":"popular","text":"Popular"}]}],"slate_propensity":0.25,)"
            R"("explore":1.0,"diversity":0.3,"degraded":["short"],"took_ms":0.5,"as_of":{"events":5}})");
}

TEST(ListEncoder, KeepsEveryBitOfAPropensity) {
  pb::Decision decision = small_decision();
  decision.mutable_slots(0)->set_propensity(1. / 3 * 1e-7);
  ListNotes notes;
  notes.slots.resize(1);
  std::string list;
  encode_list(decision, notes, list);
  const auto read = decode_recommendation(list);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->items[0].propensity, 1. / 3 * 1e-7);
}

TEST(ListEncoder, EscapesWhatJsonEscapesWhereverItStands) {
  Rng rng(3);
  for (int round = 0; round < 2000; ++round) {
    std::string surface;
    for (std::uint64_t i = 0; i <= rng.below(40); ++i)
      surface.push_back(static_cast<char>(rng.below(8) == 0 ? rng.below(0x20) : rng.below(6) == 0 ? '\\' - rng.below(2) * 58
                                                                                                 : 0x20 + rng.below(0x60)));
    pb::Decision decision = small_decision();
    decision.set_surface(surface);
    ListNotes notes;
    notes.slots.resize(1);
    std::string list;
    encode_list(decision, notes, list);
    JsonWriter plain;
    plain.value(std::string_view(surface));
    EXPECT_NE(list.find("\"surface\":" + plain.take() + ",\"timestamp\""), std::string::npos) << list;
  }
}

TEST(ListEncoder, NamesARequestWithoutAnIdByItsPlace) {
  pb::Decision decision = small_decision();
  decision.clear_request_id();
  ListNotes notes;
  notes.request_name = "requests/0/3";
  notes.slots.resize(1);
  std::string list;
  encode_list(decision, notes, list);
  const auto read = decode_recommendation(list);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->request_id.str(), "requests/0/3");
}

}  // namespace
}  // namespace riffle::records
