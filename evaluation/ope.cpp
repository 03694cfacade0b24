#include "evaluation/ope.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "evaluation/group_sums.h"
#include "evaluation/time_slices.h"
#include "records/time_text.h"

namespace riffle::evaluation {
namespace {

constexpr std::uint64_t kRoundsBetweenNews = 8192;
// Logged propensities that were printed with a few digits are even to that many.
constexpr double kEvenTolerance = 1e-4;

bool is_propensity(double value) { return value > 0 && value <= 1; }

// How many actions the slot could have held; 0: unknown.
std::uint32_t allowed_in(const LoggedRound& round, std::size_t slot) {
  if (round.outcome != nullptr) return round.outcome->slots(static_cast<int>(slot)).allowed();
  return round.actions > slot ? round.actions - static_cast<std::uint32_t>(slot) : 0;
}

std::optional<TimePoint> time_of(const LoggedRound& round) {
  if (round.outcome != nullptr)
    return round.outcome->decision_ms() > 0 ? std::optional(from_ms(round.outcome->decision_ms())) : std::nullopt;
  return round.timestamp.empty() ? std::nullopt : records::parse_time(round.timestamp);
}

class Evaluation {
 public:
  Evaluation(Target& target, RewardModel* model, const OpeOptions& options, const OpeWatch& watch)
      : target_(target),
        model_(model),
        options_(options),
        watch_(watch),
        marginals_(target, model, options.weights, {.count = options.slate_draws, .seed = options.intervals.seed}) {
    progress_.pass = options.passes_before + 1;
    progress_.passes = options.passes_before + (model != nullptr ? 2 : 1);
    result_.folds.resize(options.policy_folds, Stats{});
  }

  absl::Status learn(RoundSource& log) {
    return pass(log, [this](LoggedRound& round) {
      model_->learn(round, fold_of(round.cluster, model_->folds()));
    });
  }

  absl::Status weigh(RoundSource& log) {
    result_.evidence.deterministic_target = result_.evidence.even_logging = true;
    RIFFLE_RETURN_IF_ERROR(pass(log, [this](LoggedRound& round) { weigh(round); }));
    result_.read = log.counts();
    result_.problems = log.problems();
    result_.evidence.bad_propensities += log.unreadable_propensities();
    return absl::OkStatus();
  }

  OpeResult finish() {
    gather_evidence();
    const std::vector<Stats> groups = sums_.filled();
    result_.users = groups.size();
    const Bootstrap bootstrap(groups, options_.intervals);
    for (const EstimatorFacts& facts : all_estimators())
      if (asked(facts)) result_.estimates.push_back(row(facts, groups, bootstrap));
    slice();
    return std::move(result_);
  }

  void next_pass() {
    ++progress_.pass;
    progress_.rounds = 0;
  }

 private:
  template <class Use>
  absl::Status pass(RoundSource& log, Use&& use) {
    LoggedRound round;
    for (;;) {
      const auto more = log.next(round);
      if (!more.ok() && !options_.force) return more.status();
      if (!more.ok()) result_.cut_short = std::string(more.status().message());
      if (!more.ok() || !*more) return absl::OkStatus();
      use(round);
      if (++progress_.rounds % kRoundsBetweenNews != 0 || !watch_) continue;
      progress_.fraction = log.fraction();
      if (watch_(progress_)) continue;
      result_.partial = true;
      return absl::OkStatus();
    }
  }

  // Whether the round's propensities can be divided by; counts why not.
  bool settle_propensities(LoggedRound& round) {
    bool good = true, zero = false;
    for (std::size_t slot = 0; slot < round.slots.size(); ++slot) {
      double& propensity = round.slots[slot].propensity;
      const std::uint32_t allowed = allowed_in(round, slot);
      if (options_.assume_uniform) propensity = allowed > 0 ? 1.0 / allowed : kMissing;
      good &= is_propensity(propensity);
      zero |= propensity == 0;
      result_.evidence.even_logging &=
          allowed > 0 && std::abs(propensity * allowed - 1) <= kEvenTolerance;
    }
    result_.evidence.bad_propensities += good ? 0 : 1;
    result_.evidence.zero_propensities += zero ? 1 : 0;
    return good;
  }

  // Those by marginals are asked by name; else they apply where every round has what they need, and the first one tells.
  bool wants_marginals(const LoggedRound& round) {
    if (!marginal_answer_) {
      const auto& names = options_.estimators;
      marginal_answer_ = names.empty() ? (round.outcome != nullptr || !std::isnan(round.slots[0].marginal))
                                       : std::any_of(names.begin(), names.end(),
                                                     [](Estimator name) { return facts_of(name).by_marginals; });
    }
    if (options_.estimators.empty() && !LoggingMarginals::concerns(round)) marginal_answer_ = false;
    return *marginal_answer_;
  }

