#include "serving/diversifiers/diversifier.h"

#include <gtest/gtest.h>

#include "tests/serving/kernels.h"

namespace riffle::serving {
namespace {

const DiversifierOptions kDefault;

// Of kernels alone.
DiversifierInput only(std::span<const features::KernelVector* const> kernels) {
  return {.kernels = kernels, .category_paths = {}, .tastes = {}, .options = &kDefault};
}

TEST(Diversifier, TheFastDppPicksWhatExhaustiveLogDeterminantsPick) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    const auto kernels = random_kernels(40, rng);
    const auto dpp = make_diversifier("dpp");
    const auto all = pointers(kernels);
    dpp->reset(only(all));
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
  std::vector<DiversifierOptions> all;
  for (const std::string_view kind : diversifier_kinds()) {
    all.push_back({.kind = std::string(kind)});
    if (kind == "ssd")
      for (const std::size_t window : {2U, 3U, 20U}) all.push_back({.kind = std::string(kind), .window = window});
    if (kind == "calibration") all.push_back({.kind = std::string(kind), .depth = 2});
  }
  for (const DiversifierOptions& options : all) {
    const auto diversifier = make_diversifier(options.kind);
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      Rng rng(seed);
      const Measured measured = random_measured(23, rng);
      const MeasuredInput given(measured, options);
      diversifier->reset(given.input());
      std::vector<float> gains(23);
      std::vector<std::uint32_t> above;
      for (int slot = 0; slot < 12; ++slot) {
        diversifier->gains(gains);
        for (std::uint32_t i = 0; i < gains.size(); ++i) {
          if (std::find(above.begin(), above.end(), i) != above.end()) continue;
          ASSERT_NEAR(static_cast<double>(gains[i]), naive_gain(options, measured, above, i), 1e-4)
              << options.kind << ", window " << options.window << ", depth " << options.depth << ", seed " << seed
              << ", slot " << slot << ", item " << i;
        }
        std::uint32_t drawn = static_cast<std::uint32_t>(rng.below(gains.size()));
        while (std::find(above.begin(), above.end(), drawn) != above.end()) drawn = (drawn + 1) % 23;
        above.push_back(drawn);
        diversifier->add(drawn);
      }
    }
  }
}

TEST(Diversifier, AnSsdWhoseWindowIsTheListIsTheDppBitForBit) {
  Rng rng(12);
  const Measured measured = random_measured(40, rng);
  const MeasuredInput given(measured, {.window = 10});
  const auto ssd = make_diversifier("ssd"), dpp = make_diversifier("dpp");
  ssd->reset(given.input());
  dpp->reset(given.input());
  std::vector<float> of_ssd(40), of_dpp(40);
  for (std::uint32_t slot = 0; slot < 10; ++slot) {
    ssd->gains(of_ssd);
    dpp->gains(of_dpp);
    EXPECT_EQ(of_ssd, of_dpp) << slot;
    ssd->add(3 * slot);
    dpp->add(3 * slot);
  }
}

TEST(Diversifier, AnItemUnlikeTheWindowIsWelcomeAgainForAnSsdAndATwinInSightIsNot) {
  Measured measured{.kernels = std::vector<features::KernelVector>(6)};
  for (const auto& [item, direction] : std::vector<std::pair<int, int>>{{0, 0}, {1, 1}, {2, 2}, {3, 0}, {4, 1}, {5, 2}})
    measured.kernels[static_cast<std::size_t>(item)][static_cast<std::size_t>(direction)] = 1;
  measured.kernels[1][0] = .5;  // not orthogonal to what leaves the window
  measured.kernels[4][0] = .5;
  measured.paths.resize(6);
  const MeasuredInput given(measured, {.window = 3});
  const auto ssd = make_diversifier("ssd");
  ssd->reset(given.input());
  for (const std::uint32_t item : {0U, 1U, 2U}) ssd->add(item);
  std::vector<float> gains(6);
  ssd->gains(gains);
  EXPECT_GT(gains[3], .8F) << "its twin is out of sight";
  EXPECT_NEAR(gains[4], 0, 2e-3) << "its twin is in the window";
  EXPECT_NEAR(gains[5], 0, 2e-3);
}

