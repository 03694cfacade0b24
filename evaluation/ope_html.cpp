#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluation/html_parts.h"
#include "evaluation/ope_report.h"
#include "evaluation/prequential/plots.h"
#include "records/time_text.h"

namespace riffle::evaluation {
namespace {

std::string number(double value) { return std::isfinite(value) ? absl::StrFormat("%.5g", value) : "–"; }
std::string interval(const std::optional<Interval>& of) {
  return of ? absl::StrFormat("%.5g … %.5g", of->low, of->high) : "–";
}

void paragraph(const std::string& text, std::string& out, bool warn = false) {
  absl::StrAppend(&out, warn ? "<p class=\"warn\">" : "<p>", html_escaped(text), "</p>\n");
}

void write_head(const OpeQuestion& question, const OpeResult& result, std::string& out) {
  const OpeOptions& options = question.options;
  absl::StrAppend(&out, page_head("riffle ope"), "<h1>Off-policy evaluation</h1>\n");
  paragraph(absl::StrCat("Log: ", question.log), out);
  paragraph(absl::StrCat("Asked about: ", question.target), out);
  if (!question.reward_model.empty()) paragraph(absl::StrCat("Reward model: ", question.reward_model), out);
  paragraph(absl::StrCat(result.evidence.rounds, " rounds, ", result.evidence.rewarded, " rewarded, ", result.users,
                         " groups of users"), out);
  for (const auto& [policy, rounds] : result.logged_by)
    paragraph(absl::StrCat("Made by ", policy, ": ", rounds, " rounds"), out);
  if (result.logged_by.size() > 1)
    paragraph("Several policies made these lists: what is said of the logged policy is said of their mixture", out, true);
  if (options.weights.clip > 0) paragraph(absl::StrCat("Weights above ", number(options.weights.clip), " count as that"), out);
  for (const std::string& note : question.notes) paragraph(note, out);
  if (options.assume_uniform) paragraph("ASSUMED that the log was drawn evenly (--assume-uniform)", out, true);
  if (options.force) paragraph("FORCED: refused estimates are given all the same (--force)", out, true);
  if (result.partial) paragraph("PARTIAL: stopped before the log's end", out, true);
  if (!result.cut_short.empty()) paragraph(absl::StrCat("PARTIAL: the log broke off: ", result.cut_short), out, true);
}

void write_estimates(const OpeQuestion& question, const OpeResult& result, std::string& out) {
  const double percent = 100 * question.options.intervals.confidence;
  absl::StrAppend(&out, "<section><h2>What the target would have earned, a round</h2>\n");
  if (std::isfinite(result.logged_value))
    paragraph(absl::StrFormat("The logged policy earned %.5g ± %.2g.", result.logged_value, 1.96 * result.logged_error), out);
  begin_table("estimator", {"value", absl::StrFormat("bootstrap %.3g %%", percent),
                            absl::StrFormat("Bernstein %.3g %%", percent), "Monte Carlo error", "given"}, out);
  for (const EstimateRow& row : result.estimates) {
    std::string reasons;
    for (const Refusal& refusal : row.refusals)
      absl::StrAppend(&reasons, reasons.empty() ? "" : ", ", html_escaped(refusal.reason));
    const std::string verdict = row.refusals.empty() ? "yes"
                                                     : absl::StrCat("<span class=\"warn\">", row.given ? "forced: " : "refused: ",
                                                                    reasons, "</span>");
    absl::StrAppend(&out, "<tr><td>", html_escaped(facts_of(row.estimator).name), "</td><td>",
                    row.given ? number(row.value) : "–", "</td><td>", interval(row.bootstrap), "</td><td>",
                    interval(row.bernstein), "</td><td>", row.monte_carlo_error ? number(*row.monte_carlo_error) : "–",
                    "</td><td>", verdict, "</td></tr>\n");
  }
  end_table(out);
  absl::StrAppend(&out, "</section>\n");
}

// Each reason once, with what to do.
void write_refusals(const OpeResult& result, std::string& out) {
  std::vector<std::string> said;
  for (const EstimateRow& row : result.estimates) {
    for (const Refusal& refusal : row.refusals) {
      if (std::find(said.begin(), said.end(), refusal.message) != said.end()) continue;
      if (said.empty()) absl::StrAppend(&out, "<section><h2>Why not</h2>\n");
      said.push_back(refusal.message);
      paragraph(absl::StrCat(std::string(refusal.reason), ": ", refusal.message), out, true);
      paragraph(refusal.advice, out);
    }
  }
  if (!said.empty()) absl::StrAppend(&out, "</section>\n");
}

// The first of those that weigh what was logged, the surest of them first; none: all were refused.
const EstimateRow* surest(const OpeResult& result) {
  const EstimateRow* best = nullptr;
  const auto width = [](const EstimateRow& row) { return row.bootstrap->high - row.bootstrap->low; };
  for (const EstimateRow& row : result.estimates) {
    if (!row.given || !row.bootstrap || !facts_of(row.estimator).uses_weights) continue;
    if (best == nullptr || width(row) < width(*best)) best = &row;
  }
  return best;
}

std::string in_words(Milliseconds width) {
  const std::int64_t minutes = width.count() / 60'000;
  if (minutes < 60) return absl::StrCat(minutes, minutes == 1 ? " minute" : " minutes");
  if (minutes < 24 * 60) return absl::StrCat(minutes / 60, minutes == 60 ? " hour" : " hours");
  return absl::StrCat(minutes / (24 * 60), minutes == 24 * 60 ? " day" : " days");
}

// As much of a slice's beginning as tells it from its neighbours: "2025-10-09", "10-09 06h", "06:40".
std::string tick_of(TimePoint from, Milliseconds width) {
  const std::string time = records::format_time(from);
  if (width >= Milliseconds(24 * 3'600'000)) return time.substr(0, 10);
  if (width >= Milliseconds(3'600'000)) return absl::StrCat(time.substr(5, 5), " ", time.substr(11, 2), "h");
  return time.substr(11, 5);
}

void write_time(const OpeResult& result, std::string& out) {
  if (result.slices.size() < 2) return;
  const EstimateRow* chosen = surest(result);
  std::vector<PlotSeries> series(chosen != nullptr ? 2 : 1);
  series[0] = {.name = "logged", .colour = 7, .points = {}};
  if (chosen != nullptr) series[1] = {.name = std::string(facts_of(chosen->estimator).name), .colour = 0, .points = {}};
  std::vector<std::pair<double, std::string>> ticks;
  const auto point = [](double x, double value, double error) {
    const double half = std::isfinite(error) ? 1.96 * error : 0;
    return PlotPoint{x, value, value - half, value + half};
  };
  for (const OpeSlice& slice : result.slices) {
    const auto x = static_cast<double>(to_ms(slice.from));
    ticks.emplace_back(x, tick_of(slice.from, result.slice_width));
    series[0].points.push_back(point(x, slice.logged_value, slice.logged_error));
    for (const OpeSlice::Value& of : slice.values)
      if (chosen != nullptr && of.estimator == chosen->estimator && std::isfinite(of.value))
        series[1].points.push_back(point(x, of.value, of.error));
  }
  absl::StrAppend(&out, "<section><h2>Value over time</h2>\n<p>A point every ",
                  in_words(result.slice_width),
                  " (UTC), with 95 % intervals over users; ",
                  chosen != nullptr ? "of the estimates that weigh the log, the one with the narrowest interval."
                                    : "every estimate that weighs the log was refused.",
                  "</p>\n", curves_svg(series, ticks, "earned a round"), "</section>\n");
}

void write_weights(const OpeResult& result, std::string& out) {
  const Evidence& evidence = result.evidence;
  if (evidence.rounds == 0) return;
  const auto histogram = result.weights.histogram();
  std::vector<PlotBar> bars;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const int power = static_cast<int>(i) - 5;  // of the bin's upper end (weight_diagnostics.h)
    const double share = static_cast<double>(histogram[i]) / static_cast<double>(evidence.rounds);
    const std::string label = i == 0 ? "0"
                              : i == 1 ? "< 1/16"
                              : i + 1 == histogram.size() ? "≥ 16"
                              : power <= 0 ? absl::StrCat("< 1/", 1 << -power)
                                           : absl::StrCat("< ", 1 << power);
    bars.push_back({power == 0 ? "< 1" : label, 100 * share, histogram[i] > 0 ? absl::StrFormat("%.3g", 100 * share) : ""});
  }
  absl::StrAppend(&out, "<section><h2>Weights</h2>\n");
  paragraph(absl::StrFormat("Whole lists' weights: how much likelier the target is to make the list than the logged policy "
                            "was. Effective sample size %.1f, largest %.5g, mean %.4f ± %.2g (1 is expected), Pareto k %s.",
                            evidence.ess, result.weights.largest_weight(), evidence.mean_weight,
                            1.96 * evidence.mean_weight_error, evidence.k_hat ? absl::StrFormat("%.2f", *evidence.k_hat) : "–"),
            out);
  paragraph(absl::StrFormat("%.3g %% of the target's mass is where the log shows nothing%s; smallest propensity %.5g.",
                            100 * evidence.off_support,
                            result.off_support_estimated ? " (estimated by 1 − mean weight)" : "",
                            result.weights.smallest_propensity()), out);
  absl::StrAppend(&out, bars_svg(bars, "weight", "% of rounds"), "</section>\n");
}

void write_slots(const char* title, const std::string& words, const std::vector<SlotDiagnostics>& slots, std::string& out) {
  absl::StrAppend(&out, "<section><h2>", title, "</h2>\n");
  paragraph(words, out);
  begin_table("slot", {"rounds", "rewarded", "mean reward", "mean weight", "effective sample size", "largest weight",
                       "by weights", "smallest propensity"}, out);
  for (const SlotDiagnostics& slot : slots) {
    if (slot.rounds == 0) continue;
    absl::StrAppend(&out, "<tr><td>", slot.position, "</td><td>", slot.rounds, "</td><td>", slot.rewarded, "</td><td>",
                    number(slot.mean_reward()), "</td><td>", absl::StrFormat("%.4f", slot.mean_weight()), "</td><td>",
                    absl::StrFormat("%.1f", slot.ess()), "</td><td>", number(slot.largest_weight), "</td><td>",
                    number(slot.value()), "</td><td>", number(slot.smallest_propensity), "</td></tr>\n");
  }
  end_table(out);
  absl::StrAppend(&out, "</section>\n");
}

void write_folds(const OpeQuestion& question, const OpeResult& result, std::string& out) {
  if (question.folds.empty()) return;
  absl::StrAppend(&out, "<section><h2>Fold by fold</h2>\n");
  paragraph("The policy was trained on this log: each fold's on the outcomes of the other folds' users, and judged on its own.",
            out);
  std::vector<std::string> columns = {"revisions learned", "slots learned", "rounds judged", "logged"};
  for (const EstimateRow& row : result.estimates)
    if (row.given) columns.emplace_back(facts_of(row.estimator).name);
  begin_table("fold", columns, out);
  for (std::size_t fold = 0; fold < question.folds.size(); ++fold) {
    const Stats& sums = result.folds[fold];
    absl::StrAppend(&out, "<tr><td>", fold, "</td><td>", question.folds[fold].outcomes, "</td><td>", question.folds[fold].slots,
                    "</td><td>", sums[kRounds], "</td><td>", number(sums[kReward] / sums[kRounds]), "</td>");
    for (const EstimateRow& row : result.estimates)
      if (row.given) absl::StrAppend(&out, "<td>", number(estimate(row.estimator, sums, row.lambda)), "</td>");
    absl::StrAppend(&out, "</tr>\n");
  }
  end_table(out);
  absl::StrAppend(&out, "</section>\n");
}

void write_log(const OpeResult& result, std::string& out) {
  absl::StrAppend(&out, "<section><h2>What was read</h2>\n<div class=\"scroll\"><table><tbody>\n");
  const auto row = [&](const std::string& what, std::uint64_t rows) {
    if (rows > 0) absl::StrAppend(&out, "<tr><td>", html_escaped(what), "</td><td>", rows, "</td></tr>\n");
  };
  for (const ingest::RowCount& count : result.read) row(absl::StrCat(count.what, count.used ? "" : " (not used)"), count.rows);
  row("lists that are not fully logged: no evidence for this target", result.left_out);
  row("rounds with a propensity that is missing or not in (0, 1]", result.evidence.bad_propensities);
  row(absl::StrCat("rounds left out: ", result.evidence.unanswerable_why), result.evidence.unanswerable);
  absl::StrAppend(&out, "</tbody></table></div>\n");
  for (const std::string& problem : result.problems) paragraph(problem, out);
  absl::StrAppend(&out, "</section>\n");
}

}  // namespace

std::string ope_html(const OpeQuestion& question, const OpeResult& result) {
  std::string out;
  write_head(question, result, out);
  write_estimates(question, result, out);
  write_refusals(result, out);
  write_time(result, out);
  write_weights(result, out);
  if (result.evidence.rounds > 0)
    write_slots("Slot by slot", "Weights are those of the list down to the slot.", result.weights.slots(), out);
  if (result.marginals && result.marginals->evidence.rounds > 0)
    write_slots("Slot by slot, whatever is above",
                absl::StrCat("Weights of the slot's item alone, for iips; of ", result.marginals->evidence.rounds,
                             " lists, ", result.marginals->draws, " drawn of each and policy."),
                result.marginals->slots, out);
  write_folds(question, result, out);
  write_log(result, out);
  return out + kPageEnd;
}

}  // namespace riffle::evaluation
