// Losses and gradients of the training steps are those of the formulas in learner/network/interface.h, worked out here in double
// precision, row by row, and by finite differences.
#include <algorithm>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>

#include "learner/q_learning/network.h"

namespace riffle::learner {
namespace {

using namespace testing;  // NOLINT

constexpr std::size_t kInputs = 7;
using Doubles = std::vector<double>;

double huber(double error, double corner) {
  return std::abs(error) <= corner ? error * error / 2 : corner * (std::abs(error) - corner / 2);
}

// h of a plain network whose numbers begin at `at`.
Doubles hidden(const network::Shape& shape, const double* at, const double* row) {
  const auto layer = [](const double* w, const double* b, std::size_t outputs, const double* x, std::size_t inputs) {
    Doubles made(b, b + outputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs; ++i) made[o] += w[o * inputs + i] * x[i];
      made[o] = std::max(made[o], 0.0);
    }
    return made;
  };
  const Doubles first = layer(at + shape.w1(), at + shape.b1(), shape.hidden_1, row, shape.inputs);
  return layer(at + shape.w2(), at + shape.b2(), shape.hidden_2, first.data(), shape.hidden_1);
}

double dot(const Doubles& h, const double* w) {
  double sum = 0;
  for (std::size_t i = 0; i < h.size(); ++i) sum += h[i] * w[i];
  return sum;
}

Doubles random_numbers(Rng& rng, std::size_t count, double scale) {
  Doubles made(count);
  for (double& x : made) x = static_cast<float>(scale * rng.normal());
  return made;
}

std::vector<float> floats(const Doubles& numbers) { return {numbers.begin(), numbers.end()}; }
Doubles doubles(const std::vector<float>& numbers) { return {numbers.begin(), numbers.end()}; }

// Arrays of a step, drawn; what a batch of the module points to.
struct Arrays {
  std::vector<float> rows, returns, weights, pool, pool_count, next, next_count, next_pool_count, discount;
  std::vector<float> shown, shown_count, chosen, list_weights;
  std::vector<std::int64_t> decision, shown_position, next_position;
};

class Gradients : public WithNetwork {
 protected:
  static constexpr std::uint32_t kDecisions = 40;  // of 9 candidates: more rows than are taken at once, and not a multiple

  template <class Settings>
  static void common(Settings& settings) {
    settings.learning_rate = 1e-3F;
    settings.target_rate = .5F;
    settings.huber = .5F;
    settings.largest_gradient = 1e9F;
  }

  // A step from the numbers: the gradient, which Adam's first moment is a tenth of.
  template <class Settings, class Batch>
  Doubles gradient(const Settings& settings, const Batch& batch, const Doubles& online, const Doubles& target) {
    auto network = make_network(**load_network_module(""), settings, "cpu");
    RIFFLE_CHECK(network.ok(), network.status().ToString());
    QNumbers numbers(online.size());
    numbers.online = floats(online);
    numbers.target = floats(target);
    network::Numbers crossing{numbers.online.data(), numbers.target.data(), numbers.first_moment.data(),
                              numbers.second_moment.data(), 0};
    (*network)->write(crossing);
    errors_.resize(batch.rows);
    const auto result = (*network)->step(batch, errors_);
    RIFFLE_CHECK(result.ok() && result->finite, result.status().ToString());
    loss_ = result->loss;
    (*network)->read(crossing);
    Doubles made = doubles(numbers.first_moment);
    for (double& x : made) x *= 10;
    return made;
  }

  static void expect_derivative(const std::function<double(const Doubles&)>& loss, Doubles at, const Doubles& gradient) {
    constexpr double kStep = 1e-6;
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double before = at[i];
      at[i] = before + kStep;
      const double above = loss(at);
      at[i] = before - kStep;
      const double below = loss(at);
      at[i] = before;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 2e-5) << "parameter " << i;
    }
  }

  std::vector<float> errors_;
  double loss_ = 0;
};

struct QReference {
  const network::Settings& settings;
  const network::Batch& batch;

