#include "app/ope/question.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "app/system.h"
#include "base/errors.h"
#include "config/nearest.h"
#include "evaluation/logs/json_rounds.h"
#include "evaluation/logs/open_bandit.h"
#include "evaluation/logs/outcome_log.h"
#include "evaluation/models/linear_model.h"
#include "evaluation/models/table_model.h"
#include "evaluation/saved_policy.h"
#include "evaluation/targets/cross_fitting.h"
#include "evaluation/targets/distribution_file.h"
#include "evaluation/targets/fixed_target.h"
#include "evaluation/targets/logged_target.h"
#include "evaluation/targets/policy_target.h"
#include "evaluation/targets/uniform_target.h"

namespace riffle::app {
namespace {

using evaluation::EstimatorFacts;
using evaluation::FixedDistribution;

constexpr std::string_view kPolicy = "policy:";

absl::Status wrong(std::string_view what) { return absl::InvalidArgumentError(std::string(what)); }

bool has_ending(std::string file, std::string_view ending) {
  if (file.ends_with(".gz")) file.resize(file.size() - 3);
  return file.ends_with(ending);
}

absl::StatusOr<LogKind> kind_of(const OpeChoice& choice) {
  if (choice.file.empty()) {
    if (choice.kind.value_or(LogKind::kOwn) != LogKind::kOwn)
      return wrong("--log of this kind needs a FILE");
    return LogKind::kOwn;
  }
  if (choice.kind == LogKind::kOwn) return wrong("--log riffle reads the bus, and no FILE");
  if (choice.kind) return *choice.kind;
  if (has_ending(choice.file, ".csv")) return LogKind::kOpenBandit;
  if (has_ending(choice.file, ".jsonl") || has_ending(choice.file, ".json"))
    return LogKind::kJsonLines;
  return wrong(absl::StrCat(choice.file, ": say what it is with --log open-bandit or json-lines"));
}

absl::StatusOr<std::vector<evaluation::Estimator>> estimators_of(const OpeChoice& choice) {
  std::vector<evaluation::Estimator> estimators;
  for (const std::string& name : choice.estimators) {
    const auto estimator = evaluation::estimator_named(name);
    if (estimator) {
      estimators.push_back(*estimator);
      continue;
    }
    std::vector<std::string> names;
    for (const EstimatorFacts& facts : evaluation::all_estimators()) names.emplace_back(facts.name);
    const std::string meant = config::nearest(name, names);
    return wrong(absl::StrCat("--estimators: there is no ", name,
                              meant.empty() ? "" : absl::StrCat("; did you mean ", meant, "?")));
  }
  return estimators;
}

bool model_wanted(const std::vector<evaluation::Estimator>& estimators) {
  return estimators.empty() ||
         std::any_of(estimators.begin(), estimators.end(), [](evaluation::Estimator estimator) {
           return evaluation::facts_of(estimator).needs_model;
         });
}

absl::StatusOr<FixedDistribution> distribution_of(const OpeChoice& choice) {
  if (has_ending(choice.target, ".csv"))
    return evaluation::read_distribution_csv(choice.target);
  if (choice.campaign.empty())
    return wrong("a prior of Thompson sampling needs --campaign, which of it to take");
  RIFFLE_ASSIGN_OR_RETURN(const auto prior,
                          evaluation::read_thompson_prior(choice.target, choice.campaign));
  FixedDistribution distribution = evaluation::thompson_distribution(
      prior, choice.list_length, choice.draws, choice.options.intervals.seed);
  distribution.description = absl::StrCat(choice.target, " ", choice.campaign, ": ",
                                          distribution.description);
  return distribution;
}

bool is_distribution_file(const std::string& target) {
  return has_ending(target, ".csv") || has_ending(target, ".yaml") || has_ending(target, ".yml");
}

class Setup {
 public:
  Setup(const OpeChoice& choice, const config::Config& config, const evaluation::OpeWatch& watch)
      : choice_(choice), config_(config), watch_(watch) {}

  absl::StatusOr<OpeSetup> make() {
    RIFFLE_ASSIGN_OR_RETURN(kind_, kind_of(choice_));
    setup_.question.options = choice_.options;
    RIFFLE_ASSIGN_OR_RETURN(setup_.question.options.estimators, estimators_of(choice_));
    RIFFLE_RETURN_IF_ERROR(check_options());
    if (kind_ == LogKind::kOwn) {
      RIFFLE_ASSIGN_OR_RETURN(setup_.bus, make_bus(config_));
    }
    RIFFLE_RETURN_IF_ERROR(make_target());
    make_log();
    RIFFLE_RETURN_IF_ERROR(make_model());
    return std::move(setup_);
  }

