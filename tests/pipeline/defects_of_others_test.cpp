// What other systems get wrong, held against a shard (docs/proofs.md has the list, and where the rest of it is held).
#include <gmock/gmock.h>

#include "shard_bench.h"

namespace riffle::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kStart = 1'700'000'000'000;

std::string event(const std::string& user, const std::string& item, std::int64_t after_ms, const std::string& more = "") {
  return absl::StrCat(R"({"event":"interaction","type":"click","user_id":")", user, R"(","item_id":")", item,
                      R"(","timestamp":)", kStart + after_ms, more, "}");
}
std::string request(const std::string& user, const std::string& id) {
  return absl::StrCat(R"({"event":"request","n":3,"candidates":["i0","i1","i2","i3"],"user_id":")", user, R"(","request_id":")", id, R"(","timestamp":)",
                      kStart + 100, "}");
}

class DefectsOfOthers : public ::testing::Test {
 protected:
  void send_events() {
    for (int i = 0; i < 6; ++i)
      bench_.send(bench_.topics().events, "u", event("u", absl::StrCat("i", i % 4), i));
  }
  void process(std::size_t requests = 0) { ASSERT_TRUE(bench_.process(100, requests, Milliseconds(0), 1).ok()); }
  std::int64_t next_event() { return bench_.shard().next(Input::kEvents)->value(); }

  ShardBench bench_;
};

// A consumer that commits its offset first loses what it had not applied when it died.
TEST_F(DefectsOfOthers, NoOffsetIsCommittedBeforeItsRecordsAreApplied) {
  bench_.start();
  send_events();
  process();
  bench_.cut_power(0);
  bench_.start();
  EXPECT_EQ(next_event(), 0) << "the rows are lost, and the offset with them";
  process();
  bench_.finish_epoch();
  const auto rows = bench_.rows();
  bench_.cut_power(0);
  bench_.start();
  EXPECT_EQ(next_event(), 6);
  EXPECT_EQ(bench_.rows(), rows) << "and both stay together";
}

// A consumer that commits the last record's offset instead of the next one's applies that record twice.
TEST_F(DefectsOfOthers, TheOffsetCommittedIsThatOfTheNextRecord) {
  bench_.start();
  send_events();
  process();
  bench_.finish_epoch();
  const auto rows = bench_.rows();
  for (int restart = 0; restart < 3; ++restart) {
    bench_.kill();
    bench_.start();
    EXPECT_EQ(next_event(), bench_.end(Input::kEvents).value());
    process();
    bench_.finish_epoch();
  }
  EXPECT_EQ(bench_.rows(), rows);
}

// A store rebuilt by replaying its log into counters that already have it counts everything twice after a rebalance.
TEST_F(DefectsOfOthers, HistoryMetAgainAfterAnotherOwnerTookOverIsNotCountedAgain) {
  bench_.start();
  send_events();
  process();
  bench_.finish_epoch();
  const auto rows = bench_.rows();
  bench_.kill();
  bench_.start();
  ASSERT_TRUE(bench_.process_all_events_again().ok());
  bench_.finish_epoch();
  EXPECT_EQ(bench_.rows(), rows);
  EXPECT_EQ(next_event(), 6);
}

// A producer's retry, and an application's own, are two records of one event.
TEST_F(DefectsOfOthers, ARetriedPublishIsCountedOnceAlsoAfterARestart) {
  ShardBench once;
  once.start();
  const std::string click = event("u", "i", 0, R"(,"event_id":"e1")");
  once.send(once.topics().events, "u", click);
  ASSERT_TRUE(once.process(100, 0, Milliseconds(0), 1).ok());
  once.finish_epoch();

  bench_.start();
  for (int retry = 0; retry < 3; ++retry) {
    bench_.send(bench_.topics().events, "u", click);
    bench_.send(bench_.topics().events, "u", click);
    process();
    bench_.finish_epoch();
    bench_.kill();
    bench_.start();
  }
  EXPECT_EQ(bench_.rows(), once.rows());
}

