// What must hold of the topics and stores that a campaign leaves behind, whenever it was killed:
// DESIGN §5, and the checks of its executable statement.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "deployment.h"
#include "learner/policy_log.h"
#include "learner/trainer.h"
#include "pipeline/encoder_learner.h"
#include "records/candidate_table.h"
#include "records/json_codec.h"
#include "records/riffle.pb.h"
#include "shop.h"
#include "topics.h"

namespace riffle::crash {

class Promises {
 public:
  // Reads the topics; the bus is free again afterwards. `power_cuts`: the power was cut, too. Then a list may have left
  // whose decision was lost with the last epoch's journal: its request gets a second list, under a second id, and what
  // users did with the first waits for a decision that never comes, then goes to the last list that showed the item.
  // `encoder`: one learned, from click and purchase as what is to be predicted.
  Promises(const Deployment& riffle, bool power_cuts, bool encoder = false)
      : riffle_(riffle), topics_(riffle.topics()), power_cuts_(power_cuts), encoder_(encoder) {
    const auto bus = riffle.open_bus();
    events_ = read_topic(*bus, topics_.events);
    requests_ = read_topic(*bus, topics_.requests);
    items_ = read_topic(*bus, topics_.items);
    lists_ = read_topic(*bus, topics_.recommendations);
    outcomes_ = read_topic(*bus, topics_.outcomes);
    policies_ = read_topic(*bus, topics_.policy);
    dead_letters_ = read_topic(*bus, topics_.dead_letters);
  }

  void check() {
    check_lists();
    check_dead_letters();
    check_outcomes();
    check_rewards();
    check_policies();
  }

  // Lists that were published more than once for a request asked once: each tells of a kill between
  // a list and its commit.
  std::size_t republished() const { return republished_; }
  // Lists that left and were forgotten.
  std::size_t lost_decisions() const { return lost_.size(); }

 private:
  // Every request has a list, one and no other; the same request has the same list, byte for byte.
  void check_lists() {
    // By user and request, how often.
    std::map<std::pair<std::string, std::string>, std::size_t> asked;
    for (const Read& read : requests_) {
      if (!read.header(kExpectHeader).empty()) continue;
      records::Request request;
      ASSERT_FALSE(decoder_.decode(*read.value, request).has_value());
      ++asked[{request.user_id.str(), request.request_id.str()}];
    }
    std::map<std::string, std::set<std::string>> contents;  // recommendation → bytes
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> answered;
    for (const Read& read : lists_) {
      const auto list = records::decode_recommendation(read.value.value_or(""));
      ASSERT_TRUE(list.ok()) << list.status();
      EXPECT_EQ(read.key, list->user_id.str());
      contents[list->recommendation_id.str()].insert(*read.value);
      answered[{list->user_id.str(), list->request_id.str()}].push_back(
          list->recommendation_id.str());
    }
    for (const auto& [id, bytes] : contents)
      EXPECT_EQ(bytes.size(), 1U) << "two contents of list " << id;
    for (const auto& [request, times] : asked) {
      const std::vector<std::string>& lists = answered[request];
      EXPECT_GE(lists.size(), times) << "request " << request.second << " has no list";
      const std::set<std::string> different(lists.begin(), lists.end());
      if (!power_cuts_) {
        EXPECT_EQ(different.size(), 1U) << "different lists for request " << request.second;
      }
      by_request_.push_back(different);
      republished_ += lists.size() - std::min(lists.size(), times);
    }
    EXPECT_EQ(answered.size(), asked.size()) << "a list that nobody asked for";
  }

  // Exactly what was sent to be refused is refused, and for its reason; more than once it may be.
  void check_dead_letters() {
    using Origin = std::tuple<std::string, std::string, std::string>;  // topic, partition, offset
    std::map<Origin, std::string> expected;
    for (const auto& [topic, records] : {std::pair{&topics_.events, &events_},
                                         {&topics_.requests, &requests_},
                                         {&topics_.items, &items_}}) {
      for (const Read& read : *records) {
        if (const std::string code = read.header(kExpectHeader); !code.empty())
          expected[{*topic, absl::StrCat(read.partition.value()),
                    absl::StrCat(read.offset.value())}] = code;
      }
    }
    std::set<Origin> refused;
    for (const Read& read : dead_letters_) {
      const Origin origin{read.header("origin.topic"), read.header("origin.partition"),
                          read.header("origin.offset")};
      const auto it = expected.find(origin);
      EXPECT_EQ(it == expected.end() ? "none" : it->second, read.header("error.code"))
          << std::get<0>(origin) << "/" << std::get<1>(origin) << "/" << std::get<2>(origin) << ": "
          << read.header("error.message");
      refused.insert(origin);
    }
    for (const auto& [origin, code] : expected)
      EXPECT_TRUE(refused.contains(origin))
          << std::get<0>(origin) << "/" << std::get<1>(origin) << "/" << std::get<2>(origin)
          << " got no dead letter; expected " << code;
  }

