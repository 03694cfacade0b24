// The network module's step and serving's encoder against the formulas in double precision.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "learner/q_learning/network.h"
#include "learner/q_learning/q_state.h"
#include "learner/sequence/reference.h"
#include "learner/sequence/sequence_trainer.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT

constexpr std::int64_t kHourMs = 3'600'000;

SequenceOptions short_ones() {
  SequenceOptions options;
  options.width = 5;
  options.length = 6;
  options.admit_after = 1;
  options.negatives = 100;
  options.learning_rate = 0;  // steps leave the layers as they are: their gradients are told by the moments
  return options;
}

class SequenceStep : public WithNetwork {
 protected:
  struct Made {
    explicit Made(const SequenceOptions& options) : tables(options), log(options.log) {}
    SequenceTables tables;
    InteractionLog log;
    SequenceBatch batch;
    std::unique_ptr<Network> network;
    std::vector<float> numbers;
  };

  // Users of some items and categories, with rows that are not zero, and a batch of their sequences.
  static Made made(Shape::Kind kind, const SequenceOptions& options, std::uint64_t seed, std::size_t interactions = 30) {
    Made it(options);
    Rng rng(seed);
    std::int64_t now = kStartMs;
    for (std::size_t i = 0; i < interactions; ++i) {
      now += static_cast<std::int64_t>(rng.below(3) * rng.below(5) * kHourMs);
      const std::uint64_t item = 1 + rng.below(9);
      const SequenceEntry entry{ItemKey(item), CategoryKey(item < 3 ? 0 : 100 + item % 3), now,
                                static_cast<records::InteractionType>(rng.below(records::kInteractionTypes))};
      it.tables.see(entry.item, entry.category, now);
      it.log.add(rng.below(3), entry, rng.below(5) != 0);
    }
    for (EmbeddingTable* table : {&it.tables.items(), &it.tables.categories()}) {
      for (std::uint32_t slot = 0; slot < table->admitted().slots(); ++slot)
        for (const auto side : {EmbeddingTable::kInput, EmbeddingTable::kOutput})
          for (int step = 0; step < 40; ++step) {  // by steps of the learning rate, whatever the gradient's size
            std::vector<float> gradient(options.width);
            for (float& g : gradient) g = static_cast<float>(rng.normal());
            table->learn(slot, side, gradient);
          }
    }
    const network::SequenceSettings settings = settings_of(kind, options);
    it.network = *make_network(**load_network_module(""), settings, "cpu");
    it.numbers.resize(settings.shape.parameters());
    for (float& x : it.numbers) x = static_cast<float>(.4 * rng.normal());
    write(it);
    const std::vector<std::uint64_t> lasts = {it.log.end() - 1, it.log.end() - 2, it.log.begin() + 3, it.log.begin()};
    it.batch.fill(it.log, lasts, it.log.end() - 5, it.tables, options, rng);
    return it;
  }
  static void write(Made& it) {
    std::vector<float> zeros(it.numbers.size());
    it.network->write({it.numbers.data(), it.numbers.data(), zeros.data(), zeros.data(), 0});
  }
  static float loss(Made& it) {
    const auto result = it.network->step(it.batch.view(), it.batch.row_gradients());
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->finite);
    return result->loss;
  }
  // Of the step that loss() has just taken, the first one.
  static std::vector<float> gradient_of_layers(const Made& it) {
    std::vector<float> online(it.numbers.size()), target(online), first(online), second(online);
    network::Numbers to{online.data(), target.data(), first.data(), second.data(), 0};
    it.network->read(to);
    for (float& g : first) g /= .1F;
    return first;
  }
  static Numbers rows_of(const network::SequenceBatch& batch, std::size_t width) {
    return {batch.row_numbers, batch.row_numbers + batch.rows * width};
  }
};

TEST_F(SequenceStep, LossAndGradientsAreThoseOfTheFormulas) {
  for (const Shape::Kind kind : kAllKinds) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      SCOPED_TRACE(::testing::Message() << "kind " << kind << ", seed " << seed);
      SequenceOptions options = short_ones();
      if (seed == 3) options.negatives = 4;  // drawn, with weights
      Made it = made(kind, options, seed);
      const network::SequenceBatch batch = it.batch.view();
      ASSERT_GT(batch.targets, 5U);
      const Shape shape = settings_of(kind, options).shape;
      Numbers numbers(it.numbers.begin(), it.numbers.end()), rows = rows_of(batch, options.width);
      EXPECT_NEAR(loss(it), reference_loss(shape, numbers, rows, batch), 1e-5);
      const std::vector<float> of_layers = gradient_of_layers(it);
      const auto slope = [&](double& of) {
        constexpr double kStep = 1e-5;
        const double at = of;
        of = at + kStep;
        const double up = reference_loss(shape, numbers, rows, batch);
        of = at - kStep;
        const double down = reference_loss(shape, numbers, rows, batch);
        of = at;
        return (up - down) / (2 * kStep);
      };
      for (std::size_t i = 0; i < numbers.size(); i += 1 + i % 3) ASSERT_NEAR(of_layers[i], slope(numbers[i]), 2e-5) << "number " << i;
      for (std::size_t i = options.width; i < rows.size(); ++i)
        ASSERT_NEAR(it.batch.row_gradients()[i], slope(rows[i]), 2e-5) << "row " << i / options.width;
    }
  }
}