 private:
  // An option that would do nothing is a mistake.
  absl::Status check_options() const {
    const bool own = kind_ == LogKind::kOwn;
    const bool policy = choice_.target.starts_with(kPolicy);
    if (!choice_.surface.empty() && !own) return wrong("--surface is of Riffle's own log");
    if (!choice_.logged_by.empty() && !own)
      return wrong("--logged-by is of Riffle's own log, whose lists say which policy made them");
    if (choice_.actions != 0 && own)
      return wrong("--actions: Riffle's own log says how many items were allowed");
    if (policy && !own)
      return wrong("--target policy:… chooses among the logged candidates of Riffle's own log");
    if (choice_.policy_version != 0 && !policy)
      return wrong("--policy-version is of --target policy:…");
    if (choice_.train && !policy) return wrong("--train is of --target policy:…");
    if (choice_.train && choice_.policy_version != 0)
      return wrong("--train makes the policy anew, and takes no --policy-version");
    if (choice_.target == "lines" && kind_ != LogKind::kJsonLines)
      return wrong("--target lines is of logs of JSON lines, which say what the target would do");
    if (is_distribution_file(choice_.target) && own)
      return wrong("a distribution from a file is of logs with one fixed set of actions");
    const bool yaml = has_ending(choice_.target, ".yaml") || has_ending(choice_.target, ".yml");
    if (!choice_.campaign.empty() && !yaml)
      return wrong("--campaign is of --target FILE.yaml, a prior of Thompson sampling");
    return absl::OkStatus();
  }

  absl::Status make_target() {
    const std::string& name = choice_.target;
    if (name == "uniform") {
      setup_.target = std::make_unique<evaluation::UniformTarget>();
    } else if (name == "lines") {
      setup_.target = std::make_unique<evaluation::LoggedTarget>();
    } else if (name.starts_with(kPolicy)) {
      RIFFLE_RETURN_IF_ERROR(make_policy_target(name.substr(kPolicy.size())));
    } else if (is_distribution_file(name)) {
      RIFFLE_ASSIGN_OR_RETURN(FixedDistribution distribution, distribution_of(choice_));
      RIFFLE_RETURN_IF_ERROR(make_fixed_target(std::move(distribution)));
    } else {
      return wrong(absl::StrCat("--target: `", name,
                                "` is none of uniform, lines, policy:ID, FILE.csv, FILE.yaml"));
    }
    setup_.question.target = setup_.target->description();
    return absl::OkStatus();
  }

  absl::Status make_policy_target(const std::string& id) {
    std::vector<std::string> ids;
    for (const serving::PolicyOptions& policy : config_.policies) {
      ids.push_back(policy.id.str());
      if (policy.id.str() != id) continue;
      if (choice_.train) return train(policy);
      if (policy.scorer == "random") {
        setup_.target = std::make_unique<evaluation::UniformTarget>();
        return absl::OkStatus();
      }
      RIFFLE_ASSIGN_OR_RETURN(
          const learner::PolicyVersion version,
          evaluation::read_saved_policy(*setup_.bus, topic_names(config_).policy, policy,
                                        choice_.policy_version, config_.learner));
      RIFFLE_ASSIGN_OR_RETURN(setup_.target, evaluation::PolicyTarget::make(policy, version));
      return absl::OkStatus();
    }
    const std::string meant = config::nearest(id, ids);
    return wrong(absl::StrCat("--target: the configuration has no policy ", id,
                              meant.empty() ? "" : absl::StrCat("; did you mean ", meant, "?")));
  }

  // Reads the log as it is evaluated, but with every revision.
  absl::Status train(const serving::PolicyOptions& policy) {
    RIFFLE_ASSIGN_OR_RETURN(auto fitting, evaluation::CrossFitting::make(policy, config_.learner, choice_.folds));
    evaluation::OutcomeLogOptions options = own_log();
    options.every_revision = true;
    RIFFLE_ASSIGN_OR_RETURN(const auto log, evaluation::OutcomeLog::open(*setup_.bus, options));
    const bool modelled = model_wanted(setup_.question.options.estimators);
    RIFFLE_RETURN_IF_ERROR(fitting->train(*log, watch_, modelled ? 3 : 2));
    setup_.question.options.passes_before = 1;
    setup_.question.options.policy_folds = choice_.folds;
    for (const auto& fold : fitting->folds()) setup_.question.folds.push_back({fold.outcomes, fold.slots});
    if (choice_.folds == 1)
      setup_.question.notes.emplace_back(
          "the policy was trained on the very rounds that it is judged on (--folds 1): it looks better than it is");
    RIFFLE_ASSIGN_OR_RETURN(setup_.target, evaluation::PolicyTarget::make(policy, fitting->versions(), true));
    return absl::OkStatus();
  }

