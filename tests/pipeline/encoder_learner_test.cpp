#include "pipeline/encoder_learner.h"

#include <gmock/gmock.h>

#include <deque>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "pipeline/adopted_policies.h"
#include "pipeline/in_process_encoder.h"
#include "tests/learner/q_learning/network.h"

namespace riffle::pipeline {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kStart = 1'760'000'000'000;
const PolicyId kEncoder{std::string(learner::kEncoderId)};

class EncoderLearning : public learner::testing::WithNetwork {
 protected:
  EncoderLearning() {
    options_.sequence.encoder = "mean";
    options_.sequence.width = 8;
    options_.sequence.length = 6;
    options_.sequence.items = 500;
    options_.sequence.log = 2000;
    options_.sequence.step_every = 4;
    options_.network.device = "cpu";
  }

  std::unique_ptr<EncoderLearner> make() {
    auto made = EncoderLearner::create({"events", {}, {}, options_, &world_}, metrics_);
    RIFFLE_CHECK(made.ok(), made.status().ToString());
    return *std::move(made);
  }
  std::unique_ptr<EncoderLearner> booted(const learner::PolicyLog& log) {
    auto made = make();
    EXPECT_TRUE(made->boot(log, 1).ok());
    return made;
  }

  // A record of partition 0; `member` goes into the event.
  bus::Record event(std::int64_t offset, const std::string& user, const std::string& item, const std::string& member = "") {
    const std::string& key = kept_.emplace_back(user);
    const std::string& value = kept_.emplace_back(
        absl::StrCat(R"({"event":"interaction","type":"click","timestamp":)", kStart + 1000 * offset, R"(,"user_id":")", user,
                     R"(","item_id":")", item, "\"", member, "}"));
    return record(offset, key, value);
  }
  bus::Record erase(std::int64_t offset, const std::string& user) {
    const std::string& key = kept_.emplace_back(user);
    const std::string& value = kept_.emplace_back(
        absl::StrCat(R"({"event":"erase","timestamp":)", kStart + 1000 * offset, R"(,"user_id":")", user, "\"}"));
    return record(offset, key, value);
  }
  static bus::Record record(std::int64_t offset, std::string_view key, std::string_view value) {
    return {"events", Partition(0), Offset(offset), from_ms(kStart + 1000 * offset), key, value, {}};
  }
  // The offset-th of a random stream.
  bus::Record any(std::int64_t offset) {
    Rng rng(static_cast<std::uint64_t>(offset) + 77);
    return event(offset, absl::StrCat("u", rng.below(9)), absl::StrCat("i", rng.below(40)), absl::StrCat(R"(,"event_id":"e)", offset, "\""));
  }

  static void apply(learner::PolicyLog& log, const std::vector<learner::PolicyRecord>& records) {
    for (const auto& record : records) EXPECT_TRUE(log.apply(record.key, record.value).ok());
  }
  static pb::EncoderState state_of(const learner::PolicyLog& log) {
    return *parse_encoder_state(*log.state_of(*log.newest(kEncoder)));
  }
  // What it would publish now, of one that has published nothing.
  static pb::EncoderState state_of(EncoderLearner& learner) {
    learner::PolicyLog log;
    apply(log, learner.publish(from_ms(kStart), true));
    return state_of(log);
  }
  static std::vector<std::uint64_t> blocks(const learner::PolicyLog& log) {
    const auto* newest = log.newest(kEncoder);
    return {newest->blocks().begin(), newest->blocks().end()};
  }
  double count(const std::string& result) {
    return metrics_.counter("riffle_encoder_events_total", "Events that the encoder's learner took in, by what became of them",
                            {{"result", result}}).Value();
  }

  learner::LearnerOptions options_;
  Metrics metrics_;
  Published<World> world_;
  std::deque<std::string> kept_;
};