TEST_F(SequenceStep, WhatServingEncodesIsTheStateThatWasTrained) {
  for (const Shape::Kind kind : kAllKinds) {
    SCOPED_TRACE(kind);
    SequenceOptions options = short_ones();
    options.width = 19;  // fits no vector register
    options.length = 50;
    Made it = made(kind, options, 4, 200);
    const Shape shape = settings_of(kind, options).shape;
    SequenceEncoder encoder(shape, it.numbers);
    const network::SequenceBatch batch = it.batch.view();
    // The first sequence's last target: its state by serving, then the loss that it alone makes.
    std::vector<std::uint64_t> window;
    it.log.window(it.log.end() - 1, options.length + 1, window);
    std::vector<SequenceEntry> history;
    for (const std::uint64_t number : window) history.push_back(it.log.at(number).entry);
    const std::int64_t asked = history.back().time_ms;
    history.pop_back();
    network::SequenceBatch one = batch;
    one.targets = 1;
    const std::int64_t place = static_cast<std::int64_t>(window.size() > options.length ? options.length : window.size()) - 1, target = 0;
    one.target_place = &place;
    one.target = &target;
    const auto result = it.network->step(one, it.batch.row_gradients());
    ASSERT_TRUE(result.ok());
    std::vector<float> state(options.width);
    encoder.encode(history, asked, it.tables, state);
    double sum = 0, of_target = 0;
    for (std::size_t c = 0; c < batch.candidates; ++c) {
      double score = 0;
      for (const std::int64_t row : {batch.candidate_input[c], batch.candidate_output[c], batch.candidate_category[c]})
        for (std::size_t i = 0; i < options.width; ++i)
          score += double{state[i]} * batch.row_numbers[static_cast<std::size_t>(row) * options.width + i];
      sum += std::exp(score);
      if (c == 0) of_target = score;
    }
    EXPECT_NEAR(result->loss, std::log(sum) - of_target, 1e-4);
    EXPECT_NEAR(result->largest_score, std::abs(of_target), 1e-4);
  }
}

TEST_F(SequenceStep, AStateIsTheSameBitForBitWhereverItsNumbersLie) {
  for (const Shape::Kind kind : kAllKinds) {
    SCOPED_TRACE(kind);
    SequenceOptions options = short_ones();
    options.width = 20;
    options.length = 13;
    const Made it = made(kind, options, 9, 60);
    const Shape shape = settings_of(kind, options).shape;
    std::vector<SequenceEntry> history;
    for (std::uint64_t number = it.log.begin(); number < it.log.begin() + 12; ++number) history.push_back(it.log.at(number).entry);
    std::vector<float> first(options.width), place(options.width + 16);
    SequenceEncoder(shape, it.numbers).encode(history, kStartMs, it.tables, first);
    std::vector<std::vector<char>> between;  // so that every encoder's memory lies elsewhere
    for (std::size_t shift = 0; shift < 16; ++shift) {
      between.emplace_back(24 + 16 * shift);
      SequenceEncoder encoder(shape, it.numbers);
      const std::span<float> state = std::span(place).subspan(shift, options.width);
      encoder.encode(history, kStartMs, it.tables, state);
      ASSERT_THAT(state, ::testing::ElementsAreArray(first)) << "shift " << shift;
    }
  }
}

