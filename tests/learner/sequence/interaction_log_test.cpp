#include "learner/sequence/interaction_log.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/rng.h"

namespace riffle::learner {
namespace {

TEST(InteractionLog, LeadsFromAUsersInteractionToHisOneBeforeAsLongAsItIsHeld) {
  constexpr std::size_t kMost = 50;
  for (const std::uint64_t seed : {1, 2}) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    InteractionLog log(kMost);
    struct One {
      std::uint64_t user, item;
      bool target;
    };
    std::vector<One> all;
    for (std::size_t i = 0; i < 2000; ++i) {
      all.push_back({rng.below(7) * rng.below(20), 1 + rng.below(9), rng.below(4) != 0});
      EXPECT_EQ(log.add(all.back().user, {ItemKey(all.back().item), {}, 0, {}}, all.back().target), i);
      const std::size_t begin = all.size() - std::min(all.size(), kMost);
      ASSERT_EQ(log.begin(), begin);
      std::vector<std::uint64_t> expected, found;
      for (std::size_t j = all.size(); j-- > begin && expected.size() < 6;)
        if (all[j].user == all[i].user) expected.insert(expected.begin(), j);
      log.window(i, 6, found);
      ASSERT_EQ(found, expected) << "interaction " << i;
      std::map<std::uint64_t, std::uint32_t> counts;
      for (std::size_t j = begin; j < all.size(); ++j) counts[all[j].item] += all[j].target ? 1 : 0;
      for (std::uint64_t item = 1; item < 10; ++item) ASSERT_EQ(log.count_of(ItemKey(item)), counts[item]);
      if (i % 300 != 299) continue;
      pb::InteractionLogState state, again;
      log.save(state);
      InteractionLog loaded(kMost);
      ASSERT_TRUE(loaded.load(state).ok());
      loaded.save(again);
      ASSERT_EQ(again.SerializeAsString(), state.SerializeAsString());
      log = std::move(loaded);
    }
  }
}

TEST(InteractionLog, WhatAForgottenUserDidIsContextOfNothingAndTheOthersStay) {
  InteractionLog log(6);
  for (std::uint64_t i = 0; i < 8; ++i) log.add(1 + i % 2, {ItemKey(5 + i % 3), {}, 7, {}}, true);
  log.forget(2);
  log.forget(99);  // nobody
  std::vector<std::uint64_t> window;
  log.window(6, 9, window);
  EXPECT_EQ(window, (std::vector<std::uint64_t>{2, 4, 6}));
  for (const std::uint64_t number : {3, 5, 7}) {
    EXPECT_EQ(log.at(number).user, InteractionLog::kForgotten);
    EXPECT_EQ(log.at(number).entry.item, ItemKey());
    EXPECT_FALSE(log.at(number).target);
    log.window(number, 9, window);
    EXPECT_EQ(window, std::vector<std::uint64_t>{number});
  }
  EXPECT_EQ(log.count_of(ItemKey(5)) + log.count_of(ItemKey(6)) + log.count_of(ItemKey(7)), 3U);
  EXPECT_FALSE(log.before(log.add(2, {ItemKey(5), {}, 8, {}}, true), window[0])) << "he begins anew";
  pb::InteractionLogState state, again;
  log.save(state);
  InteractionLog loaded(6);
  ASSERT_TRUE(loaded.load(state).ok());
  for (InteractionLog* of : {&log, &loaded})  // until all that was forgotten has gone
    for (std::uint64_t i = 0; i < 7; ++i) of->add(1 + i % 3, {ItemKey(5), {}, 9, {}}, i % 2 == 0);
  state.Clear();
  log.save(state);
  loaded.save(again);
  EXPECT_EQ(again.SerializeAsString(), state.SerializeAsString());
}

TEST(InteractionLog, WhatIsInTheMiddleIsSavedAsItWasWhateverCame) {
  InteractionLog log(4000);
  const auto parts = [&] {
    std::vector<std::string> made;
    log.save_parts([&](const pb::InteractionLogState& part) { made.push_back(part.SerializeAsString()); });
    return made;
  };
  for (std::uint64_t i = 0; i < 4500; ++i) log.add(i % 7, {ItemKey(1 + i % 50), {}, 7, {}}, true);
  const auto before = parts();
  log.add(3, {ItemKey(5), {}, 8, {}}, true);
  const auto after = parts();
  const std::set<std::string> known(before.begin(), before.end());
  const auto sent = std::count_if(after.begin(), after.end(), [&](const std::string& part) { return !known.contains(part); });
  EXPECT_GT(after.size(), 7U);
  EXPECT_EQ(sent, 3) << "where it begins, the oldest and the newest";
}

TEST(InteractionLog, AStateThatIsNoneIsRefused) {
  InteractionLog log(4);
  for (const std::uint64_t user : {1, 2, 1}) log.add(user, {ItemKey(5), {}, 7, {}}, true);
  pb::InteractionLogState state;
  log.save(state);
  const auto refused = [&](auto change) {
    pb::InteractionLogState changed = state;
    change(changed);
    return InteractionLog(4).load(changed).code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](auto& s) { s.set_back(2, 1); })) << "leads to another user";
  EXPECT_TRUE(refused([](auto& s) { s.set_back(2, 9); })) << "leads to before the beginning";
  EXPECT_TRUE(refused([](auto& s) { s.set_type(0, 99); }));
  EXPECT_TRUE(refused([](auto& s) { s.mutable_item()->RemoveLast(); }));
  EXPECT_EQ(InteractionLog(2).load(state).code(), absl::StatusCode::kInvalidArgument) << "more than fit";
  EXPECT_TRUE(refused([](auto& s) { s.set_begin(1); })) << "has let go of one, and is not full";
  EXPECT_TRUE(InteractionLog(4).load(state).ok());
}

}  // namespace
}  // namespace riffle::learner