  const network::Shape& shape() const { return settings.shape; }
  // Of `count` rows u·h, and V − mean A over the first `pool` of them, its b with it (plain: b alone).
  std::pair<Doubles, double> answers(const Doubles& numbers, const float* rows, std::size_t count, std::size_t pool) const {
    Doubles each;
    double common = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Doubles row(rows + i * kInputs, rows + (i + 1) * kInputs), h = hidden(shape(), numbers.data(), row.data());
      each.push_back(dot(h, numbers.data() + shape().u()));
      if (shape().duelling && i < pool) common += dot(h, numbers.data() + shape().v()) - each.back();
    }
    return {each, (pool > 0 ? common / static_cast<double>(pool) : 0) + numbers[shape().b()]};
  }
  Doubles targets(const Doubles& online, const Doubles& target) const {
    Doubles made;
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const auto d = static_cast<std::size_t>(batch.row_decision[r]);
      made.push_back(static_cast<double>(batch.row_return[r]));
      const auto count = static_cast<std::size_t>(batch.next_count[d]), pool = static_cast<std::size_t>(batch.next_pool_count[d]);
      if (count == 0) continue;
      const float* rows = batch.next_features + d * batch.next * kInputs;
      const auto [valued, common] = answers(target, rows, count, pool);
      const Doubles picked = settings.double_q ? answers(online, rows, count, pool).first : valued;
      const auto best = std::max_element(picked.begin(), picked.end()) - picked.begin();
      made.back() += static_cast<double>(batch.discount[d]) * (valued[static_cast<std::size_t>(best)] + common);
    }
    return made;
  }
  double score(const Doubles& online, std::size_t row, double common) const {
    return answers(online, batch.row_features + row * kInputs, 1, 0).first[0] + common;
  }
  double loss(const Doubles& online, const Doubles& y) const {
    std::vector<std::pair<Doubles, double>> pools;
    for (std::size_t d = 0; d < batch.decisions; ++d) {
      const std::size_t count = batch.pool == 0 ? 0 : static_cast<std::size_t>(batch.pool_count[d]);
      pools.push_back(answers(online, batch.pool_features + d * batch.pool * kInputs, count, count));
    }
    double sum = 0;
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const auto& [pool, common] = pools[static_cast<std::size_t>(batch.row_decision[r])];
      const double q = score(online, r, common), weight = static_cast<double>(batch.row_weight[r]);
      sum += weight * huber(q - y[r], static_cast<double>(settings.huber));
      if (settings.conservative == 0) continue;
      double all = 0;
      for (const double a : pool) all += std::exp(a + common);
      sum += weight * static_cast<double>(settings.conservative) * (std::log(all) - q);
    }
    return sum / batch.rows;
  }
};

struct Kind {
  bool duelling, double_q;
  float conservative;
};

class QGradients : public Gradients, public ::testing::WithParamInterface<Kind> {};

