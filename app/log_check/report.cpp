#include "app/log_check/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/progress.h"
#include "records/json_writer.h"

namespace riffle::app {
namespace {

using evaluation::Finding;
using evaluation::LogFigures;
using evaluation::ReferenceFigures;
using Level = Finding::Level;

constexpr double kManyMissing = .01;  // of the events that name a list

const char* word(Level level) { return level == Level::kBad ? "BAD" : level == Level::kWarning ? "warning" : "note"; }

class Text {
 public:
  explicit Text(const LogReport& report) : report_(report), figures_(report.figures) {}

  std::string write() {
    line("log", absl::StrCat(report_.log, absl::StrFormat(", %.1f s", report_.seconds)));
    for (const ingest::RowCount& count : report_.read)
      if (count.rows > 0)
        line(count.used ? "used" : "not used", absl::StrCat(with_commas(count.rows), " ", count.what));
    for (const std::string& problem : report_.problems) line("", problem);
    if (figures_.rounds > 0) rounds();
    if (report_.joins) joins(*report_.joins);
    if (!report_.cut_short.empty()) line("CUT SHORT", report_.cut_short);
    out_ += '\n';
    for (const Finding& finding : report_.findings)
      line(word(finding.level),
           absl::StrCat(finding.message, finding.advice.empty() ? "" : absl::StrCat(". ", finding.advice)));
    line("verdict", report_.good() ? "good enough, as far as this log can tell of itself"
                                   : "NOT good enough: mend what is BAD first");
    return std::move(out_);
  }

 private:
  void line(std::string_view name, const std::string& text) { absl::StrAppendFormat(&out_, "%-11s%s\n", name, text); }

  void rounds() {
    line("rounds",
         absl::StrCat(with_commas(figures_.rounds), " of ", figures_.users_exact ? "" : "about ",
                      with_commas(static_cast<std::uint64_t>(figures_.users)), " users, ", with_commas(figures_.slots),
                      " slots, ",
                      figures_.shortest == figures_.longest ? absl::StrCat(figures_.longest)
                                                            : absl::StrCat(figures_.shortest, " to ", figures_.longest),
                      " a list"));
    for (const auto& [policy, count] : figures_.logged_by)
      line("logged by", absl::StrCat(policy, ", ", with_commas(count), " rounds"));
    line("reward", absl::StrFormat("%.6g a round, standard deviation %.4g, from %g to %g; %s rounds rewarded",
                                   figures_.mean_reward, figures_.reward_deviation, figures_.smallest_reward,
                                   figures_.largest_reward, with_commas(figures_.rewarded)));
    line("support", absl::StrFormat("smallest propensity %.6g; %s of %s slots certain%s", figures_.smallest_propensity,
                                    with_commas(figures_.certain), with_commas(figures_.slots),
                                    figures_.actions > 0 ? absl::StrFormat("; %d of %d actions shown",
                                                                           figures_.actions_shown, figures_.actions)
                                                         : ""));
    for (const ReferenceFigures& reference : figures_.references)
      if (reference.rounds > 0) this->reference(reference);
    if (figures_.detectable_by_test)
      line("A/B test",
           absl::StrFormat("of half these users each: a difference of %.4g a round", *figures_.detectable_by_test));
    out_ += "\nposition      slots    rewarded  reward a slot  smallest propensity\n";
    for (const auto& [position, of] : figures_.positions)
      absl::StrAppendFormat(&out_, "%8d %10d %11d %14.6g %20.6g\n", position, of.slots, of.rewarded,
                            of.reward / static_cast<double>(of.slots), of.smallest_propensity);
  }

  void reference(const ReferenceFigures& of) {
    std::string text =
        absl::StrFormat("%s: effective sample size %.1f of %s rounds", of.name, of.ess, with_commas(of.rounds));
    if (figures_.longest > 1) absl::StrAppendFormat(&text, " (first slots %.1f)", of.first_ess);
    absl::StrAppendFormat(&text, ", mean weight %.4f, largest %.4g, Pareto k %s", of.mean_weight, of.largest_weight,
                          of.k_hat ? absl::StrFormat("%.2f", *of.k_hat) : "-");
    line("against", text);
    if (of.detectable == 0 && of.mean_weight == 1 && of.largest_weight == 1) {
      line("", "the log was drawn just so: there is no difference to detect");
    } else if (of.detectable) {
      line("", absl::StrFormat("smallest difference that could be detected: %.4g a round (5 %%, power 80 %%)",
                               *of.detectable));
    }
    if (of.unanswerable > 0)
      line("", absl::StrCat(with_commas(of.unanswerable), " rounds left out: ", of.unanswerable_why));
  }

  void joins(const JoinFigures& joins) {
    line("joins",
         absl::StrCat(with_commas(joins.naming), " of ", with_commas(joins.events), " interactions name a list; of ",
                      joins.without_list == 0 ? "none" : absl::StrCat("at least ", with_commas(joins.without_list)),
                      " the list is not in the log"));
  }

