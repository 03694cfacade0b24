// The scorers by name. A new one is one line in kScorers and one in each of make_trainer and make_scorer that concerns it.
#include <algorithm>
#include <array>
#include <numeric>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "learner/arms.h"
#include "learner/fixed_scorers.h"
#include "learner/linear.h"
#include "learner/linear_arms.h"
#include "learner/logistic.h"
#include "learner/multi_task/multi_task.h"
#include "learner/neural_linear/neural_linear.h"
#include "learner/q_learning/dqn.h"
#include "learner/q_learning/q_scorer.h"
#include "learner/q_learning/slate_scorer.h"
#include "learner/q_learning/slateq.h"
#include "learner/q_table.h"
#include "learner/trainer.h"

namespace riffle::learner {
namespace {

struct ScorerName {
  std::string_view name;
  bool trainable;
};
constexpr std::array kScorers{ScorerName{"linear", true},     ScorerName{"logistic", true},
                              ScorerName{"neural_linear", true}, ScorerName{"multi_task", true},
                              ScorerName{"linear_arms", true}, ScorerName{"arms", true},
                              ScorerName{"q_table", true},    ScorerName{"dqn", true},
                              ScorerName{"slateq", true},
                              ScorerName{"popularity", false},
                              ScorerName{"random", false},    ScorerName{"given", false}};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

absl::Status unknown_scorer(std::string_view name) {
  std::string known;
  std::string_view nearest;
  std::size_t smallest = ~std::size_t{0};
  for (const auto& scorer : kScorers) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(scorer.name));
    if (const auto distance = edit_distance(name.substr(0, 64), scorer.name); distance < smallest) {
      smallest = distance;
      nearest = scorer.name;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown scorer \"", std::string(name.substr(0, 64)),
                                                 "\": did you mean \"", std::string(nearest), "\"? Known are ", known));
}

const ScorerName* find_scorer(std::string_view name) {
  const auto it = std::find_if(kScorers.begin(), kScorers.end(), [&](const auto& s) { return s.name == name; });
  return it == kScorers.end() ? nullptr : &*it;
}

absl::Status check(const DrawOptions& options) {
  if (options.count > kMostDraws || !(options.scale > 0))
    return absl::InvalidArgumentError(
        absl::StrCat("draws: at most ", kMostDraws, " of a version, and their scale must be above 0"));
  return absl::OkStatus();
}

absl::Status check(const LinearOptions& options) {
  if (!(options.ridge > 0)) return absl::InvalidArgumentError("linear: the ridge must be above 0");
  if (options.half_life.count() < 0) return absl::InvalidArgumentError("linear: the half-life must not be negative");
  if (!(options.position_prior >= 0))
    return absl::InvalidArgumentError("linear: the position prior must not be negative");
  return annotate(check(options.draws), "linear");
}

absl::Status check(const LogisticOptions& options) {
  if (!(options.ridge > 0)) return absl::InvalidArgumentError("logistic: the ridge must be above 0");
  if (options.half_life.count() < 0) return absl::InvalidArgumentError("logistic: the half-life must not be negative");
  if (!(options.position_prior >= 0) || !(options.first_rate > 0 && options.first_rate < 1))
    return absl::InvalidArgumentError("logistic: the position prior must not be negative, and first_rate lie in (0, 1)");
  return annotate(check(options.draws), "logistic");
}

absl::Status check(const LinearArmsOptions& options) {
  if (!(options.ridge > 0)) return absl::InvalidArgumentError("linear_arms: the ridge must be above 0");
  if (options.half_life.count() < 0 || options.max_items == 0)
    return absl::InvalidArgumentError("linear_arms: the half-life must not be negative, and max_items above 0");
  return annotate(check(options.draws), "linear_arms");
}

absl::Status check(const ArmsOptions& options) {
  if (!(options.prior_slots > 0)) return absl::InvalidArgumentError("arms: prior_slots must be above 0");
  if (options.half_life.count() < 0 || options.max_items == 0)
    return absl::InvalidArgumentError("arms: the half-life must not be negative, and max_items above 0");
  return annotate(check(options.draws), "arms");
}