  void weigh(LoggedRound& round) {
    if (!target_.concerns(round)) {
      ++result_.left_out;
      return;
    }
    if (round.outcome != nullptr) ++result_.logged_by[round.outcome->policy_id()];
    const std::uint64_t slots = round.slots.size();
    result_.longest = std::max(result_.longest, slots);
    result_.shortest = result_.shortest == 0 ? slots : std::min(result_.shortest, slots);
    if (!settle_propensities(round)) return;
    const std::size_t fold = model_ != nullptr ? fold_of(round.cluster, model_->folds()) : 0;
    if (const Unanswerable why = target_.weigh(round, model_, fold, targets_); !why.empty()) {
      ++result_.evidence.unanswerable;
      if (result_.evidence.unanswerable_why.empty()) result_.evidence.unanswerable_why = why;
      return;
    }
    if (slots == 1) {
      support_.shown(round.slots[0]);
      target_.ask(round, support_);
    }
    add(round, fold);
    if (wants_marginals(round)) marginals_.add(round, fold, round_sums_);
    add_to(sums_.of(round.cluster));
    if (!result_.folds.empty()) add_to(result_.folds[fold_of(round.cluster, result_.folds.size())]);
    if (const auto time = time_of(round)) slices_.add(*time, round.cluster, round_sums_);
  }

  void add_to(Stats& sums) const {
    for (std::size_t i = 0; i < kStats; ++i) sums[i] += round_sums_[i];
  }

  void add(const LoggedRound& round, std::size_t fold) {
    bool modelled = model_ != nullptr;
    for (const TargetSlot& target : targets_) {
      modelled &= !std::isnan(target.expected);
      result_.evidence.deterministic_target &= target.probability == 0 || target.probability == 1;
    }
    result_.evidence.unmodelled += modelled ? 0 : 1;
    make_terms(round, targets_, modelled ? model_ : nullptr, fold, terms_);
    const RoundTerms terms{.slots = terms_, .modelled = modelled};
    round_sums_ = Stats{};
    const double raw = add_round(terms, options_.weights, round_sums_);
    result_.weights.add(terms, round.slots[0].position, raw, options_.weights.clip);
  }

  void gather_evidence() {
    target_.ask_at_end(support_);
    Evidence& evidence = result_.evidence;
    const std::vector<Stats> groups = sums_.filled();
    const Stats totals = sums_.totals();
    evidence.rounds = result_.weights.rounds();
    evidence.rewarded = result_.weights.rewarded();
    evidence.ess = result_.weights.ess();
    evidence.k_hat = result_.weights.k_hat();
    evidence.clipped = options_.weights.clip > 0;
    evidence.matched = totals[kMatched];
    if (evidence.rounds == 0) return;
    evidence.mean_weight = totals[kRawWeight] / totals[kRounds];
    evidence.mean_weight_error = ratio_standard_error(groups, kRawWeight, kRounds);
    result_.logged_value = totals[kReward] / totals[kRounds];
    result_.logged_error = ratio_standard_error(groups, kReward, kRounds);
    if (marginal_answer_.value_or(false)) result_.marginals = marginals_.figures(sums_);
    const std::optional<double> counted = support_.off_support();
    result_.off_support_estimated = !counted || result_.longest > 1;
    evidence.off_support =
        result_.off_support_estimated ? std::max(0.0, 1 - evidence.mean_weight) : *counted;
    evidence.off_support_error =
        result_.off_support_estimated ? evidence.mean_weight_error : 0;
  }

  // Of the rounds whose marginals are known; what is wrong with the others is wrong for them, too.
  Evidence marginal_evidence() const {
    Evidence evidence = result_.marginals ? result_.marginals->evidence : Evidence{};
    evidence.bad_propensities = result_.evidence.bad_propensities;
    evidence.zero_propensities = result_.evidence.zero_propensities;
    evidence.unanswerable += result_.evidence.unanswerable;
    if (evidence.unanswerable_why.empty()) evidence.unanswerable_why = result_.evidence.unanswerable_why;
    return evidence;
  }

  // Those of the log's shape; all others only by name, to be refused.
  bool asked(const EstimatorFacts& facts) const {
    const auto& names = options_.estimators;
    if (!names.empty())
      return std::find(names.begin(), names.end(), facts.estimator) != names.end();
    if (facts.of_slates != (result_.longest > 1)) return false;
    if (facts.needs_model && model_ == nullptr) return false;
    if (facts.by_marginals && (!result_.marginals || result_.marginals->evidence.rounds == 0)) return false;
    if (facts.estimator == Estimator::kSlateDm && result_.marginals->evidence.unmodelled > 0) return false;
    return facts.estimator != Estimator::kReplay ||
           (result_.evidence.deterministic_target && result_.evidence.even_logging &&
            result_.evidence.rounds > 0);
  }