  const LogReport& report_;
  const LogFigures& figures_;
  std::string out_;
};

using records::JsonWriter;

void write_figures(JsonWriter& json, const LogFigures& figures) {
  json.member("rounds", figures.rounds).member("slots", figures.slots).member("rewarded_rounds", figures.rewarded);
  json.member("shortest_list", static_cast<std::uint64_t>(figures.shortest))
      .member("longest_list", static_cast<std::uint64_t>(figures.longest));
  json.member("users", figures.users).member("users_exact", figures.users_exact);
  json.key("propensities").begin_object().member("missing", figures.missing).member("zero", figures.zero);
  json.member("negative", figures.negative)
      .member("above_one", figures.above_one)
      .member("smallest", figures.smallest_propensity);
  json.member("below_1e-4", figures.small).member("certain", figures.certain).end_object();
  json.key("logged_by").begin_array();
  for (const auto& [policy, rounds] : figures.logged_by)
    json.begin_object().member("policy", policy).member("rounds", rounds).end_object();
  json.end_array();
  json.member("actions", figures.actions).member("actions_shown", figures.actions_shown);
  json.key("reward").begin_object().member("mean", figures.mean_reward).member("deviation", figures.reward_deviation);
  json.member("smallest", figures.smallest_reward).member("largest", figures.largest_reward);
  json.member("share_of_ten_largest", figures.largest_rewards_share).end_object();
  json.member("busiest_user_share", figures.busiest_user_share).member("repeats", figures.repeats);
  json.key("clock").begin_object().member("timed", figures.timed).member("unreadable", figures.bad_times);
  json.member("backwards", figures.backwards).member("largest_step_back_ms", figures.largest_step_back_ms).end_object();
  json.key("features")
      .begin_object()
      .member("other_version", figures.other_features)
      .member("missing", figures.bad_features)
      .end_object();
  if (figures.detectable_by_test) json.member("detectable_by_ab_test", *figures.detectable_by_test);
  json.key("references").begin_array();
  for (const ReferenceFigures& of : figures.references) {
    json.begin_object().member("policy", of.name).member("rounds", of.rounds).member("unanswerable", of.unanswerable);
    json.member("ess", of.ess).member("ess_first_slot", of.first_ess).member("mean_weight", of.mean_weight);
    json.member("largest_weight", of.largest_weight);
    if (of.k_hat) json.member("pareto_k", *of.k_hat);
    if (of.detectable) json.member("detectable", *of.detectable);
    json.end_object();
  }
  json.end_array().key("positions").begin_array();
  for (const auto& [position, of] : figures.positions) {
    json.begin_object().member("position", position).member("slots", of.slots).member("rewarded", of.rewarded);
    json.member("reward", of.reward / static_cast<double>(of.slots))
        .member("smallest_propensity", of.smallest_propensity)
        .end_object();
  }
  json.end_array();
}

}  // namespace

bool LogReport::good() const {
  return cut_short.empty() && std::none_of(findings.begin(), findings.end(),
                                           [](const Finding& finding) { return finding.level == Level::kBad; });
}

void add_join_findings(LogReport& report) {
  if (!report.joins || report.joins->without_list == 0) return;
  const JoinFigures& joins = *report.joins;
  std::string by_type;
  for (const auto& [type, count] : joins.without_list_by_type)
    absl::StrAppend(&by_type, by_type.empty() ? " (" : ", ", count, " ", type);
  const bool many = static_cast<double>(joins.without_list) > kManyMissing * static_cast<double>(joins.naming);
  report.findings.insert(
      report.findings.begin(),
      {many ? Level::kBad : Level::kWarning, "joins",
       absl::StrCat("at least ", joins.without_list, " of ", joins.naming, " events name a list that is not in the log",
                    by_type, ")"),
       joins.lists_trimmed ? "`recommendations` has lost its first records: keep it as long as `events`"
                           : "do clients send back the recommendation_id as it was published?"});
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.level > b.level; });
}

std::string log_text(const LogReport& report) { return Text(report).write(); }

std::string log_json(const LogReport& report) {
  JsonWriter json;
  json.begin_object().member("log", report.log).member("good", report.good()).member("seconds", report.seconds);
  if (!report.cut_short.empty()) json.member("cut_short", report.cut_short);
  json.key("read").begin_array();
  for (const ingest::RowCount& count : report.read)
    json.begin_object().member("what", count.what).member("used", count.used).member("rows", count.rows).end_object();
  json.end_array().key("problems").begin_array();
  for (const std::string& problem : report.problems) json.value(problem);
  json.end_array();
  write_figures(json, report.figures);
  if (report.joins) {
    const JoinFigures& joins = *report.joins;
    json.key("joins").begin_object().member("lists", joins.lists).member("interactions", joins.events);
    json.member("naming_a_list", joins.naming).member("without_list_at_least", joins.without_list).end_object();
  }
  json.key("findings").begin_array();
  for (const Finding& finding : report.findings) {
    const char* level = finding.level == Level::kBad ? "bad" : word(finding.level);
    json.begin_object().member("level", level).member("what", finding.what);
    json.member("message", finding.message).member("advice", finding.advice).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace riffle::app