absl::Status check(const QTableOptions& options) {
  if (!(options.learning_rate > 0 && options.learning_rate <= 1))
    return absl::InvalidArgumentError("q_table: the learning rate must lie in (0, 1]");
  if (!(options.discount >= 0 && options.discount < 1))
    return absl::InvalidArgumentError("q_table: the discount must lie in [0, 1), or values grow without end");
  if (options.pending_users == 0 || options.max_cells == 0)
    return absl::InvalidArgumentError("q_table: pending_users and max_cells must be above 0");
  if (options.segments.kind != "rule" && options.segments.kind != "kmeans")
    return absl::InvalidArgumentError(absl::StrCat("q_table: unknown segments \"", options.segments.kind, "\": known are rule, kmeans"));
  if (options.segments.count < 2 || options.segments.count > kMostClusters)
    return absl::InvalidArgumentError(absl::StrCat("q_table: 2 to ", kMostClusters, " clusters"));
  return absl::OkStatus();
}

}  // namespace

bool is_trainable(std::string_view scorer) {
  const auto* known = find_scorer(scorer);
  return known != nullptr && known->trainable;
}

absl::StatusOr<std::unique_ptr<Trainer>> make_trainer(std::string_view scorer, const LearnerOptions& options) {
  if (scorer == "linear") {
    if (auto status = check(options.linear); !status.ok()) return status;
    return std::make_unique<LinearTrainer>(options.linear);
  }
  if (scorer == "logistic") {
    if (auto status = check(options.logistic); !status.ok()) return status;
    return std::make_unique<LogisticTrainer>(options.logistic);
  }
  if (scorer == "linear_arms") {
    if (auto status = check(options.linear_arms); !status.ok()) return status;
    return std::make_unique<LinearArmsTrainer>(options.linear_arms);
  }
  if (scorer == "arms") {
    if (auto status = check(options.arms); !status.ok()) return status;
    return std::make_unique<ArmsTrainer>(options.arms);
  }
  if (scorer == "q_table") {
    if (auto status = check(options.q_table); !status.ok()) return status;
    return std::make_unique<QTableTrainer>(options.q_table);
  }
  if (scorer == "dqn") return make_dqn_trainer(options.dqn, options.network);
  if (scorer == "slateq") return make_slateq_trainer(options.slateq, options.network);
  if (scorer == "multi_task") return make_multi_task_trainer(options.multi_task, options.network);
  if (scorer == "neural_linear") {
    if (auto status = check(options.neural_linear.draws); !status.ok()) return annotate(status, "neural_linear");
    return make_neural_linear_trainer(options.neural_linear, options.network);
  }
  if (find_scorer(scorer) != nullptr)
    return absl::InvalidArgumentError(absl::StrCat("the scorer \"", std::string(scorer), "\" does not learn"));
  return unknown_scorer(scorer);
}

absl::StatusOr<std::shared_ptr<const Scorer>> make_scorer(std::string_view scorer, std::string_view state,
                                                          const LearnerOptions& options) {
  const auto* known = find_scorer(scorer);
  if (known == nullptr) return unknown_scorer(scorer);
  if (!known->trainable && !state.empty())
    return absl::InvalidArgumentError(absl::StrCat("the scorer \"", std::string(scorer), "\" has no state"));
  if (scorer == "linear") {
    if (state.empty()) return std::make_shared<const LinearScorer>();
    return linear_scorer(state, options.linear);
  }
  if (scorer == "logistic") return logistic_scorer(state, options.logistic);
  if (scorer == "linear_arms") return linear_arms_scorer(state, options.linear_arms);
  if (scorer == "arms") return arms_scorer(state, options.arms);
  if (scorer == "q_table") return q_table_scorer(state, options.q_table);
  if (scorer == "dqn") {
    if (state.empty()) return std::make_shared<const QScorer>();
    return q_scorer(state);
  }
  if (scorer == "slateq") {
    if (state.empty()) return std::make_shared<const SlateScorer>(options.slateq.slate);
    return slate_scorer(state, options.slateq.slate);
  }
  if (scorer == "neural_linear") {
    if (state.empty()) return std::make_shared<const NeuralLinearScorer>();
    return neural_linear_scorer(state, options.neural_linear);
  }
  if (scorer == "multi_task") {
    if (state.empty()) return std::make_shared<const MultiTaskScorer>();
    return multi_task_scorer(state, options.multi_task);
  }
  if (scorer == "popularity") return std::make_shared<const PopularityScorer>();
  if (scorer == "random") return std::make_shared<const RandomScorer>();
  return std::make_shared<const GivenScorer>();
}

}  // namespace riffle::learner