TEST(Calibration, IsWholeForAListThatHasTheUsersShares) {
  Rng rng(2);
  Measured measured{.kernels = random_kernels(20, rng)};
  for (std::size_t i = 0; i < 20; ++i) measured.paths.push_back({CategoryKey(1 + i % 2)});
  measured.tastes = {{CategoryKey(1), .8F}, {CategoryKey(2), .2F}};
  const MeasuredInput given(measured, {});
  const auto calibration = make_diversifier("calibration");
  calibration->reset(given.input());
  std::vector<float> gains(20);
  std::vector<std::size_t> listed(3);
  for (int slot = 0; slot < 10; ++slot) {  // greedily, as slots are filled
    calibration->gains(gains);
    const auto best = static_cast<std::uint32_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
    ++listed[measured.paths[best][0].value()];
    EXPECT_TRUE(slot < 9 || gains[best] > .999F) << gains[best];
    calibration->add(best);
  }
  EXPECT_EQ(listed[1], 8U);
  EXPECT_EQ(listed[2], 2U);
}

TEST(Calibration, GivesAUserNobodyKnowsWhatThereIs) {
  Rng rng(2);
  Measured measured{.kernels = random_kernels(20, rng)};
  for (std::size_t i = 0; i < 20; ++i) measured.paths.push_back({CategoryKey(i < 14 ? 1 : 2)});
  const MeasuredInput given(measured, {});
  const auto calibration = make_diversifier("calibration");
  calibration->reset(given.input());
  std::vector<float> gains(20);
  std::size_t ones = 0;
  for (int slot = 0; slot < 10; ++slot) {
    calibration->gains(gains);
    const auto best = static_cast<std::uint32_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
    ones += measured.paths[best][0] == CategoryKey(1);
    calibration->add(best);
  }
  EXPECT_EQ(ones, 7U);
}

TEST(Calibration, OfNoCategoriesPrefersNothing) {
  Rng rng(2);
  Measured measured{.kernels = random_kernels(4, rng), .paths = std::vector<std::vector<CategoryKey>>(4)};
  measured.tastes = {{CategoryKey(1), .5F}};
  const MeasuredInput given(measured, {});
  const auto calibration = make_diversifier("calibration");
  calibration->reset(given.input());
  std::vector<float> gains(4);
  calibration->gains(gains);
  for (const float gain : gains) EXPECT_EQ(gain, gains[0]);
}

TEST(Diversifier, TheFirstSlotsGainIsOneForAll) {
  Rng rng(3);
  const auto kernels = random_kernels(9, rng);
  for (const std::string kind : {"mmr", "dpp", "ssd"}) {
    const auto diversifier = make_diversifier(kind);
    const auto all = pointers(kernels);
    diversifier->reset(only(all));
    std::vector<float> gains(9);
    diversifier->gains(gains);
    for (const float gain : gains) EXPECT_EQ(gain, 1) << kind;
  }
}

TEST(Diversifier, ATwinAddsNothingAndDrawingItChangesNothing) {
  Rng rng(4);
  auto kernels = random_kernels(5, rng);
  kernels[3] = kernels[1];
  for (const std::string kind : {"mmr", "dpp", "ssd"}) {
    const auto diversifier = make_diversifier(kind);
    const auto all = pointers(kernels);
    diversifier->reset(only(all));
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
  for (const std::string kind : {"mmr", "dpp", "ssd"}) {
    const auto diversifier = make_diversifier(kind);
    diversifier->reset(only(with_unknown));
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
  const auto all = pointers(kernels);
  dpp->reset(only(all));
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