  // Readers that skip sequences they have passed see every outcome once, in order, up to its close.
  void check_outcomes() {
    std::map<std::int32_t, std::uint64_t> next;
    std::map<std::pair<std::int32_t, std::uint64_t>, std::string> contents;
    for (const Read& read : outcomes_) {
      pb::Outcome outcome;
      ASSERT_TRUE(outcome.ParseFromString(read.value.value_or("")));
      const std::int32_t shard = read.partition.value();
      EXPECT_EQ(outcome.shard(), shard);
      std::map<std::int64_t, std::uint64_t>& highest = highest_[shard];
      highest[read.offset.value()] =
          std::max(outcome.sequence(), highest.empty() ? 0 : highest.rbegin()->second);
      const auto [content, fresh] = contents.try_emplace({shard, outcome.sequence()}, *read.value);
      EXPECT_EQ(content->second, *read.value) << "one sequence number, two outcomes";
      if (!next.contains(shard)) next[shard] = riffle_.generation(read.partition) << 20;
      if (outcome.sequence() < next[shard]) {
        EXPECT_FALSE(fresh) << "a sequence number from before the store was made";
        continue;
      }
      ASSERT_EQ(outcome.sequence(), next[shard]) << "a gap in the outcomes of shard " << shard;
      ++next[shard];

      const auto [it, revision_0] = last_.try_emplace(outcome.recommendation_id());
      Last& last = it->second;
      EXPECT_FALSE(last.closed) << "a revision after the close of " << outcome.recommendation_id();
      EXPECT_EQ(outcome.revision(), last.next_revision++) << outcome.recommendation_id();
      last.rewards.resize(static_cast<std::size_t>(outcome.slots_size()));
      for (int i = 0; i < outcome.slots_size(); ++i) {
        double& reward = last.rewards[static_cast<std::size_t>(i)];
        EXPECT_EQ(outcome.slots(i).previous_reward(), reward)
            << outcome.recommendation_id() << " slot " << i;
        reward = outcome.slots(i).reward();
      }
      last.closed = outcome.closed();
    }
    std::set<std::string> published;
    for (const Read& read : lists_)
      published.insert(
          records::decode_recommendation(read.value.value_or("")).value().recommendation_id.str());
    for (const auto& [id, last] : last_) {
      EXPECT_TRUE(last.closed) << "never closed: " << id;
      EXPECT_TRUE(published.contains(id)) << "an outcome of a list that nobody has seen: " << id;
    }
    for (const std::set<std::string>& lists : by_request_) {
      std::size_t kept = 0;
      for (const std::string& id : lists) {
        if (last_.contains(id)) ++kept;
        else lost_.insert(id);
      }
      EXPECT_EQ(kept, 1U) << "of one request's lists exactly one has an outcome: " << *lists.begin();
    }
  }