TEST_P(QGradients, AreThoseOfTheFormula) {
  network::Settings settings;
  common(settings);
  settings.shape = {kInputs, 6, 5, GetParam().duelling};
  settings.double_q = GetParam().double_q;
  settings.conservative = GetParam().conservative;
  Rng rng(7);
  constexpr std::uint32_t kPool = 9, kNext = 11;
  Arrays a;
  network::Batch batch;
  batch.decisions = kDecisions;
  batch.pool = settings.shape.duelling || settings.conservative > 0 ? kPool : 0;
  batch.next = kNext;
  for (std::uint32_t d = 0; d < kDecisions; ++d) {
    a.pool_count.push_back(static_cast<float>(1 + rng.below(kPool)));
    a.next_count.push_back(static_cast<float>(rng.below(kNext + 1)));
    const auto next = static_cast<std::uint64_t>(a.next_count.back());
    a.next_pool_count.push_back(next == 0 ? 0.0F : static_cast<float>(1 + rng.below(next)));
    a.discount.push_back(static_cast<float>(rng.uniform()));
    for (std::uint64_t slots = rng.below(4); slots > 0; --slots) a.decision.push_back(d);
  }
  batch.rows = static_cast<std::uint32_t>(a.decision.size());
  a.rows = floats(random_numbers(rng, batch.rows * kInputs, 1));
  a.returns = floats(random_numbers(rng, batch.rows, 1));
  for (std::uint32_t r = 0; r < batch.rows; ++r) a.weights.push_back(static_cast<float>(rng.uniform()));
  a.pool = floats(random_numbers(rng, std::size_t{kDecisions} * kPool * kInputs, 1));
  a.next = floats(random_numbers(rng, std::size_t{kDecisions} * kNext * kInputs, 1));
  batch.row_features = a.rows.data();
  batch.row_decision = a.decision.data();
  batch.row_return = a.returns.data();
  batch.row_weight = a.weights.data();
  batch.pool_features = a.pool.data();
  batch.pool_count = a.pool_count.data();
  batch.next_features = a.next.data();
  batch.next_count = a.next_count.data();
  batch.next_pool_count = a.next_pool_count.data();
  batch.discount = a.discount.data();
  const Doubles online = random_numbers(rng, settings.shape.parameters(), .5), target = random_numbers(rng, online.size(), .5);

  const Doubles stepped = gradient(settings, batch, online, target);
  const QReference reference{settings, batch};
  const Doubles y = reference.targets(online, target);
  EXPECT_NEAR(loss_, reference.loss(online, y), 1e-5);
  expect_derivative([&](const Doubles& at) { return reference.loss(at, y); }, online, stepped);
}

INSTANTIATE_TEST_SUITE_P(EveryKind, QGradients,
                         ::testing::Values(Kind{false, true, 0}, Kind{false, false, 0}, Kind{true, true, 0}, Kind{true, false, 0},
                                           Kind{false, true, .7F}, Kind{true, true, .7F}));

// Of target sarsa; what the others bootstrap on is another list, valued the same way.
struct SlateReference {
  const network::SlateSettings& settings;
  const network::SlateBatch& batch;

  double answer(const Doubles& numbers, std::size_t part, const Doubles& row) const {
    const network::Shape shape = settings.shape.part();
    const double* at = numbers.data() + part;
    return dot(hidden(shape, at, row.data()), at + shape.u()) + at[shape.b()];
  }
  double worth(const Doubles& numbers, const float* nothing, const float* row) const {
    const Doubles state(nothing, nothing + kInputs);
    Doubles difference(row, row + kInputs);
    for (std::size_t i = 0; i + 1 < kInputs; ++i) difference[i] -= state[i];
    return answer(numbers, settings.shape.value(), state) + answer(numbers, settings.shape.advantage(), difference);
  }
  // ln P of ⊥ and of the first `count` rows after it.
  Doubles log_shares(const Doubles& numbers, const float* rows, const std::int64_t* position, std::size_t count) const {
    Doubles made;
    double all = 0;
    for (std::size_t i = 0; i <= count; ++i) {
      made.push_back(answer(numbers, settings.shape.choice(), Doubles(rows + i * kInputs, rows + (i + 1) * kInputs)));
      if (i > 0) made.back() += numbers[settings.shape.positions() + static_cast<std::size_t>(position[i - 1])];
      all += std::exp(made.back());
    }
    for (double& x : made) x -= std::log(all);
    return made;
  }
  Doubles targets(const Doubles& online, const Doubles& target) const {
    Doubles made;
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const auto d = static_cast<std::size_t>(batch.row_decision[r]), count = static_cast<std::size_t>(batch.next_count[d]);
      made.push_back(static_cast<double>(batch.row_return[r]));
      if (count == 0) continue;
      const float* rows = batch.next_features + d * (1 + batch.next) * kInputs;
      const Doubles shares = log_shares(online, rows, batch.next_position + d * batch.next, count);
      for (std::size_t i = 0; i <= count; ++i)
        made.back() += static_cast<double>(batch.discount[d]) * std::exp(shares[i]) * worth(target, rows, rows + i * kInputs);
    }
    return made;
  }
  double loss(const Doubles& online, const Doubles& y) const {
    double sum = 0;
    const std::size_t padded = 1 + batch.slots;
    for (std::size_t d = 0; d < batch.decisions; ++d) {
      const auto count = static_cast<std::size_t>(batch.shown_count[d]);
      const Doubles shares =
          log_shares(online, batch.shown + d * padded * kInputs, batch.shown_position + d * batch.slots, count);
      for (std::size_t i = 0; i <= count; ++i)
        sum -= static_cast<double>(batch.weight[d]) * static_cast<double>(batch.chosen[d * padded + i]) * shares[i];
    }
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const float* nothing = batch.shown + static_cast<std::size_t>(batch.row_decision[r]) * padded * kInputs;
      const double error = worth(online, nothing, batch.row_features + r * kInputs) - y[r];
      sum += static_cast<double>(batch.row_weight[r]) * huber(error, static_cast<double>(settings.huber));
    }
    return sum / batch.decisions;
  }
};