TEST_F(EncoderLearning, WhoBootsFromAVersionGoesOnAsIfItHadNotStopped) {
  const auto straight = booted(learner::PolicyLog());
  learner::PolicyLog topic;
  auto stopped = booted(learner::PolicyLog());
  for (std::int64_t offset = 0; offset < 300; ++offset) {
    const bus::Record record = offset == 150 ? erase(offset, "u3") : any(offset);
    straight->learn(record);
    stopped->learn(record);
    if (offset % 70 != 69) continue;
    apply(topic, stopped->publish(from_ms(kStart + offset), true));
    stopped = booted(topic);
    EXPECT_EQ(stopped->positions().at(Partition(0)), Offset(offset + 1));
  }
  learner::PolicyLog expected;
  apply(expected, straight->publish(from_ms(kStart), true));
  apply(topic, stopped->publish(from_ms(kStart), true));
  EXPECT_EQ(blocks(topic), blocks(expected));
  EXPECT_EQ(topic.newest(kEncoder)->version(), 5U);
  EXPECT_EQ(topic.newest(kEncoder)->parent(), 4U);
}

TEST_F(EncoderLearning, ARecordOrAnEventThatComesAgainIsLearnedOnce) {
  const auto learner = booted(learner::PolicyLog());
  learner->learn(event(0, "u1", "a", R"(,"event_id":"e1")"));
  learner->learn(event(1, "u1", "b", R"(,"event_id":"e2")"));
  learner->learn(event(1, "u1", "b", R"(,"event_id":"e2")"));  // the offset
  learner->learn(event(2, "u1", "b", R"(,"event_id":"e2")"));  // the event
  learner->learn(event(3, "u2", "b", R"(,"event_id":"e2")"));  // another user's
  learner->learn(event(4, "u1", "b"));                          // without an id: another one
  EXPECT_EQ(count("repeat"), 1);
  EXPECT_EQ(count("duplicate"), 1);
  EXPECT_EQ(count("learned"), 4);
  EXPECT_EQ(state_of(*learner).trainer().log().user_size(), 4);
}

TEST_F(EncoderLearning, WhatIsNoEventOrNotAdmittedIsLeftOutAndCounted) {
  const auto learner = booted(learner::PolicyLog());
  learner->learn(record(0, "u1", "{"));
  learner->learn(record(1, "another", R"({"event":"interaction","type":"click","user_id":"u1","item_id":"a"})"));
  learner->learn(event(2, "u1", "a"));
  learner->learn(record(3, "u1", absl::StrCat(R"({"event":"interaction","type":"click","timestamp":)", kStart - 864'000'000,
                                              R"(,"user_id":"u1","item_id":"a"})")));  // ten days late
  learner->learn(event(4, "u1", ""));
  EXPECT_EQ(count("refused"), 4) << "an empty item_id, too";
  EXPECT_EQ(count("learned"), 1);
  EXPECT_EQ(learner->positions().at(Partition(0)), Offset(5));
}

TEST_F(EncoderLearning, TypesWithoutAPositiveWeightAreContext) {
  const auto learner = booted(learner::PolicyLog());
  learner->learn(event(0, "u1", "a"));
  learner->learn(record(1, "u1", absl::StrCat(R"({"event":"interaction","type":"dislike","timestamp":)", kStart + 1000,
                                              R"(,"user_id":"u1","item_id":"b"})")));
  const pb::EncoderState state = state_of(*learner);
  EXPECT_THAT(state.trainer().log().target(), ::testing::ElementsAre(true, false));
}

TEST_F(EncoderLearning, AnErasedUserLeavesTheLogAndWhatComesLateOfHimIsDroppedAlsoAfterARestart) {
  learner::PolicyLog topic;
  auto learner = booted(learner::PolicyLog());
  learner->learn(event(0, "u1", "a"));
  learner->learn(event(1, "u2", "b"));
  learner->learn(erase(10, "u1"));
  apply(topic, learner->publish(from_ms(kStart), true));
  const pb::EncoderState state = state_of(topic);
  EXPECT_THAT(state.trainer().log().user(), ::testing::ElementsAre(learner::InteractionLog::kForgotten, stable_hash("u2")));
  learner = booted(topic);
  bus::Record late = event(5, "u1", "a");
  late.offset = Offset(11);
  learner->learn(late);
  EXPECT_EQ(count("erased"), 1);
  learner->learn(event(12, "u1", "c"));
  bus::Record again = erase(9, "u1");
  again.offset = Offset(13);
  learner->learn(again);  // an older one: it takes nothing that came after
  apply(topic, learner->publish(from_ms(kStart + 1), true));
  EXPECT_THAT(state_of(topic).trainer().log().user(),
              ::testing::ElementsAre(learner::InteractionLog::kForgotten, stable_hash("u2"), stable_hash("u1")));
}

