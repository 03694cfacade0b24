#include "serving/diversifiers/diversifier.h"

#include <gtest/gtest.h>

#include "tests/serving/kernels.h"

namespace riffle::serving {
namespace {

TEST(Diversifier, TheFastDppPicksWhatExhaustiveLogDeterminantsPick) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    const auto kernels = random_kernels(40, rng);
    const auto dpp = make_diversifier("dpp");
    dpp->reset(pointers(kernels));
    std::vector<float> gains(kernels.size());
    std::vector<std::uint32_t> chosen{static_cast<std::uint32_t>(rng.below(40))};
    dpp->add(chosen.front());
    while (chosen.size() < 10) {
      dpp->gains(gains);
      std::uint32_t fast = 0, exhaustive = 0;
      double fast_gain = -1, largest = -1;
      for (std::uint32_t i = 0; i < kernels.size(); ++i) {
        if (std::find(chosen.begin(), chosen.end(), i) != chosen.end()) continue;
        std::vector<std::uint32_t> with = chosen;
        with.push_back(i);
        const double volume = determinant_of(kernels, with);
        if (volume > largest) largest = volume, exhaustive = i;
        if (static_cast<double>(gains[i]) > fast_gain) fast_gain = static_cast<double>(gains[i]), fast = i;
      }
      ASSERT_EQ(fast, exhaustive) << "seed " << seed << ", slot " << chosen.size();
      chosen.push_back(fast);
      dpp->add(fast);
    }
  }
}

TEST(Diversifier, GainsEqualTheirDefinitionsHoweverItemsAreDrawn) {
  for (const std::string kind : {"none", "mmr", "dpp"}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      Rng rng(seed);
      const auto kernels = random_kernels(23, rng);
      const auto diversifier = make_diversifier(kind);
      diversifier->reset(pointers(kernels));
      std::vector<float> gains(kernels.size());
      std::vector<std::uint32_t> above;
      for (int slot = 0; slot < 8; ++slot) {
        diversifier->gains(gains);
        for (std::uint32_t i = 0; i < kernels.size(); ++i) {
          if (std::find(above.begin(), above.end(), i) != above.end()) continue;
          ASSERT_NEAR(static_cast<double>(gains[i]), naive_gain(kind, kernels, above, i), 1e-4)
              << kind << ", seed " << seed << ", slot " << slot << ", item " << i;
        }
        std::uint32_t drawn = static_cast<std::uint32_t>(rng.below(kernels.size()));
        while (std::find(above.begin(), above.end(), drawn) != above.end()) drawn = (drawn + 1) % 23;
        above.push_back(drawn);
        diversifier->add(drawn);
      }
    }
  }
}

TEST(Diversifier, TheFirstSlotsGainIsOneForAll) {
  Rng rng(3);
  const auto kernels = random_kernels(9, rng);
  for (const std::string kind : {"mmr", "dpp"}) {
    const auto diversifier = make_diversifier(kind);
    diversifier->reset(pointers(kernels));
    std::vector<float> gains(9);
    diversifier->gains(gains);
    for (const float gain : gains) EXPECT_EQ(gain, 1) << kind;
  }
}

TEST(Diversifier, ATwinAddsNothingAndDrawingItChangesNothing) {
  Rng rng(4);
  auto kernels = random_kernels(5, rng);
  kernels[3] = kernels[1];
  for (const std::string kind : {"mmr", "dpp"}) {
    const auto diversifier = make_diversifier(kind);
    diversifier->reset(pointers(kernels));
    diversifier->add(1);
    std::vector<float> before(5), after(5);
    diversifier->gains(before);
    EXPECT_NEAR(before[3], 0, 2e-3) << kind;  // √ of float's rounding
    diversifier->add(3);
    diversifier->gains(after);
    for (const std::uint32_t i : {0u, 2u, 4u}) {
      EXPECT_TRUE(std::isfinite(after[i]));
      EXPECT_NEAR(before[i], after[i], 1e-3) << kind;
    }
  }
}

TEST(Diversifier, AnUnknownItemIsLikeNoOther) {
  Rng rng(6);
  const auto kernels = random_kernels(4, rng);
  auto with_unknown = pointers(kernels);
  const features::KernelVector zero{};
  with_unknown[1] = nullptr;
  with_unknown[2] = &zero;
  for (const std::string kind : {"mmr", "dpp"}) {
    const auto diversifier = make_diversifier(kind);
    diversifier->reset(with_unknown);
    diversifier->add(1);
    diversifier->add(0);
    diversifier->add(2);
    std::vector<float> gains(4);
    diversifier->gains(gains);
    EXPECT_EQ(gains[1], 1) << kind;
    EXPECT_EQ(gains[2], 1) << kind;
    EXPECT_NEAR(static_cast<double>(gains[3]), naive_gain(kind, kernels, {0}, 3), 1e-5) << kind;
  }
}

TEST(Diversifier, AListLongerThanTheKernelsDimensionStaysFinite) {
  Rng rng(8);
  const auto kernels = random_kernels(150, rng);
  const auto dpp = make_diversifier("dpp");
  dpp->reset(pointers(kernels));
  std::vector<float> gains(150);
  for (std::uint32_t i = 0; i < 150; ++i) {
    dpp->gains(gains);
    for (const float gain : gains) ASSERT_TRUE(gain >= 0 && gain <= 1) << gain << " in slot " << i;
    dpp->add(i);
  }
}

TEST(Diversifier, AnUnknownKindIsNotMade) { EXPECT_EQ(make_diversifier("ssd?"), nullptr); }

}  // namespace
}  // namespace riffle::serving
