#include "learner/sequence/seen_events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "base/rng.h"

namespace riffle::learner {
namespace {

pb::SeenEventsState saved(const SeenEvents& seen) {
  pb::SeenEventsState state;
  seen.save_parts([&](const pb::SeenEventsState& part) { state.MergeFrom(part); });
  return state;
}

TEST(SeenEvents, AreTheLastSoManyHoweverOftenTheyAreSavedAndLoaded) {
  constexpr std::size_t kMost = 20;
  Rng rng(3);
  SeenEvents seen(kMost);
  std::deque<std::uint64_t> expected;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t hash = 1 + rng.below(60);
    const bool is_new = std::find(expected.begin(), expected.end(), hash) == expected.end();
    ASSERT_EQ(seen.add(hash), is_new);
    if (is_new) expected.push_back(hash);
    if (expected.size() > kMost) expected.pop_front();
    if (i % 171 != 0) continue;
    SeenEvents loaded(kMost);
    ASSERT_TRUE(loaded.load(saved(seen)).ok());
    ASSERT_EQ(saved(loaded).SerializeAsString(), saved(seen).SerializeAsString());
    seen = std::move(loaded);
  }
}

TEST(SeenEvents, AStateThatIsNoneIsRefused) {
  SeenEvents seen(3);
  for (const std::uint64_t hash : {7, 8}) seen.add(hash);
  pb::SeenEventsState state = saved(seen);
  EXPECT_TRUE(SeenEvents(3).load(state).ok());
  EXPECT_FALSE(SeenEvents(1).load(state).ok()) << "more than fit";
  state.set_begin(1);
  EXPECT_FALSE(SeenEvents(3).load(state).ok()) << "has let go of one, and is not full";
  state.set_begin(0);
  state.set_hash(1, 7);
  EXPECT_FALSE(SeenEvents(3).load(state).ok()) << "twice the same";
}

}  // namespace
}  // namespace riffle::learner
