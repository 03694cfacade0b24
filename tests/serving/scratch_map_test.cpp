#include "serving/scratch_map.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"

namespace riffle::serving {
namespace {

TEST(ScratchMap, AgreesWithAMapOverManyRequestsOfManySizes) {
  Rng rng(11);
  ScratchMap<int> scratch(4);
  for (int request = 0; request < 200; ++request) {
    scratch.clear();
    std::map<std::uint64_t, int> expected;
    const std::uint64_t inserts = rng.below(300);
    for (std::uint64_t i = 0; i < inserts; ++i) {
      const std::uint64_t key = rng.below(200);
      scratch.insert(key).first->value += 1;
      expected[key] += 1;
    }
    ASSERT_EQ(scratch.size(), expected.size());
    for (std::uint64_t key = 0; key < 200; ++key) {
      const auto* found = scratch.find(key);
      const auto known = expected.find(key);
      ASSERT_EQ(found != nullptr, known != expected.end()) << "key " << key << ", request " << request;
      if (found) {
        EXPECT_EQ(found->value, known->second);
      }
    }
  }
}

TEST(ScratchMap, KeepsTheOrderOfInsertion) {
  ScratchMap<int> scratch(2);
  for (const std::uint64_t key : {9, 1, 7, 1, 3, 9, 8}) scratch.insert(key);
  std::vector<std::uint64_t> keys;
  for (const auto& entry : scratch.entries()) keys.push_back(entry.key);
  EXPECT_EQ(keys, (std::vector<std::uint64_t>{9, 1, 7, 3, 8}));
}

}  // namespace
}  // namespace riffle::serving