TEST_F(DefectsOfOthers, AnErasedUserIsNowhereInTheStateAndNoLateEventRevivesHim) {
  const std::string user = "erase-me-4711";
  bench_.start();
  for (int i = 0; i < 4; ++i) bench_.send(bench_.topics().events, user, event(user, absl::StrCat("i", i), i));
  for (int i = 0; i < 4; ++i) bench_.send(bench_.topics().events, "other", event("other", absl::StrCat("i", i), i));
  bench_.send(bench_.topics().users, user, absl::StrCat(R"({"user_id":")", user, R"(","city":"Basel"})"));
  bench_.send(bench_.topics().requests, user, request(user, "r1"));
  process(10);
  bench_.finish_epoch();
  const auto lists = bench_.read(bench_.topics().recommendations);
  ASSERT_EQ(lists.size(), 1U);
  const std::string list = records::decode_recommendation(lists[0].second)->recommendation_id.str();
  // A reward that waits for a decision, too.
  bench_.send(bench_.topics().events, user, event(user, "i0", 200, R"(,"recommendation_id":"not-known-yet")"));
  process();
  bench_.finish_epoch();

  bench_.send(bench_.topics().events, user,
              absl::StrCat(R"({"event":"erase","user_id":")", user, R"(","timestamp":)", kStart + 1000, "}"));
  process();
  bench_.finish_epoch();
  std::string tombstone;
  const auto look = [&] {
    for (std::size_t c = 0; c < state::kColumns; ++c) {
      const auto column = static_cast<state::Column>(c);
      ASSERT_TRUE(bench_.store()
                      .scan(column, "", "",
                            [&](std::string_view key, std::string_view value) {
                              const bool of_user = key.find(user) != std::string_view::npos;
                              if (column == state::Column::kUsers && key == user) {
                                if (tombstone.empty()) tombstone = value;
                                EXPECT_EQ(tombstone, value) << "revived";
                              } else if (column == state::Column::kUserLists && key == user) {
                                pb::UserLists counted;  // how many lists he had: a learner pairs a user's n-th and next
                                EXPECT_TRUE(counted.ParseFromArray(value.data(), static_cast<int>(value.size())));
                                EXPECT_EQ(counted.recommendation_ids_size(), 0);
                              } else {
                                EXPECT_FALSE(of_user) << "a key of " << state::name_of(column);
                              }
                              EXPECT_THAT(std::string(value), Not(HasSubstr(user))) << "a value of " << state::name_of(column);
                              EXPECT_THAT(std::string(value), Not(HasSubstr(list))) << "his list in " << state::name_of(column);
                              return true;
                            })
                      .ok());
    }
  };
  look();
  EXPECT_FALSE(tombstone.empty());
  EXPECT_LT(tombstone.size(), 16U) << "a tombstone has its time and nothing else";
  // What was stamped before the erasure comes after it.
  bench_.send(bench_.topics().events, user, event(user, "i9", 500));
  bench_.send(bench_.topics().events, user, event(user, "i0", 600, absl::StrCat(R"(,"recommendation_id":")", list, "\"")));
  process();
  bench_.finish_epoch();
  look();
  bench_.kill();
  bench_.start();
  look();
}

TEST_F(DefectsOfOthers, AnUnknownUserGetsAListAndNoError) {
  bench_.start();
  send_events();
  process();
  bench_.send(bench_.topics().requests, "nobody-knows-him", request("nobody-knows-him", "r1"));
  process(10);
  bench_.finish_epoch();
  const auto lists = bench_.read(bench_.topics().recommendations);
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_EQ(records::decode_recommendation(lists[0].second)->items.size(), 3U);
  EXPECT_TRUE(bench_.read(bench_.topics().dead_letters).empty());
}

// A list whose probabilities are not on record is worth nothing to learning and evaluation.
TEST_F(DefectsOfOthers, EverySlotHasThePropensityThatItWasDrawnWith) {
  bench_.start();
  send_events();
  bench_.send(bench_.topics().requests, "u", request("u", "r1"));
  process(10);
  bench_.finish_epoch();
  const auto list = records::decode_recommendation(bench_.read(bench_.topics().recommendations).at(0).second).value();
  ASSERT_EQ(list.items.size(), 3U);
  double product = 1;
  for (const records::ListedItem& item : list.items) {
    EXPECT_GT(item.propensity, 0);
    EXPECT_LT(item.propensity, 1) << "epsilon is .3 and two items at least are left: nothing is certain";
    product *= item.propensity;
  }
  EXPECT_NEAR(list.slate_propensity, product, 1e-12);
}

}  // namespace
}  // namespace riffle::pipeline
