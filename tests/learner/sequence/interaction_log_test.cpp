#include "learner/sequence/interaction_log.h"

#include <gmock/gmock.h>

#include <map>

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
