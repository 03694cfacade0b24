#include "state/packed_value.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"

namespace riffle::state {
namespace {

std::string unpacked(std::string_view packed) {
  std::string value = "what was there before";
  const absl::Status status = unpack(packed, value);
  EXPECT_TRUE(status.ok()) << status;
  return value;
}

// As a decision is: stretches of its own between stretches that say the same again.
std::string random_value(Rng& rng, std::size_t size) {
  std::string value;
  while (value.size() < size) {
    const bool again = rng.uniform() < .5 && !value.empty();
    const std::size_t from = again ? rng.below(value.size()) : 0;
    for (std::size_t i = 0, count = 1 + rng.below(40); i < count; ++i)
      value.push_back(again ? value[from + i] : static_cast<char>(rng.below(256)));
  }
  value.resize(size);
  return value;
}

TEST(PackedValue, EveryValueComesBack) {
  Rng rng(7);
  std::string packed;
  for (std::size_t size = 0; size < 20'000; size += 1 + size / 7) {
    const std::string value = random_value(rng, size);
    for (const std::size_t plain : {std::size_t{0}, size / 3, size, size + 1}) {
      pack(value, plain, packed);
      EXPECT_EQ(unpacked(packed), value) << size << " bytes, " << plain << " plain";
      EXPECT_LE(packed.size(), value.size() + 1);
    }
  }
}

TEST(PackedValue, WhatSaysTheSameAgainBecomesSmaller) {
  std::string value, packed;
  for (int i = 0; i < 40; ++i)
    value += R"({"item_id":"i)" + std::to_string(i) + R"(","reasons":[{"code":"popular"}]},)";
  pack(value, 0, packed);
  EXPECT_LT(packed.size(), value.size() / 2);
  const std::size_t plain = value.size() / 2;
  pack(value, plain, packed);
  EXPECT_LT(packed.size(), plain + (value.size() - plain) / 2);
  EXPECT_NE(packed.find(value.substr(0, plain)), std::string::npos) << "what is plain was touched";
}

TEST(PackedValue, CutAndChangedBytesAreDamageOrAnotherValueButNeverMore) {
  Rng rng(8);
  std::string packed, value;
  for (const std::size_t plain : {0U, 1000U}) {
    pack(random_value(rng, 3000), plain, packed);
    for (std::size_t size = 0; size < packed.size(); ++size)
      EXPECT_EQ(unpack(std::string_view(packed).substr(0, size), value).code(),
                absl::StatusCode::kDataLoss)
          << size;
    for (std::size_t i = 0; i < 2000; ++i) {
      std::string changed = packed;
      changed[rng.below(changed.size())] ^= static_cast<char>(1 << rng.below(8));
      if (unpack(changed, value).ok()) {
        EXPECT_LE(value.size(), 255 * changed.size());
      }
    }
  }
}

}  // namespace
}  // namespace riffle::state