TEST_F(EncoderLearning, WhatHasNotChangedIsNotSentAgainAndOldVersionsGo) {
  options_.sequence.keep_versions = 2;
  options_.sequence.log = 20'000;
  options_.sequence.step_every = 1000;
  const auto learner = booted(learner::PolicyLog());
  learner::PolicyLog topic;
  for (std::int64_t offset = 0; offset < 8000; ++offset) learner->learn(any(offset));
  const auto first = learner->publish(from_ms(kStart), true);
  apply(topic, first);
  learner->learn(any(8000));
  const auto second = learner->publish(from_ms(kStart + 1), true);
  apply(topic, second);
  const auto sent = [](const std::vector<learner::PolicyRecord>& records) {
    return std::count_if(records.begin(), records.end(), [](const auto& record) { return record.value.has_value(); });
  };
  EXPECT_LT(sent(second), sent(first) / 2) << "rows, layers and most of the log are as they were";
  EXPECT_EQ(topic.newest(kEncoder)->version(), 2U);
  EXPECT_EQ(state_of(topic).trainer().log().user_size(), 8001);
  EXPECT_TRUE(learner->publish(from_ms(kStart + 2), true).empty()) << "nothing is new";
  learner->learn(any(8001));
  const auto third = learner->publish(from_ms(kStart + 3), true);
  EXPECT_TRUE(std::any_of(third.begin(), third.end(), [](const auto& record) {
    return !record.value && record.key == "encoder/version/00000000000000000001";
  }));
  apply(topic, third);
  EXPECT_EQ(topic.complete_versions(kEncoder).size(), 2U);
  EXPECT_EQ(state_of(topic).trainer().log().user_size(), 8002);
}

