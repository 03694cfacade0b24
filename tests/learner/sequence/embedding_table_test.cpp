#include "learner/sequence/embedding_table.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "base/rng.h"

namespace riffle::learner {
namespace {

EmbeddingTable::Options small() {
  return {.width = 3, .most = 5, .admit_after = 3, .expire_after_ms = 1000, .learning_rate = .01, .seed = 9};
}

TEST(EmbeddingTable, AKeyGetsARowWhenItHasBeenSeenOftenEnough) {
  EmbeddingTable table(small());
  EXPECT_EQ(table.see(7, 1), EmbeddingTable::kNone);
  EXPECT_EQ(table.see(7, 2), EmbeddingTable::kNone);
  EXPECT_EQ(table.find(7), EmbeddingTable::kNone);
  const std::uint32_t slot = table.see(7, 3);
  ASSERT_NE(slot, EmbeddingTable::kNone);
  EXPECT_EQ(table.find(7), slot);
  EXPECT_EQ(table.waiting().size(), 0U);
}

TEST(EmbeddingTable, CountsAndRowsOfKeysThatWereNotSeenForLongGo) {
  EmbeddingTable table(small());
  table.see(7, 0), table.see(7, 0);
  table.see(8, 1001);  // 7 has waited for too long: its count goes
  EXPECT_EQ(table.see(7, 1001), EmbeddingTable::kNone);
  EXPECT_EQ(table.see(7, 1001), EmbeddingTable::kNone);
  EXPECT_NE(table.see(7, 1001), EmbeddingTable::kNone);
  table.see(8, 2001);
  EXPECT_NE(table.find(7), EmbeddingTable::kNone) << "just as old as may be";
  table.see(8, 2002);
  EXPECT_EQ(table.find(7), EmbeddingTable::kNone);
  EXPECT_EQ(table.expired(), 1U);
}

TEST(EmbeddingTable, ARowThatGoesAndComesAgainBeginsAnew) {
  EmbeddingTable::Options options = small();
  options.admit_after = 1;
  EmbeddingTable table(options);
  const std::uint32_t slot = table.see(7, 0);
  const std::vector<float> first(table.row(slot, EmbeddingTable::kInput).begin(), table.row(slot, EmbeddingTable::kInput).end());
  const std::vector<float> gradient = {1, 2, 3};
  table.learn(slot, EmbeddingTable::kInput, gradient);
  table.learn(slot, EmbeddingTable::kOutput, gradient);
  table.see(9, 5000);
  EXPECT_EQ(table.find(7), EmbeddingTable::kNone);
  const std::uint32_t again = table.see(7, 5000);
  EXPECT_THAT(table.row(again, EmbeddingTable::kInput), ::testing::ElementsAreArray(first)) << "by seed and key alone";
  EXPECT_THAT(table.row(again, EmbeddingTable::kOutput), ::testing::Each(0));
}

TEST(EmbeddingTable, AStepIsAdaGradsOfThatRowAlone) {
  EmbeddingTable::Options options = small();
  options.admit_after = 1;
  EmbeddingTable table(options);
  const std::uint32_t a = table.see(1, 0), b = table.see(2, 0);
  const std::vector<float> of_b(table.row(b, EmbeddingTable::kInput).begin(), table.row(b, EmbeddingTable::kInput).end());
  std::vector<double> numbers(table.row(a, EmbeddingTable::kInput).begin(), table.row(a, EmbeddingTable::kInput).end());
  std::vector<double> squares(3, options.first_square);
  Rng rng(3);
  for (int step = 1; step <= 20; ++step) {
    std::vector<float> gradient;
    for (std::size_t i = 0; i < 3; ++i) {
      gradient.push_back(static_cast<float>(rng.normal()));
      squares[i] += double{gradient[i]} * gradient[i];
      numbers[i] -= .01 * gradient[i] / std::sqrt(squares[i]);
    }
    table.learn(a, EmbeddingTable::kInput, gradient);
  }
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(table.row(a, EmbeddingTable::kInput)[i], numbers[i], 1e-5);
  EXPECT_THAT(table.row(a, EmbeddingTable::kOutput), ::testing::Each(0));
  EXPECT_THAT(table.row(b, EmbeddingTable::kInput), ::testing::ElementsAreArray(of_b));
}

// What a table promises, the slow way.
struct Model {
  EmbeddingTable::Options options;
  std::map<std::uint64_t, std::int64_t> rows, waiting;  // key → seen last
  std::map<std::uint64_t, std::uint32_t> counts;
  std::deque<std::uint64_t> order;                      // of all keys, the one seen last at the end