  EstimateRow row(const EstimatorFacts& facts, const std::vector<Stats>& groups,
                  const Bootstrap& bootstrap) const {
    EstimateRow row;
    row.estimator = facts.estimator;
    const Evidence evidence = facts.by_marginals ? marginal_evidence() : result_.evidence;
    row.refusals = refusals(facts.estimator, evidence);
    if (facts.by_marginals && evidence.rounds == 0 && result_.evidence.rounds > 0)
      row.refusals = {{"empty", "no list is fully logged, so no slot's marginal propensity can be told",
                       "log more lists in full (serving.full_log_share), or, of JSON lines, both marginal propensities"}};
    const bool right_shape = result_.longest == 0 || facts.of_slates == (result_.longest > 1);
    if (!right_shape)
      row.refusals.push_back(
          {"not_applicable",
           absl::StrCat(std::string(facts.name), facts.of_slates ? " is of lists with several slots"
                                                    : " is of lists with one slot"),
           facts.of_slates ? "ask for ips, snips or dr" : "ask for sips, rips or cascade-dr"});
    const bool can = right_shape && evidence.rounds > 0 && !(facts.needs_model && evidence.unmodelled > 0);
    row.given = can && (row.refusals.empty() || options_.force);
    if (!row.given) return row;
    std::size_t& lambda = row.lambda;
    if (facts.estimator == Estimator::kDros) {
      lambda = options_.weights.shrinkage > 0 ? 0 : slope_choice(groups);
      row.shrinkage =
          options_.weights.shrinkage > 0 ? options_.weights.shrinkage : kShrinkage[lambda];
    }
    row.value = estimate(facts.estimator, sums_.totals(), lambda);
    if (facts.by_marginals)
      row.monte_carlo_error =
          facts.estimator == Estimator::kIips ? result_.marginals->iips_error : result_.marginals->dm_error;
    row.bootstrap = bootstrap.interval(facts.estimator, lambda);
    row.bernstein = empirical_bernstein(facts.estimator, groups, options_.intervals.confidence,
                                        lambda);
    return row;
  }

  void slice() {
    result_.slice_width = slices_.width();
    for (const auto& [from, groups] : slices_.slices()) {
      OpeSlice& slice = result_.slices.emplace_back();
      Stats totals{};
      for (const Stats& group : groups)
        for (std::size_t i = 0; i < kStats; ++i) totals[i] += group[i];
      slice.from = from_ms(from);
      slice.rounds = static_cast<std::uint64_t>(totals[kRounds]);
      slice.logged_value = totals[kReward] / totals[kRounds];
      slice.logged_error = ratio_standard_error(groups, kReward, kRounds);
      for (const EstimateRow& row : result_.estimates)
        if (row.given)
          slice.values.push_back({row.estimator, estimate(row.estimator, totals, row.lambda),
                                  standard_error(row.estimator, groups, row.lambda)});
    }
  }

  Target& target_;
  RewardModel* model_;
  const OpeOptions& options_;
  const OpeWatch& watch_;
  OpeProgress progress_;
  OpeResult result_;
  GroupSums sums_;
  SupportTally support_;
  std::optional<bool> marginal_answer_;  // none: not asked yet
  MarginalEvaluation marginals_;
  TimeSlices slices_;
  Stats round_sums_{};  // of the round at hand
  std::vector<TargetSlot> targets_;
  std::vector<SlotTerms> terms_;
};

}  // namespace

void make_terms(const LoggedRound& round, std::span<const TargetSlot> target,
                const RewardModel* model, std::size_t fold, std::vector<SlotTerms>& terms) {
  terms.clear();
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot) {
    SlotTerms& term = terms.emplace_back();
    term.target = target[slot].probability;
    term.propensity = round.slots[slot].propensity;
    term.reward = round.slots[slot].reward;
    if (model == nullptr) continue;
    term.q = model->logged(round, slot, fold);
    term.v = target[slot].expected;
    term.below = model->below(round, slot, fold);
  }
}

bool OpeResult::any_refused() const {
  return std::any_of(estimates.begin(), estimates.end(),
                     [](const EstimateRow& row) { return !row.given; });
}

absl::StatusOr<OpeResult> evaluate_off_policy(const OpenRounds& open, Target& target,
                                              RewardModel* model, const OpeOptions& options,
                                              const OpeWatch& watch) {
  Evaluation evaluation(target, model, options, watch);
  if (model != nullptr) {
    RIFFLE_ASSIGN_OR_RETURN(const auto log, open());
    RIFFLE_RETURN_IF_ERROR(evaluation.learn(*log));
    model->fit();
    evaluation.next_pass();
  }
  RIFFLE_ASSIGN_OR_RETURN(const auto log, open());
  RIFFLE_RETURN_IF_ERROR(evaluation.weigh(*log));
  return evaluation.finish();
}

}  // namespace riffle::evaluation