TEST_F(EncoderLearning, VersionsComeInTheirInterval) {
  options_.sequence.publish_interval = std::chrono::minutes(1);
  const auto learner = booted(learner::PolicyLog());
  EXPECT_TRUE(learner->publish(from_ms(kStart), false).empty());
  for (std::int64_t offset = 0; offset < 20; ++offset) learner->learn(any(offset));
  EXPECT_TRUE(learner->publish(from_ms(kStart + 59'999), false).empty());
  EXPECT_FALSE(learner->publish(from_ms(kStart + 60'000), false).empty());
  EXPECT_TRUE(learner->publish(from_ms(kStart + 600'000), false).empty()) << "nothing is new";
}

TEST_F(EncoderLearning, AVersionOfAnotherEncoderOrShapeIsNotGoneOnFromAndNumbersGoOn) {
  learner::PolicyLog topic;
  auto learner = booted(learner::PolicyLog());
  for (std::int64_t offset = 0; offset < 20; ++offset) learner->learn(any(offset));
  apply(topic, learner->publish(from_ms(kStart), true));
  options_.sequence.encoder = "gru";
  learner = booted(topic);
  EXPECT_TRUE(learner->positions().empty());
  options_.sequence.encoder = "mean";
  options_.sequence.width = 16;
  learner = make();
  EXPECT_EQ(learner->boot(topic, 1).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(learner->positions().empty());
  learner->learn(any(0));
  apply(topic, learner->publish(from_ms(kStart), true));
  EXPECT_EQ(topic.newest(kEncoder)->version(), 2U);
}

TEST_F(EncoderLearning, ALearnerThatCannotKeepUpTakesTheRestIntoTheLog) {
  const auto learner = booted(learner::PolicyLog());
  for (const std::uint64_t waiting : {10'000, 20'000, 30'000, 40'000}) learner->note_backlog(waiting);
  for (std::int64_t offset = 0; offset < 800; ++offset) learner->learn(any(offset));
  const pb::EncoderState state = state_of(*learner);
  EXPECT_EQ(state.trainer().log().user_size(), 800);
  EXPECT_NEAR(static_cast<double>(state.trainer().left_out()), 700, 60) << "an eighth is trained on";
  EXPECT_THAT(metrics_.exposition(), HasSubstr("riffle_encoder_training_share_ratio 0.125"));
  EXPECT_THAT(metrics_.exposition(), HasSubstr("riffle_encoder_backlog 40000"));
  EXPECT_GT(learner->trainer().steps(), 0U);
}

TEST_F(EncoderLearning, ServingAdoptsTheNewestVersionThatItCanUseAndGoesOnWithItElse) {
  auto adopted = *AdoptedPolicies::create({}, options_);
  learner::LearnerOptions none = options_;
  none.sequence.encoder = "none";
  auto without = *AdoptedPolicies::create({}, none);
  const auto tell = [&](const std::vector<learner::PolicyRecord>& records) {
    for (const auto& record : records)
      for (AdoptedPolicies* of : {&adopted, &without}) EXPECT_TRUE(of->apply(record.key, record.value).ok());
    adopted.adopt();
    without.adopt();
  };
  EXPECT_EQ(adopted.policies().encoder, nullptr);
  const auto learner = booted(learner::PolicyLog());
  for (std::int64_t offset = 0; offset < 50; ++offset) learner->learn(any(offset));
  tell(learner->publish(from_ms(kStart), true));
  ASSERT_NE(adopted.policies().encoder, nullptr);
  EXPECT_EQ(adopted.policies().encoder->version(), 1U);
  EXPECT_EQ(adopted.policies().encoder->items().size(), learner->trainer().tables().items().admitted().size());
  EXPECT_EQ(without.policies().encoder, nullptr);

  learner->learn(any(50));
  auto cut = learner->publish(from_ms(kStart + 1), true);
  std::erase_if(cut, [](const auto& record) { return record.key.find("/block/") != std::string::npos; });
  tell(cut);  // its blocks do not come
  EXPECT_EQ(adopted.policies().encoder->version(), 1U);

  learner::LearnerOptions wider = options_;
  wider.sequence.width = 16;
  options_ = wider;
  const auto other = booted(learner::PolicyLog());
  for (std::int64_t offset = 0; offset < 50; ++offset) other->learn(any(offset));
  auto foreign = other->publish(from_ms(kStart + 2), true);
  pb::PolicyManifest manifest;
  ASSERT_TRUE(manifest.ParseFromString(*foreign.back().value));
  manifest.set_version(9);
  foreign.back() = {"encoder/version/00000000000000000009", manifest.SerializeAsString()};
  tell(foreign);  // of another shape
  EXPECT_EQ(adopted.policies().encoder->version(), 1U);
  tell({});
  EXPECT_EQ(adopted.policies().encoder->version(), 1U);
}

// ---- without a topic

TEST_F(EncoderLearning, InProcessAVersionIsServedWhenItIsDueByTheRecordsTimeAndIsWhatWasLearned) {
  auto made = InProcessEncoder::create({{}, {}, options_, 1}, metrics_);
  ASSERT_TRUE(made.ok()) << made.status();
  InProcessEncoder& encoder = **made;
  const TimePoint start = from_ms(kStart);
  const Milliseconds interval = options_.sequence.publish_interval;
  EXPECT_EQ(encoder.at(start), nullptr) << "nothing learned";
  const auto learner = booted(learner::PolicyLog());
  for (std::int64_t offset = 0; offset < 40; ++offset) {
    learner->learn(any(offset));
    encoder.learn(any(offset));
  }
  EXPECT_EQ(encoder.at(start + interval - Milliseconds(1)), nullptr);
  const auto first = encoder.at(start + interval);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->version(), 1U);
  const auto sent = learner::EncoderSnapshot::make(first->shape().kind, options_.sequence, state_of(*learner).trainer(), 1);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_THAT(first->outputs(), ::testing::ElementsAreArray((*sent)->outputs())) << "as a worker's learner sends it";
  EXPECT_EQ(encoder.at(start + 3 * interval), first) << "nothing new";
  encoder.learn(any(40));
  EXPECT_EQ(encoder.at(start + 3 * interval)->version(), 2U);
  EXPECT_EQ(first->version(), 1U) << "who holds the one before keeps it";
}

TEST_F(EncoderLearning, InProcessThereIsNoneWhereNoneIsConfigured) {
  options_.sequence.encoder = "none";
  EXPECT_EQ(*InProcessEncoder::create({{}, {}, options_, 1}, metrics_), nullptr);
  options_.sequence.encoder = "mena";
  EXPECT_TRUE(absl::IsInvalidArgument(InProcessEncoder::create({{}, {}, options_, 1}, metrics_).status()));
}

}  // namespace
}  // namespace riffle::pipeline
