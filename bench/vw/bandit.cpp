#include "bench/vw/bandit.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "features/feature_vector.h"
#include "learner/arm_regressions.h"
#include "learner/linear_arms.h"
#include "learner/trainer.h"
#include "serving/explorers/explorer.h"

namespace riffle::bench {
namespace {

constexpr std::int64_t kStartMs = 1'760'000'000'000;
constexpr std::int64_t kDecisionMs = 100;

// What learns: a trainer as the learner's loop has it, fed with outcomes of one slot; or, where a stream's features do
// not fit Riffle's own vector, the regressions that linear_arms is made of.
class Learning {
 public:
  Learning(const BanditOptions& options, const Stream& stream) : width_(features::kFeatureCount) {
    if (options.scorer == "linear_arms" && stream.features > features::kFeatureCount) {
      width_ = stream.features;
      arms_ = std::make_unique<learner::ArmRegressions>(options.learner.linear_arms, width_);
      arm_options_ = options.learner.linear_arms;
      return;
    }
    RIFFLE_CHECK(stream.features <= width_, "features", stream.features);
    auto trainer = learner::make_trainer(options.scorer, options.learner);
    RIFFLE_CHECK(trainer.ok(), trainer.status().ToString());
    trainer_ = *std::move(trainer);
    outcome_.set_feature_fingerprint(features::feature_fingerprint());
    auto& slot = *outcome_.add_slots();
    slot.set_exposed(true);
    slot.set_newly_exposed(true);
    slot.mutable_features()->Resize(static_cast<int>(width_), 0);
  }

  std::size_t width() const { return width_; }

  std::shared_ptr<const learner::Scorer> scorer() {
    if (trainer_) return trainer_->scorer();
    return std::make_shared<learner::LinearArmsScorer>(arms_->posteriors(), arm_options_, width_);
  }

  void learn(std::int64_t now_ms, ItemKey item, const float* row, double reward) {
    if (!trainer_) {
      arms_->add(item, row, arms_->weight_at(now_ms), true, reward, reward * reward);
      return;
    }
    outcome_.set_decision_ms(now_ms);
    auto& slot = *outcome_.mutable_slots(0);
    slot.set_item_key(item.value());
    slot.set_reward(reward);
    std::copy_n(row, width_, slot.mutable_features()->mutable_data());
    trainer_->learn(outcome_);
  }

