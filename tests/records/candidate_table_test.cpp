#include "records/candidate_table.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/rng.h"

namespace riffle::records {
namespace {

// A decision as its fields say it, and the same with a table in their place.
struct Both {
  pb::Decision spread, packed;
};

Both random_decision(Rng& rng, std::size_t features, std::size_t most_rows) {
  Both both;
  std::vector<ItemKey> keys;
  std::vector<CategoryKey> categories;
  for (std::size_t i = 0, count = 1 + rng.below(300); i < count; ++i) keys.emplace_back(rng());
  for (std::size_t i = 0, count = 1 + rng.below(20); i < count; ++i) categories.emplace_back(rng());
  for (const ItemKey key : keys) both.spread.add_candidate_keys(key.value());
  for (const CategoryKey key : categories) both.spread.add_candidate_categories(key.value());

  std::vector<std::vector<float>> rows;
  std::vector<float> same(features);
  std::vector<bool> is_same(features);
  for (std::size_t i = 0; i < features; ++i)
    same[i] = static_cast<float>(rng.uniform()), is_same[i] = rng.below(2) == 0;
  const std::size_t slots = rng.below(most_rows), logged = rng.below(most_rows);
  for (std::size_t i = 0; i < slots + logged; ++i) {
    rows.emplace_back(features);
    for (std::size_t f = 0; f < features; ++f)
      rows.back()[f] = is_same[f]          ? same[f]
                       : rng.below(3) == 0 ? 0.f
                                           : static_cast<float>(rng.uniform() - .5);
  }
  if (!rows.empty() && features > 2)
    rows[0][1] = -0.f, rows.back()[2] = std::numeric_limits<float>::infinity();

  CandidateTableWriter table;
  table.begin(keys, features);
  for (const CategoryKey key : categories) table.add_category(key);
  const auto mark = [&](auto& message) {
    for (std::size_t count = rng.below(4); count > 0; --count) {
      const CandidateMark made{
          static_cast<std::uint8_t>(rng.below(11)), static_cast<float>(rng.uniform()),
          rng.below(2) == 0 ? ItemKey() : keys[rng.below(std::min<std::size_t>(keys.size(), 5))]};
      table.add_mark(made);
      pb::SourceScore& source = *message.add_sources();
      source.set_source(made.source), source.set_score(made.score),
          source.set_evidence_item_key(made.evidence.value());
    }
  };
  for (std::size_t i = 0; i < slots; ++i) {
    pb::Slot& slot = *both.spread.add_slots();
    slot.set_item_key(i + 1);
    *both.packed.add_slots() = slot;
    slot.mutable_features()->Add(rows[i].begin(), rows[i].end());
    table.add_slot(rows[i]);
    mark(slot);
  }
  for (std::size_t i = slots; i < rows.size(); ++i) {
    const auto place = static_cast<std::uint32_t>(rng.below(keys.size())),
               category = static_cast<std::uint32_t>(rng.below(categories.size()));
    pb::CandidateLog& candidate = *both.spread.add_candidates();
    candidate.set_item_key(keys[place].value());
    candidate.set_category_key(categories[category].value());
    candidate.set_score(static_cast<float>(i));
    candidate.mutable_features()->Add(rows[i].begin(), rows[i].end());
    table.add_logged(place, category, static_cast<float>(i), rows[i]);
    mark(candidate);
  }
  pb::ChoiceLog choice;
  choice.set_explore(.5);
  const bool with_choice = rng.below(2) == 0;
  if (with_choice) *both.spread.mutable_choice() = choice;
  table.finish(with_choice ? &choice : nullptr, *both.packed.mutable_candidate_table());
  return both;
}

pb::Outcome outcome_of(const pb::Decision& decision) {
  pb::Outcome outcome;
  for (const pb::Slot& slot : decision.slots()) outcome.add_slots()->set_item_key(slot.item_key());
  outcome.set_candidate_table(decision.candidate_table());
  return outcome;
}

TEST(CandidateTable, SpreadsToWhatWasPutIn) {
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    Both both = random_decision(rng, rng.below(40), 30);
    ASSERT_TRUE(spread_candidates(both.packed).ok()) << round;
    EXPECT_EQ(both.packed.SerializeAsString(), both.spread.SerializeAsString()) << round;
    EXPECT_TRUE(both.packed.candidate_table().empty());
  }
}

TEST(CandidateTable, AnOutcomeGetsTheSameAllOfItOrItsSlotsAlone) {
  Rng rng(4);
  for (int round = 0; round < 100; ++round) {
    const Both both = random_decision(rng, 32, 30);
    pb::Outcome all = outcome_of(both.packed), slots = all;
    ASSERT_TRUE(spread_candidates(all).ok());
    ASSERT_TRUE(spread_slots(slots).ok());
    ASSERT_EQ(all.slots_size(), both.spread.slots_size());
    for (int i = 0; i < all.slots_size(); ++i) {
      EXPECT_EQ(std::vector(all.slots(i).features().begin(), all.slots(i).features().end()),
                std::vector(both.spread.slots(i).features().begin(),
                            both.spread.slots(i).features().end()));
      EXPECT_EQ(all.slots(i).SerializeAsString(), slots.slots(i).SerializeAsString());
    }
    EXPECT_EQ(all.candidates_size(), both.spread.candidates_size());
    EXPECT_EQ(slots.candidates_size(), 0);
    EXPECT_EQ(slots.candidate_table(), both.packed.candidate_table());
  }
}

TEST(CandidateTable, ADecisionWithoutSlotsOrCandidatesHasATableToo) {
  CandidateTableWriter table;
  pb::Decision decision;
  table.begin({}, 32);
  table.finish(nullptr, *decision.mutable_candidate_table());
  pb::Outcome outcome = outcome_of(decision);
  EXPECT_TRUE(spread_slots(outcome).ok());
  EXPECT_TRUE(spread_candidates(outcome).ok());
  EXPECT_TRUE(spread_candidates(decision).ok());
  EXPECT_EQ(decision.ByteSizeLong(), 0U);
}

TEST(CandidateTable, AMessageWithoutOneStaysAsItIs) {
  Rng rng(5);
  pb::Decision decision = random_decision(rng, 8, 10).spread;
  const std::string before = decision.SerializeAsString();
  ASSERT_TRUE(spread_candidates(decision).ok());
  EXPECT_EQ(decision.SerializeAsString(), before);
}

TEST(CandidateTable, WhatIsTheSameForAllAndWhatIsZeroTakesABitARow) {
  std::vector<std::vector<float>> rows(26, std::vector<float>(32, 0));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t f = 0; f < 16; ++f) rows[i][f] = 1;
  rows[3][20] = 2;
  CandidateTableWriter table;
  table.begin({}, 32);
  for (const auto& row : rows) table.add_slot(row);
  std::string bytes;
  table.finish(nullptr, bytes);
  EXPECT_EQ(bytes.size(), 1U + 6 + 26 + 4 + 31 * 4 + 26 * 4 + 4);
}