TEST_F(Gradients, OfASlateStepAreThoseOfTheFormula) {
  network::SlateSettings settings;
  common(settings);
  settings.shape = {kInputs, 6, 5};
  Rng rng(8);
  constexpr std::uint32_t kSlots = 9, kNext = 8;
  Arrays a;
  network::SlateBatch batch;
  batch.decisions = kDecisions;
  batch.slots = kSlots;
  batch.next = kNext;
  a.shown = floats(random_numbers(rng, std::size_t{kDecisions} * (1 + kSlots) * kInputs, 1));
  a.next = floats(random_numbers(rng, std::size_t{kDecisions} * (1 + kNext) * kInputs, 1));
  a.chosen.assign(std::size_t{kDecisions} * (1 + kSlots), 0.0F);
  for (std::uint32_t d = 0; d < kDecisions; ++d) {
    const std::uint64_t slots = 1 + rng.below(kSlots), choices = 1 + rng.below(2);
    a.shown_count.push_back(static_cast<float>(slots));
    for (std::uint64_t k = 0; k < choices; ++k) {
      a.chosen[d * (1 + kSlots) + (d + k) % (1 + slots)] += 1 / static_cast<float>(choices);
      a.decision.push_back(d);
    }
    a.list_weights.push_back(static_cast<float>(rng.uniform()));
    a.next_count.push_back(static_cast<float>(rng.below(kNext + 1)));
    a.discount.push_back(static_cast<float>(rng.uniform()));
    for (std::uint32_t k = 0; k < kSlots; ++k) a.shown_position.push_back(static_cast<std::int64_t>(rng.below(12)));
    for (std::uint32_t k = 0; k < kNext; ++k) a.next_position.push_back(static_cast<std::int64_t>(rng.below(12)));
  }
  batch.rows = static_cast<std::uint32_t>(a.decision.size());
  a.rows = floats(random_numbers(rng, batch.rows * kInputs, 1));
  a.returns = floats(random_numbers(rng, batch.rows, 1));
  for (std::uint32_t r = 0; r < batch.rows; ++r) a.weights.push_back(static_cast<float>(rng.uniform()));
  batch.shown = a.shown.data();
  batch.shown_position = a.shown_position.data();
  batch.shown_count = a.shown_count.data();
  batch.chosen = a.chosen.data();
  batch.weight = a.list_weights.data();
  batch.row_features = a.rows.data();
  batch.row_decision = a.decision.data();
  batch.row_return = a.returns.data();
  batch.row_weight = a.weights.data();
  batch.next_features = a.next.data();
  batch.next_position = a.next_position.data();
  batch.next_count = a.next_count.data();
  batch.discount = a.discount.data();
  const Doubles online = random_numbers(rng, settings.shape.parameters(), .5), target = random_numbers(rng, online.size(), .5);

  const Doubles stepped = gradient(settings, batch, online, target);
  const SlateReference reference{settings, batch};
  const Doubles y = reference.targets(online, target);
  EXPECT_NEAR(loss_, reference.loss(online, y), 1e-5);
  expect_derivative([&](const Doubles& at) { return reference.loss(at, y); }, online, stepped);
}

}  // namespace
}  // namespace riffle::learner