 private:
  std::size_t width_;
  std::unique_ptr<learner::Trainer> trainer_;
  pb::Outcome outcome_;
  std::unique_ptr<learner::ArmRegressions> arms_;
  learner::LinearArmsOptions arm_options_;
};

}  // namespace

BanditResult run_bandit(const Stream& stream, const BanditOptions& options, std::uint64_t seed) {
  const auto explorer = serving::make_explorer(options.explorer.kind);
  RIFFLE_CHECK(explorer, "explorer", options.explorer.kind);
  const serving::ExplorerNeeds needs = explorer->needs();
  Learning learning(options, stream);
  Rng rng(seed);
  serving::Distribution distribution;
  std::vector<float> rows, given, scores, utility, draws, widths;
  std::vector<CategoryKey> categories;
  std::vector<std::uint32_t> allowed;
  BanditResult result;
  const auto began = std::chrono::steady_clock::now();
  std::size_t first = 0;
  double decisions = 0;
  for (const std::uint32_t count : stream.counts) {
    rows.assign(count * learning.width(), 0);
    for (std::uint32_t a = 0; a < count; ++a) {
      const auto row = stream.row(first + a);
      std::copy(row.begin(), row.end(), rows.begin() + static_cast<std::ptrdiff_t>(a * learning.width()));
    }
    categories.resize(count);
    given.assign(count, 0);
    scores.resize(count);
    utility.resize(count);
    for (auto a = static_cast<std::uint32_t>(allowed.size()); a < count; ++a) allowed.push_back(a);
    const learner::ScoringBatch batch{.features = rows,
                                      .categories = categories,
                                      .given = given,
                                      .segment = "s",
                                      .items = std::span<const ItemKey>(stream.items).subspan(first, count)};
    const auto scorer = learning.scorer();
    scorer->score(batch, scores);
    for (std::uint32_t a = 0; a < count; ++a) utility[a] = std::clamp(scores[a], 0.F, 1.F);  // as serving/slate.cpp
    draws.resize(needs.draws ? count * scorer->draw_count() : 0);
    if (!draws.empty()) scorer->score_draws(batch, draws);
    widths.resize(needs.widths && scorer->has_widths() ? count : 0);
    if (!widths.empty()) scorer->score_widths(batch, widths);
    const std::span<const std::uint32_t> all(allowed.data(), count);
    explorer->distribute(options.explorer,
                         {.utility = utility,
                          .keys = batch.items,
                          .allowed = all,
                          .slots_learned = decisions,
                          .draws = draws,
                          .widths = widths},
                         distribution);
    const std::uint32_t chosen = serving::draw(distribution, all, rng);
    const std::size_t action = first + chosen;
    const auto means = std::span<const float>(stream.means).subspan(first, count);
    result.regret += *std::max_element(means.begin(), means.end()) - stream.means[action];
    result.reward += stream.rewards[action];
    learning.learn(kStartMs + static_cast<std::int64_t>(decisions) * kDecisionMs, stream.items[action],
                   rows.data() + chosen * learning.width(), stream.rewards[action]);
    first += count;
    ++decisions;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  result.regret /= decisions;
  result.reward /= decisions;
  return result;
}

absl::StatusOr<BanditOptions> parse_bandit(const std::string& text) {
  BanditOptions options;
  auto& learners = options.learner;
  const auto forget_after = [&](Milliseconds half_life) {
    learners.linear.half_life = learners.logistic.half_life = half_life;
    learners.linear_arms.half_life = learners.arms.half_life = half_life;
  };
  forget_after(Milliseconds(0));
  std::map<std::string, std::function<void(double)>> numbers;
  numbers["epsilon"] = [&](double x) { options.explorer.epsilon = x; };
  numbers["gamma_scale"] = [&](double x) { options.explorer.gamma_scale = x; };
  numbers["gamma_exponent"] = [&](double x) { options.explorer.gamma_exponent = x; };
  numbers["max_slots_learned"] = [&](double x) { options.explorer.max_slots_learned = x; };
  numbers["temperature"] = [&](double x) { options.explorer.temperature = x; };
  numbers["mellowness"] = [&](double x) { options.explorer.mellowness = x; };
  numbers["ridge"] = [&](double x) { learners.linear.ridge = learners.logistic.ridge = learners.linear_arms.ridge = x; };
  numbers["prior_slots"] = [&](double x) { learners.arms.prior_slots = x; };
  numbers["half_life"] = [&](double x) {
    forget_after(Milliseconds(static_cast<std::int64_t>(x * kDecisionMs)));
  };
  numbers["draws"] = [&](double x) {
    for (learner::DrawOptions* draws :
         {&learners.linear.draws, &learners.logistic.draws, &learners.linear_arms.draws, &learners.arms.draws})
      draws->count = static_cast<std::size_t>(x);
  };
  numbers["draw_scale"] = [&](double x) {
    for (learner::DrawOptions* draws :
         {&learners.linear.draws, &learners.logistic.draws, &learners.linear_arms.draws, &learners.arms.draws})
      draws->scale = x;
  };
  for (const auto& part : absl::StrSplit(text, ',')) {
    const std::vector<std::string> pair = absl::StrSplit(part, '=');
    double number = 0;
    if (pair.size() == 2 && pair[0] == "scorer") {
      options.scorer = pair[1];
    } else if (pair.size() == 2 && pair[0] == "explorer") {
      options.explorer.kind = pair[1];
    } else if (pair.size() == 2 && numbers.contains(pair[0]) && absl::SimpleAtod(pair[1], &number)) {
      numbers[pair[0]](number);
    } else {
      return absl::InvalidArgumentError(absl::StrCat("not a setting: ", pair[0]));
    }
  }
  return options;
}

}  // namespace riffle::bench