// The states of all tokens but the last are asked about; what the last one is changes none of them.
TEST_F(SequenceStep, WhatComesLaterChangesNoEarlierState) {
  for (const Shape::Kind kind : kAllKinds) {
    SCOPED_TRACE(kind);
    const SequenceOptions options = short_ones();
    Made it = made(kind, options, 5);
    const network::SequenceBatch batch = it.batch.view();
    const std::size_t length = batch.length, cells = batch.sequences * length;
    std::vector<std::int64_t> items(batch.item_row, batch.item_row + cells), types(batch.type, batch.type + cells),
        gaps(batch.gap, batch.gap + cells), ages(batch.age, batch.age + cells * length);
    const std::int64_t target = 0;
    for (std::size_t asked = 0; asked + 1 < length; ++asked) {
      const auto place = static_cast<std::int64_t>(asked);
      network::SequenceBatch one = batch;
      one.item_row = items.data(), one.type = types.data(), one.gap = gaps.data(), one.age = ages.data();
      one.targets = 1;
      one.target_place = &place;
      one.target = &target;
      const auto loss_of = [&] { return it.network->step(one, it.batch.row_gradients())->loss; };
      const float before = loss_of();
      for (std::size_t later = asked + 1; later < length; ++later) {
        items[later] = 1 + (items[later] + 1) % static_cast<std::int64_t>(batch.rows - 1);
        types[later] = (types[later] + 5) % Shape::kTypes;
        gaps[later] = (gaps[later] + 3) % Shape::kGaps;
        for (std::size_t from = 0; from < length; ++from) ages[from * length + later] = (ages[from * length + later] + 7) % Shape::kGaps;
        ages[later * length + asked] = (ages[later * length + asked] + 1) % Shape::kGaps;
      }
      EXPECT_EQ(loss_of(), before) << "after token " << asked;
      items[asked] = 1 + (items[asked] + 1) % static_cast<std::int64_t>(batch.rows - 1);
      EXPECT_NE(loss_of(), before) << "the token itself counts";
    }
  }
}

// Over many draws, exp(loss) is right on average: the sum over all items.
TEST_F(SequenceStep, DrawnNegativesMakeTheSumOverAllOnAverage) {
  SequenceOptions options = short_ones();
  Made it = made(Shape::kMean, options, 6);
  const std::vector<std::uint64_t> last = {it.log.end() - 1};
  Rng rng(7);
  const auto sum_of = [&](std::size_t negatives) {
    options.negatives = negatives;
    it.batch.fill(it.log, last, it.log.end(), it.tables, options, rng);
    network::SequenceBatch one = it.batch.view();
    one.targets = 1;
    return std::exp(static_cast<double>(it.network->step(one, it.batch.row_gradients())->loss));
  };
  const double all = sum_of(100);
  double mean = 0, square = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = sum_of(4);
    mean += drawn / kDraws;
    square += drawn * drawn / kDraws;
  }
  EXPECT_NEAR(mean, all, 4 * std::sqrt((square - mean * mean) / kDraws));
  EXPECT_GT(square - mean * mean, 0);
}

TEST_F(SequenceStep, AStepThatIsNotFiniteChangesNothing) {
  Made it = made(Shape::kAttention, short_ones(), 8);
  it.numbers[0] = std::numeric_limits<float>::quiet_NaN();
  write(it);
  const auto result = it.network->step(it.batch.view(), it.batch.row_gradients());
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->finite);
}

TEST(GapBucket, GrowsByPowersOfFourAndHasRoomForEverything) {
  EXPECT_EQ(gap_bucket(0, 0), 0);
  EXPECT_EQ(gap_bucket(5000, 0), 0) << "out of order";
  EXPECT_EQ(gap_bucket(0, 999), 0);
  EXPECT_EQ(gap_bucket(0, 1000), 1);
  EXPECT_EQ(gap_bucket(0, 3999), 1);
  EXPECT_EQ(gap_bucket(0, 4000), 2);
  EXPECT_EQ(gap_bucket(0, 16000), 3);
  EXPECT_EQ(gap_bucket(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()), Shape::kNoGap - 1);
}

TEST(Tokens, AHistoryThatIsAllThereBeginsWithItsBeginning) {
  std::vector<SequenceEntry> history(3);
  for (std::size_t i = 0; i < 3; ++i) history[i] = {ItemKey(i + 1), {}, static_cast<std::int64_t>(i * 4000), records::InteractionType::kClick};
  std::vector<Token> tokens;
  tokens_of({}, 3, tokens);
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].type, Shape::kBeginning);
  EXPECT_EQ(tokens[0].age(kStartMs), Shape::kNoGap);
  tokens_of(std::span(history).first(2), 3, tokens);
  ASSERT_EQ(tokens.size(), 3U);
  EXPECT_EQ(tokens[0].type, Shape::kBeginning);
  EXPECT_EQ(tokens[1].gap, Shape::kNoGap);
  EXPECT_EQ(tokens[2].gap, 2);
  EXPECT_EQ(tokens[2].age(4000), 0);
  tokens_of(history, 2, tokens);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].item, ItemKey(2));
  EXPECT_EQ(tokens[0].gap, Shape::kNoGap) << "what was before it is not looked at";
}

}  // namespace
}  // namespace riffle::learner
