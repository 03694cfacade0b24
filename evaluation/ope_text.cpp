#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluation/ope_report.h"

namespace riffle::evaluation {
namespace {

std::string number(double value) { return absl::StrFormat("%.6g", value); }

std::string interval(const std::optional<Interval>& interval) {
  if (!interval) return "-";
  return absl::StrFormat("%.5g … %.5g", interval->low, interval->high);
}

// Pads by characters, not bytes: "…" is three of these.
std::string padded(std::string text, std::size_t width) {
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  if (characters < width) text.append(width - characters, ' ');
  return text;
}

void write_question(const OpeQuestion& question, const OpeResult& result, std::string& out) {
  absl::StrAppend(&out, "log      ", question.log, "\n");
  for (const ingest::RowCount& count : result.read)
    if (count.rows > 0)
      absl::StrAppend(&out, count.used ? "         used      " : "         not used  ", count.rows,
                      "  ", count.what, "\n");
  for (const std::string& problem : result.problems) absl::StrAppend(&out, "         ", problem, "\n");
  if (result.left_out > 0)
    absl::StrAppend(&out, "         left out  ", result.left_out,
                    "  lists that are not fully logged: no evidence for this target\n");
  absl::StrAppend(&out, "target   ", question.target, "\n");
  if (!question.reward_model.empty())
    absl::StrAppend(&out, "model    ", question.reward_model, "\n");
  const OpeOptions& options = question.options;
  if (options.weights.clip > 0)
    absl::StrAppend(&out, "clip     weights above ", number(options.weights.clip), " count as that\n");
  if (options.assume_uniform)
    absl::StrAppend(&out, "ASSUMED  that the log was drawn evenly (--assume-uniform)\n");
  if (options.force)
    absl::StrAppend(&out, "FORCED   refused estimates are given all the same (--force)\n");
  for (const std::string& note : question.notes) absl::StrAppend(&out, "note     ", note, "\n");
  if (result.partial)
    absl::StrAppend(&out, "PARTIAL  stopped before the log's end: of what was read until then\n");
  if (!result.cut_short.empty())
    absl::StrAppend(&out, "PARTIAL  the log broke off: ", result.cut_short, "\n");
}

void write_diagnostics(const OpeResult& result, std::string& out) {
  const Evidence& evidence = result.evidence;
  const WeightDiagnostics& weights = result.weights;
  absl::StrAppend(&out, "\nrounds   ", evidence.rounds, ", ", evidence.rewarded, " rewarded, ",
                  result.users, " groups of users");
  if (result.longest > 1)
    absl::StrAppend(&out, ", lists of ", result.shortest, " to ", result.longest, " slots");
  absl::StrAppend(&out, "\n");
  if (evidence.bad_propensities > 0)
    absl::StrAppend(&out, "left out ", evidence.bad_propensities,
                    " rounds with a propensity that is missing or not in (0, 1]\n");
  if (evidence.unanswerable > 0)
    absl::StrAppend(&out, "left out ", evidence.unanswerable, " rounds: ",
                    evidence.unanswerable_why, "\n");
  for (const auto& [policy, rounds] : result.logged_by)
    absl::StrAppend(&out, "made by  ", policy, ", ", rounds, " rounds\n");
  if (result.logged_by.size() > 1)
    absl::StrAppend(&out, "note     several policies made these lists: what is said of `logged` is said of their mixture,\n"
                          "         and the target is asked at the states of all their users; --logged-by takes one's\n");
  if (evidence.rounds == 0) return;
  absl::StrAppend(&out, "logged   ", number(result.logged_value), " a round, ± ",
                  number(1.96 * result.logged_error), "\n");
  const double z = (evidence.mean_weight - 1) / evidence.mean_weight_error;
  absl::StrAppend(&out, "weights  effective sample size ", absl::StrFormat("%.1f", evidence.ess),
                  ", largest ", number(weights.largest_weight()), ", mean ",
                  absl::StrFormat("%.4f", evidence.mean_weight),
                  std::isfinite(z) ? absl::StrFormat(" (z = %.2f against 1)", z) : "", ", Pareto k ",
                  evidence.k_hat ? absl::StrFormat("%.2f", *evidence.k_hat) : "- (no tail to fit)",
                  "\n");
  if (weights.clipped() > 0) absl::StrAppend(&out, "         ", weights.clipped(), " clipped\n");
  absl::StrAppend(&out, "support  ", absl::StrFormat("%.3g", 100 * evidence.off_support),
                  " % of the target's mass is where the log shows nothing",
                  result.off_support_estimated ? " (estimated by 1 − mean weight)" : "",
                  "; smallest propensity ", number(weights.smallest_propensity()), ", ",
                  weights.small_propensities(), " slots below 0.0001\n");
}

void write_marginals(const MarginalFigures& marginals, std::string& out) {
  const Evidence& evidence = marginals.evidence;
  absl::StrAppend(&out, "\nmarginals  ", evidence.rounds, " lists, ", evidence.rewarded,
                  " rewarded: slot by slot, whatever is above");
  if (marginals.left_out > 0) absl::StrAppend(&out, "; left out ", marginals.left_out, " that are not fully logged");
  absl::StrAppend(&out, "\n");
  if (evidence.unanswerable > 0)
    absl::StrAppend(&out, "           left out ", evidence.unanswerable, " lists: ", evidence.unanswerable_why, "\n");
  if (evidence.rounds == 0) return;
  absl::StrAppend(&out, "           smallest effective sample size of a slot ", absl::StrFormat("%.1f", evidence.ess),
                  ", largest weight ", number(marginals.largest_weight), ", mean ",
                  absl::StrFormat("%.4f", evidence.mean_weight), ", Pareto k ",
                  evidence.k_hat ? absl::StrFormat("%.2f", *evidence.k_hat) : "- (no tail to fit)", "\n");
}

void write_slots(const std::vector<SlotDiagnostics>& slots, std::string& out) {
  out += "\nslot  rounds      rewarded  mean reward  mean weight  ESS         largest     by weights\n";
  for (const SlotDiagnostics& slot : slots) {
    if (slot.rounds == 0) continue;
    out += absl::StrFormat("%-5u %-11d %-9d %-12.5g %-12.4f %-11.1f %-11.5g %.5g\n", slot.position,
                           slot.rounds, slot.rewarded, slot.mean_reward(), slot.mean_weight(),
                           slot.ess(), slot.largest_weight, slot.value());
  }
}

void write_estimates(const OpeQuestion& question, const OpeResult& result, std::string& out) {
  const double percent = 100 * question.options.intervals.confidence;
  out += absl::StrFormat("\nestimator   value         bootstrap %.3g %%             Bernstein %.3g %%\n",
                         percent, percent);
  for (const EstimateRow& row : result.estimates) {
    const std::string name(facts_of(row.estimator).name);
    if (!row.given) {
      absl::StrAppend(&out, padded(name, 12), "refused\n");
    } else {
      absl::StrAppend(&out, padded(name, 12), padded(number(row.value), 14),
                      padded(interval(row.bootstrap), 27), interval(row.bernstein),
                      row.shrinkage ? absl::StrCat("  λ ", number(*row.shrinkage)) : "",
                      row.monte_carlo_error
                          ? absl::StrCat("  Monte Carlo error ", absl::StrFormat("%.2g", *row.monte_carlo_error))
                          : "",
                      row.refusals.empty() ? "" : "  FORCED", "\n");
    }
  }
}

// Each reason once, with the estimators that it concerns.
void write_refusals(const OpeResult& result, std::string& out) {
  std::vector<std::pair<const Refusal*, std::string>> reasons;
  for (const EstimateRow& row : result.estimates) {
    for (const Refusal& refusal : row.refusals) {
      const std::string name(facts_of(row.estimator).name);
      bool known = false;
      for (auto& [other, names] : reasons) {
        if (other->message != refusal.message) continue;
        names += ", " + name;
        known = true;
      }
      if (!known) reasons.emplace_back(&refusal, name);
    }
  }
  for (const auto& [refusal, names] : reasons)
    absl::StrAppend(&out, "\n", names, ": ", refusal->message, ".\n  ", refusal->advice, ".\n");
}

// What each fold's policy was trained on, and what it was worth on the fold's own rounds, by the first estimate that is given.
void write_folds(const OpeQuestion& question, const OpeResult& result, std::string& out) {
  if (question.folds.empty()) return;
  const EstimateRow* given = nullptr;
  for (const EstimateRow& row : result.estimates)
    if (given == nullptr && row.given) given = &row;
  out += absl::StrFormat("\nfold  revisions learned  slots learned  rounds judged  logged      %s\n",
                         given ? std::string(facts_of(given->estimator).name) : "");
  for (std::size_t fold = 0; fold < question.folds.size(); ++fold) {
    const Stats& sums = result.folds[fold];
    out += absl::StrFormat("%-5d %-18d %-14d %-14.0f %-11.5g ", fold, question.folds[fold].outcomes, question.folds[fold].slots,
                           sums[kRounds], sums[kReward] / sums[kRounds]);
    absl::StrAppend(&out, given ? number(estimate(given->estimator, sums, given->lambda)) : "", "\n");
  }
}

}  // namespace

std::string ope_text(const OpeQuestion& question, const OpeResult& result) {
  std::string out;
  write_question(question, result, out);
  write_diagnostics(result, out);
  if (result.evidence.rounds > 0) write_slots(result.weights.slots(), out);
  if (result.marginals) {
    write_marginals(*result.marginals, out);
    if (result.marginals->evidence.rounds > 0) write_slots(result.marginals->slots, out);
  }
  write_folds(question, result, out);
  write_estimates(question, result, out);
  write_refusals(result, out);
  return out;
}

}  // namespace riffle::evaluation
