#include "learner/diversity_weights.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/hash.h"
#include "learner/weight_bandit.h"
#include "learner/weight_target.h"

namespace riffle::learner {
namespace {

std::vector<WeightArm> unlearned(const WeightOptions& options) {
  if (options.kind != "bandit") return {{options.first, 1.0}};
  RIFFLE_CHECK(!options.grid.empty(), "a grid without weights");
  std::vector<WeightArm> arms;
  for (const double weight : options.grid) arms.push_back({weight, 1.0 / static_cast<double>(options.grid.size())});
  return arms;
}

absl::Status wrong(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("diversity weight: ", std::string(what)));
}

}  // namespace

DiversityWeights::DiversityWeights(const WeightOptions& options) : others_(unlearned(options)) {}

void DiversityWeights::arms(std::string_view segment, double explore, std::vector<WeightArm>& out) const {
  RIFFLE_CHECK(is_share(explore), "explore", explore);
  const auto known = segments_.find(stable_hash(segment));
  out = known == segments_.end() ? others_ : known->second;
  if (explore == 1) return;
  const auto likeliest = std::max_element(out.begin(), out.end(), [](const WeightArm& a, const WeightArm& b) {
    return a.probability < b.probability;
  });
  for (auto arm = out.begin(); arm != out.end(); ++arm)
    arm->probability = explore * arm->probability + (arm == likeliest ? 1 - explore : 0);
}

absl::Status check(const WeightOptions& options) {
  if (options.kind == "bandit") {
    if (options.grid.size() < 2 || options.grid.size() > kMostWeights)
      return wrong(absl::StrCat("the grid has ", options.grid.size(), " weights; a bandit chooses among 2 to ", kMostWeights));
    for (std::size_t i = 0; i < options.grid.size(); ++i)
      if (!is_share(options.grid[i]) || (i > 0 && !(options.grid[i] > options.grid[i - 1])))
        return wrong("the grid's weights must lie in [0, 1] and ascend");
    if (!(options.prior_lists > 0) || options.half_life.count() < 0)
      return wrong("prior_lists must be above 0, and the half-life not negative");
    return absl::OkStatus();
  }
  if (options.kind == "target") {
    if (!is_share(options.target)) return wrong("the target is a distance within lists, from 0 to 1");
    if (!(options.step > 0) || !std::isfinite(options.step)) return wrong("step must be above 0");
    if (!is_share(options.first)) return wrong("the first weight must lie in [0, 1]");
    if (options.distance != "category" && options.distance != "title")
      return wrong(absl::StrCat("distance must be category or title, not \"", options.distance, "\""));
    return absl::OkStatus();
  }
  return wrong(absl::StrCat("kind must be bandit or target to be learned, not \"", options.kind, "\""));
}

absl::StatusOr<std::unique_ptr<WeightTrainer>> make_weight_trainer(const WeightOptions& options) {
  RIFFLE_RETURN_IF_ERROR(check(options));
  if (options.kind == "bandit") return std::make_unique<WeightBandit>(options);
  return std::make_unique<WeightTarget>(options);
}

absl::StatusOr<std::shared_ptr<const DiversityWeights>> make_weights(std::string_view state, const WeightOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const auto trainer, make_weight_trainer(options));
  RIFFLE_RETURN_IF_ERROR(trainer->load(state));
  return trainer->weights();
}

}  // namespace riffle::learner