  void drop_oldest(std::map<std::uint64_t, std::int64_t>& of) {
    const auto oldest = std::find_if(order.begin(), order.end(), [&](std::uint64_t key) { return of.contains(key); });
    of.erase(*oldest);
  }
  void see(std::uint64_t key, std::int64_t now) {
    for (auto* of : {&rows, &waiting}) std::erase_if(*of, [&](const auto& one) { return now - one.second > options.expire_after_ms; });
    const bool has_row = rows.contains(key);
    if (!has_row) {
      if (!waiting.contains(key)) {
        if (waiting.size() == options.most) drop_oldest(waiting);
        counts[key] = 0;
      }
      waiting[key] = now;
      if (++counts[key] >= options.admit_after) {
        waiting.erase(key);
        if (rows.size() == options.most) drop_oldest(rows);
        rows[key] = now;
      }
    } else {
      rows[key] = now;
    }
    std::erase(order, key);
    order.push_back(key);
  }
};

TEST(EmbeddingTable, IsAMapOfBoundedSizeWhateverComes) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    EmbeddingTable table(small());
    Model model{small(), {}, {}, {}, {}};
    std::int64_t now = 0;
    for (int i = 0; i < 5000; ++i) {
      now += static_cast<std::int64_t>(rng.below(rng.below(50) == 0 ? 1500 : 20));
      const std::uint64_t key = 1 + rng.below(12);
      table.see(key, now);
      model.see(key, now);
      std::set<std::uint32_t> slots;
      for (std::uint64_t k = 1; k <= 12; ++k) {
        const std::uint32_t slot = table.find(k);
        ASSERT_EQ(slot != EmbeddingTable::kNone, model.rows.contains(k)) << "event " << i << ", key " << k;
        if (slot == EmbeddingTable::kNone) continue;
        ASSERT_TRUE(slots.insert(slot).second) << "two keys share slot " << slot;
        ASSERT_EQ(table.admitted().key(slot), k);
        ASSERT_LT(slot, small().most);
      }
      ASSERT_EQ(table.waiting().size(), model.waiting.size());
    }
  }
}

TEST(EmbeddingTable, SavingLoadingAndGoingOnIsNotHavingStopped) {
  Rng rng(5);
  EmbeddingTable straight(small());
  auto stopped = std::make_unique<EmbeddingTable>(small());
  std::int64_t now = 0;
  for (int i = 0; i < 3000; ++i) {
    now += static_cast<std::int64_t>(rng.below(rng.below(50) == 0 ? 1500 : 20));
    const std::uint64_t key = 1 + rng.below(9);
    const std::vector<float> gradient = {static_cast<float>(rng.normal()), 1, -1};
    for (EmbeddingTable* table : {&straight, stopped.get()})
      if (const std::uint32_t slot = table->see(key, now); slot != EmbeddingTable::kNone)
        table->learn(slot, i % 2 == 0 ? EmbeddingTable::kInput : EmbeddingTable::kOutput, gradient);
    if (i % 97 == 0) {
      pb::EmbeddingTableState state;
      stopped->save(state);
      stopped = std::make_unique<EmbeddingTable>(small());
      ASSERT_TRUE(stopped->load(state).ok());
    }
  }
  pb::EmbeddingTableState a, b;
  straight.save(a);
  stopped->save(b);
  EXPECT_EQ(a.SerializeAsString(), b.SerializeAsString());
  EXPECT_GT(straight.expired(), 0U);
}

TEST(EmbeddingTable, AStateThatIsNoneIsRefused) {
  EmbeddingTable::Options options = small();
  options.admit_after = 1;
  EmbeddingTable table(options);
  table.see(1, 0), table.see(2, 0);
  pb::EmbeddingTableState state;
  table.save(state);
  const auto refused = [&](auto change) {
    pb::EmbeddingTableState changed = state;
    change(changed);
    return EmbeddingTable(options).load(changed).code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](auto& s) { s.mutable_rows(0)->mutable_numbers()->pop_back(); }));
  EXPECT_TRUE(refused([](auto& s) { s.mutable_rows(0)->mutable_squares()->pop_back(); }));
  EXPECT_TRUE(refused([](auto& s) { s.mutable_rows(0)->set_first_slot(1); }));
  EXPECT_TRUE(refused([](auto& s) { s.clear_rows(); }));
  EXPECT_TRUE(refused([](auto& s) { *s.add_rows() = s.rows(0); })) << "more rows than slots";
  EXPECT_TRUE(refused([](auto& s) { s.mutable_admitted()->set_slot(0, 1); })) << "a slot twice";
  EXPECT_TRUE(refused([](auto& s) { s.mutable_admitted()->set_key(0, 2); })) << "a key twice";
  EXPECT_TRUE(refused([](auto& s) { s.mutable_admitted()->set_slots(6); })) << "more than fit";
  EXPECT_TRUE(refused([](auto& s) { s.mutable_admitted()->set_slot(0, 1000); }));
  EXPECT_TRUE(refused([](auto& s) { s.mutable_rows(0)->mutable_numbers()->replace(0, 4, "\xff\xff\xff\x7f", 4); })) << "no number";
  EXPECT_TRUE(EmbeddingTable(options).load(state).ok());
}

}  // namespace
}  // namespace riffle::learner