  // A list has earned what distinct answers to it were worth: nothing lost, nothing counted twice.
  void check_rewards() {
    std::map<std::string, std::map<std::size_t, double>> earned;
    std::set<std::pair<std::string, std::string>> seen;
    for (const Read& read : events_) {
      if (!read.header(kExpectHeader).empty()) continue;
      records::Event event;
      ASSERT_FALSE(decoder_.decode(*read.value, event).has_value());
      if (event.recommendation_id.empty() ||
          !seen.insert({event.user_id.str(), event.event_id.str()}).second)
        continue;
      earned[event.recommendation_id.str()][static_cast<std::size_t>(event.position)] += 1;
    }
    EXPECT_FALSE(earned.empty());
    std::map<std::pair<std::string, std::string>, double> of_lost;  // by user and item
    std::map<std::string, records::Recommendation> shown;
    for (const Read& read : lists_) {
      auto list = records::decode_recommendation(read.value.value_or("")).value();
      std::string id = list.recommendation_id.str();
      if (lost_.contains(id) && !shown.contains(id))
        for (const auto& [slot, amount] : earned[id])
          of_lost[{list.user_id.str(), list.items[slot].item_id.str()}] += amount;
      shown.try_emplace(std::move(id), std::move(list));
    }
    for (const auto& [id, last] : last_) {
      for (std::size_t slot = 0; slot < last.rewards.size(); ++slot) {
        const records::Recommendation& list = shown.at(id);
        double& more = of_lost[{list.user_id.str(), list.items[slot].item_id.str()}];
        const double excess = last.rewards[slot] - earned[id][slot];
        EXPECT_GE(excess, 0) << "list " << id << " slot " << slot;
        EXPECT_LE(excess, more) << "list " << id << " slot " << slot;
        more -= excess;
      }
    }
    for (const auto& [id, slots] : earned)
      EXPECT_TRUE(last_.contains(id) || lost_.contains(id)) << "rewards without an outcome: " << id;
  }

  // Every version has learned exactly the outcomes that it says: its positions name records that
  // are there, and learning these records from the beginning gives the newest version's statistics
  // again.
  void check_policies() {
    learner::PolicyLog log;
    std::map<std::string, std::uint64_t> versions;
    for (const Read& read : policies_) {
      ASSERT_TRUE(read.key.has_value());
      ASSERT_TRUE(log.apply(*read.key, read.value).ok()) << *read.key;
      pb::PolicyManifest manifest;
      if (read.key->find("/version/") == std::string::npos || !read.value) continue;
      ASSERT_TRUE(manifest.ParseFromString(*read.value));
      std::uint64_t& version = versions[manifest.policy_id()];
      EXPECT_GT(manifest.version(), version) << "versions go up";
      EXPECT_LE(manifest.parent(), version);
      version = manifest.version();
      EXPECT_EQ(log.missing_blocks(manifest), 0U)
          << "a manifest before its blocks: version " << version;
      for (const pb::ShardPosition& position : manifest.outcomes())
        check_position(position, version);
    }
    const pb::PolicyManifest* newest = log.newest(PolicyId("linear"));
    ASSERT_NE(newest, nullptr) << "nothing was learned";
    check_refit(*newest, log.state_of(*newest).value());
    if (encoder_) check_encoder(log);
  }

  // What an encoder has learned from: of an interaction its item, time, and place among the types.
  using Interaction = std::tuple<std::uint64_t, std::int64_t, std::uint32_t>;
  using Histories = std::map<std::uint64_t, std::vector<Interaction>>;  // by user, in his order

  // The newest version has every good interaction up to its positions once, each user's in his order.
  void check_encoder(const learner::PolicyLog& log) {
    const pb::PolicyManifest* newest = log.newest(PolicyId(std::string(learner::kEncoderId)));
    ASSERT_NE(newest, nullptr) << "the encoder has learned nothing";
    const auto state = pipeline::parse_encoder_state(log.state_of(*newest).value());
    ASSERT_TRUE(state.ok()) << state.status();
    std::map<std::int32_t, std::int64_t> positions;
    for (const pb::EventPosition& position : state->positions()) positions[position.partition()] = position.offset();
    EXPECT_EQ(positions.size(), static_cast<std::size_t>(kPartitions));
    const pb::InteractionLogState& learned = state->trainer().log();
    Histories have;
    for (int i = 0; i < learned.user_size(); ++i)
      have[learned.user(i)].push_back({learned.item(i), learned.time_ms(i), learned.type(i)});
    EXPECT_EQ(have, interactions_before(positions)) << "version " << newest->version();
    EXPECT_GT(learned.user_size(), 500) << "it was never let learn";
  }

  Histories interactions_before(const std::map<std::int32_t, std::int64_t>& positions) {
    Histories histories;
    std::set<std::pair<std::string, std::string>> seen;
    for (const Read& read : events_) {
      const auto end = positions.find(read.partition.value());
      if (end == positions.end() || read.offset.value() >= end->second || !read.header(kExpectHeader).empty()) continue;
      records::Event event;
      if (decoder_.decode(*read.value, event) || event.kind != records::EventKind::kInteraction) continue;
      if (!event.event_id.empty() && !seen.insert({event.user_id.str(), event.event_id.str()}).second) continue;
      histories[stable_hash(event.user_id.str())].push_back(
          {key_of(event.item_id).value(), to_ms(*event.timestamp), static_cast<std::uint32_t>(event.type)});
    }
    return histories;
  }