  evaluation::OutcomeLogOptions own_log() const {
    return {.topic = topic_names(config_).outcomes, .surface = choice_.surface, .logged_by = choice_.logged_by};
  }

  // A log of JSON lines numbers its actions after the file's; Open Bandit's are numbers themselves.
  absl::Status make_fixed_target(FixedDistribution distribution) {
    auto positions = std::move(distribution.positions);
    if (kind_ == LogKind::kJsonLines) {
      names_ = distribution.names;
    } else {
      for (std::vector<double>& row : positions) {
        std::vector<double> by_item;
        for (std::size_t at = 0; at < row.size(); ++at) {
          std::uint32_t item = 0;
          if (!absl::SimpleAtoi(distribution.names[at], &item) || item >= 1 << 20)
            return wrong(absl::StrCat(choice_.target, ": item_id ", distribution.names[at],
                                      " is no number, as Open Bandit's are"));
          if (by_item.size() <= item) by_item.resize(item + 1, 0);
          by_item[item] = row[at];
        }
        row = std::move(by_item);
      }
    }
    setup_.target = std::make_unique<evaluation::FixedTarget>(std::move(positions),
                                                              std::move(distribution.description));
    return absl::OkStatus();
  }

  void make_log() {
    const std::string file = choice_.file;
    const std::uint32_t actions = choice_.actions;
    if (kind_ == LogKind::kOwn) {
      const evaluation::OutcomeLogOptions options = own_log();
      setup_.question.log = absl::StrCat(
          options.topic, choice_.surface.empty() ? "" : absl::StrCat(", surface ", choice_.surface),
          choice_.logged_by.empty() ? "" : absl::StrCat(", lists of policy ", choice_.logged_by));
      setup_.open = [bus = setup_.bus.get(), options] {
        return evaluation::OutcomeLog::open(*bus, options);
      };
    } else if (kind_ == LogKind::kOpenBandit) {
      setup_.question.log = absl::StrCat("Open Bandit ", file);
      setup_.open = [file, actions] { return evaluation::OpenBanditLog::open(file, actions); };
    } else {
      setup_.question.log = absl::StrCat("JSON lines ", file);
      setup_.open = [file, actions, names = names_] {
        return evaluation::JsonRounds::open(file, actions, names);
      };
    }
  }

  absl::Status make_model() {
    const auto& estimators = setup_.question.options.estimators;
    if (!model_wanted(estimators)) return absl::OkStatus();
    if (choice_.file == "-") {
      if (!estimators.empty())
        return wrong("a reward model reads the log twice, and standard input comes once: give a "
                     "file, or ask for estimators without a model (ips, snips, sips, rips)");
      setup_.question.notes.emplace_back(
          "standard input comes once: no estimator with a reward model");
      return absl::OkStatus();
    }
    const std::string folds = choice_.folds > 1
                                  ? absl::StrCat(", cross-fitted over ", choice_.folds, " folds of users")
                                  : ", fitted in sample";
    if (kind_ == LogKind::kOwn) {
      setup_.model = std::make_unique<evaluation::LinearModel>(choice_.folds);
      setup_.question.reward_model = absl::StrCat("ridge regression on the logged features", folds);
    } else {
      setup_.model = std::make_unique<evaluation::TableModel>(choice_.folds, choice_.prior);
      setup_.question.reward_model = absl::StrCat("means of context × position × action, prior of ",
                                                  choice_.prior, " rounds", folds);
    }
    return absl::OkStatus();
  }

  const OpeChoice& choice_;
  const config::Config& config_;
  const evaluation::OpeWatch& watch_;
  LogKind kind_ = LogKind::kOwn;
  std::vector<std::string> names_;
  OpeSetup setup_;
};

}  // namespace

absl::StatusOr<OpeSetup> set_up(const OpeChoice& choice, const config::Config& config,
                                const evaluation::OpeWatch& watch) {
  return Setup(choice, config, watch).make();
}

}  // namespace riffle::app