TEST(CandidateTable, CutAndChangedBytesAreDamageOrAnotherTableButNeverMore) {
  Rng rng(6);
  pb::Decision decision = random_decision(rng, 12, 6).packed;
  while (decision.slots().empty()) decision = random_decision(rng, 12, 6).packed;
  const std::string table = decision.candidate_table();
  const auto with = [&](std::string_view bytes) {
    pb::Decision changed = decision;
    changed.set_candidate_table(std::string(bytes));
    pb::Outcome slots = outcome_of(changed);
    spread_slots(slots).IgnoreError();
    return spread_candidates(changed);
  };
  EXPECT_TRUE(with(table).ok());
  EXPECT_EQ(with("\x02" + table.substr(1)).code(), absl::StatusCode::kDataLoss);
  for (std::size_t size = 1; size < table.size() - 40; size += 3)
    EXPECT_EQ(with(std::string_view(table).substr(0, size)).code(), absl::StatusCode::kDataLoss)
        << size;
  for (int i = 0; i < 3000; ++i) {
    std::string changed = table;
    for (std::uint64_t flips = 1 + rng.below(3); flips > 0; --flips)
      changed[rng.below(std::min<std::size_t>(changed.size(), i % 2 == 0 ? 12 : changed.size()))] =
          static_cast<char>(rng());
    with(changed).IgnoreError();
  }
}

}  // namespace
}  // namespace riffle::records