  void check_position(const pb::ShardPosition& position, std::uint64_t version) {
    const std::map<std::int64_t, std::uint64_t>& highest = highest_[position.shard()];
    const auto last = highest.lower_bound(position.offset());
    ASSERT_NE(last, highest.begin())
        << "version " << version << " has learned nothing of shard " << position.shard();
    EXPECT_TRUE(last != highest.end() || position.offset() == highest.rbegin()->first + 1)
        << "version " << version << " has learned outcomes that do not exist";
    EXPECT_EQ(position.sequence(), std::prev(last)->second) << "version " << version;
  }

  void check_refit(const pb::PolicyManifest& newest, const std::string& state) {
    learner::LearnerOptions options;
    options.linear.half_life =
        Milliseconds(0);  // as in the configuration: sums do not depend on the shards' order
    const auto trainer = learner::make_trainer("linear", options).value();
    for (const pb::ShardPosition& position : newest.outcomes()) {
      std::uint64_t highest = 0;
      for (const Read& read : outcomes_) {
        if (read.partition.value() != position.shard() || read.offset.value() >= position.offset())
          continue;
        pb::Outcome outcome;
        ASSERT_TRUE(outcome.ParseFromString(*read.value));
        ASSERT_TRUE(records::spread_candidates(outcome).ok());
        if (outcome.sequence() <= highest) continue;
        highest = outcome.sequence();
        trainer->learn(outcome);
      }
    }
    EXPECT_GT(newest.slots_learned(), 0U);
    EXPECT_EQ(newest.slots_learned(), trainer->slots_learned());
    pb::LinearState learned, refitted;
    ASSERT_TRUE(learned.ParseFromString(state));
    ASSERT_TRUE(refitted.ParseFromString(trainer->save()));
    ASSERT_EQ(learned.positions_size(), refitted.positions_size());
    for (int k = 0; k < learned.positions_size(); ++k) {
      expect_same(learned.positions(k).gram(), refitted.positions(k).gram(),
                  absl::StrCat("gram of position ", k));
      expect_same(learned.positions(k).moment(), refitted.positions(k).moment(),
                  absl::StrCat("moment of position ", k));
    }
  }

  // But for the rounding of sums in another order.
  template <class Numbers>
  static void expect_same(const Numbers& learned, const Numbers& refitted,
                          const std::string& what) {
    ASSERT_EQ(learned.size(), refitted.size()) << what;
    for (int i = 0; i < learned.size(); ++i)
      EXPECT_NEAR(learned.Get(i), refitted.Get(i), 1e-9 * (1 + std::abs(refitted.Get(i))))
          << what << " [" << i << "]";
  }

  struct Last {
    std::uint32_t next_revision = 0;
    std::vector<double> rewards;
    bool closed = false;
  };

  const Deployment& riffle_;
  const bus::TopicNames& topics_;
  records::JsonDecoder decoder_{records::Limits()};
  std::vector<Read> events_, requests_, items_, lists_, outcomes_, policies_, dead_letters_;
  std::map<std::string, Last> last_;
  // By shard and offset of `outcomes`: the highest sequence up to there.
  std::map<std::int32_t, std::map<std::int64_t, std::uint64_t>> highest_;
  const bool power_cuts_, encoder_;
  std::vector<std::set<std::string>> by_request_;
  std::set<std::string> lost_;
  std::size_t republished_ = 0;
};

// The same log, applied by a Riffle that is never killed, gives the same event-made rows, byte for
// byte.
inline void check_rows(const Deployment& crashed, const Deployment& straight) {
  for (std::int32_t p = 0; p < kPartitions; ++p) {
    const auto have = crashed.event_rows(Partition(p)), want = straight.event_rows(Partition(p));
    EXPECT_FALSE(want.empty());
    EXPECT_EQ(have.size(), want.size()) << "rows of shard " << p;
    const auto [first, other] = std::mismatch(have.begin(), have.end(), want.begin(), want.end());
    if (first == have.end() && other == want.end()) continue;
    ADD_FAILURE() << "shard " << p << ": the first row that differs is "
                  << testing::PrintToString(first == have.end() ? other->first : first->first);
  }
}

}  // namespace riffle::crash
