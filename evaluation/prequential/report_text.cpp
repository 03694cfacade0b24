#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "evaluation/prequential/report.h"
#include "records/time_text.h"

namespace riffle::evaluation {
namespace {

std::string days(Milliseconds duration) {
  return absl::StrFormat("%.3g d", static_cast<double>(duration.count()) / 86'400'000.0);
}

std::string cell(const std::optional<double>& value) {
  return value ? absl::StrFormat("%.4f", *value) : std::string("-");
}

std::string bytes(std::size_t count) { return absl::StrFormat("%.1f MB", static_cast<double>(count) / 1e6); }

void write_log(const PrequentialReport& report, std::string& out) {
  absl::StrAppend(&out, "log       ", report.log, "\n");
  for (const ingest::RowCount& count : report.read)
    if (count.rows > 0)
      absl::StrAppend(&out, count.used ? "          used      " : "          not used  ", count.rows, "  ", count.what,
                      "\n");
  for (const std::string& problem : report.problems) absl::StrAppend(&out, "          ", problem, "\n");
  absl::StrAppend(&out, "protocol  ", protocol_text(report.options), "\n");
  if (report.partial) absl::StrAppend(&out, "PARTIAL   stopped before the log's end: of what was read until then\n");
  if (!report.cut_short.empty()) absl::StrAppend(&out, "PARTIAL   the log broke off: ", report.cut_short, "\n");
  const PrequentialResult& result = report.result;
  absl::StrAppend(&out, "stream    ", result.interactions, " interactions, ", result.users, " users, ", result.items,
                  " items\n");
  if (result.out_of_order > 0)
    absl::StrAppend(&out, "          ", result.out_of_order, " events came after later ones: they count as of then\n");
  if (result.without_time > 0)
    absl::StrAppend(&out, "          ", result.without_time,
                    " events without a timestamp: of the time of the one before\n");
  absl::StrAppend(&out, "points    ", result.points);
  if (result.first)
    absl::StrAppend(&out, ", ", records::format_time(*result.first), " … ", records::format_time(*result.last));
  absl::StrAppend(&out, "\n");
  const auto left_out = [&](std::uint64_t count, const char* what) {
    if (count > 0) absl::StrAppend(&out, "          left out  ", count, "  ", what, "\n");
  };
  const LeftOut& left = result.left_out;
  left_out(left.duplicate, "interactions whose event_id the user's last 128 have");
  left_out(left.other_type, "interactions of other types (learned as context)");
  left_out(left.warm_up, "points of the warm-up");
  left_out(left.period, "points outside of the period");
  left_out(left.new_user, "points of users without a past");
  left_out(left.not_sampled, "points not sampled");
  left_out(left.had_before, "interactions with items that the user had");
  left_out(left.unknown_item, "interactions with items that had not appeared");
  left_out(left.twice_in_basket, "interactions with an item of the basket once more");
}

// A table of some metrics a policy; with `spread` also what concerns all of its lists together.
void write_metrics(const PrequentialReport& report, std::size_t at, std::span<const MetricFacts> metrics, bool spread,
                   std::string& out) {
  absl::StrAppend(&out, "\n", absl::StrFormat("%-20s", absl::StrCat("at ", report.options.ks[at])));
  for (const MetricFacts& metric : metrics) absl::StrAppend(&out, absl::StrFormat("%14s", std::string(metric.name)));
  if (spread) absl::StrAppend(&out, absl::StrFormat("%10s%10s%10s", "coverage", "gini", "entropy"));
  absl::StrAppend(&out, "\n");
  for (const PolicyResult& policy : report.result.policies) {
    absl::StrAppend(&out, absl::StrFormat("%-20s", policy.name));
    for (const MetricFacts& metric : metrics)
      absl::StrAppend(&out, absl::StrFormat("%14s", cell(value_of(metric, policy.scores.at[at]))));
    const Spread& lists = policy.scores.spread[at];
    if (spread)
      absl::StrAppend(&out, absl::StrFormat("%10.4f%10.4f%10.4f", lists.coverage(report.result.items),
                                            lists.gini(report.result.items), lists.entropy()));
    absl::StrAppend(&out, "\n");
  }
}

void write_intervals(const PrequentialReport& report, std::string& out) {
  const std::vector<PolicyResult>& policies = report.result.policies;
  if (report.result.points == 0) return;
  const MetricFacts& ndcg = metric_named("ndcg");
  std::size_t best = 0;
  std::vector<const UserSums*> sums;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    sums.push_back(&policies[i].scores.users);
    if (value_of(ndcg, policies[i].scores.at[0]) > value_of(ndcg, policies[best].scores.at[0])) best = i;
  }
  const PairedBootstrap bootstrap(sums, report.intervals);
  absl::StrAppend(&out, "\n", absl::StrFormat("%g", 100 * report.intervals.confidence), " % intervals over users at ",
                  report.options.ks[0], ", and differences to ", policies[best].name, "\n");
  for (std::size_t i = 0; i < policies.size(); ++i) {
    absl::StrAppend(&out, absl::StrFormat("%-20s", policies[i].name));
    for (const char* const name : {"recall", "ndcg"}) {
      const MetricFacts& metric = metric_named(name);
      if (const auto interval = bootstrap.interval(i, metric))
        absl::StrAppend(&out, "  ", name, absl::StrFormat(" %.4f … %.4f", interval->low, interval->high));
      if (i == best) continue;
      if (const auto difference = bootstrap.difference(i, best, metric))
        absl::StrAppend(&out, absl::StrFormat(" (%+.4f … %+.4f)", difference->low, difference->high));
    }
    absl::StrAppend(&out, "\n");
  }
}

template <class Value>
void write_groups(const PrequentialReport& report, std::string_view title, const std::vector<std::string>& names,
                  const Value& value, std::string& out) {
  absl::StrAppend(&out, "\n", absl::StrFormat("%-20s", std::string(title)));
  for (const std::string& name : names) absl::StrAppend(&out, absl::StrFormat("%18s", name));
  absl::StrAppend(&out, "\n");
  for (const PolicyResult& policy : report.result.policies) {
    absl::StrAppend(&out, absl::StrFormat("%-20s", policy.name));
    for (std::size_t i = 0; i < names.size(); ++i)
      absl::StrAppend(&out, absl::StrFormat("%18s", cell(value(policy.scores, i))));
    absl::StrAppend(&out, "\n");
  }
}

void write_breakdowns(const PrequentialReport& report, std::string& out) {
  const std::vector<PolicyResult>& policies = report.result.policies;
  if (policies.empty() || report.result.points == 0) return;
  const MetricFacts& ndcg = metric_named("ndcg");
  std::vector<std::string> slices;
  std::vector<std::int64_t> begins;
  for (const auto& [begin, sums] : policies.front().scores.slices) {
    begins.push_back(begin);
    slices.push_back(records::format_time(from_ms(begin)).substr(0, 10));
  }
  write_groups(
      report, "ndcg by time", slices,
      [&](const PolicyScores& scores, std::size_t i) { return value_of(ndcg, scores.slices.at(begins[i]).total()); },
      out);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kActivityGroups; ++i)
    names.push_back(absl::StrCat(std::string(kActivityNames[i]), ": ",
                                 static_cast<std::uint64_t>(policies.front().scores.by_activity[i][kPoints])));
  write_groups(
      report, "ndcg by user's past", names,
      [&](const PolicyScores& scores, std::size_t i) { return value_of(ndcg, scores.by_activity[i]); }, out);
  names.clear();
  for (std::size_t i = 0; i < kItemGroups; ++i)
    names.push_back(absl::StrCat(std::string(kItemNames[i]), ": ",
                                 static_cast<std::uint64_t>(policies.front().scores.by_item[i].taken)));
  write_groups(
      report, "recall by item's past", names,
      [](const PolicyScores& scores, std::size_t i) -> std::optional<double> {
        const ItemGroupSums& sums = scores.by_item[i];
        if (sums.taken == 0) return std::nullopt;
        return sums.hits / sums.taken;
      },
      out);
}

void write_costs(const PrequentialReport& report, std::string& out) {
  absl::StrAppend(
      &out, "\n",
      absl::StrFormat("%-20s%14s%14s%14s%16s\n", "cost", "µs a list", " µs an event", "memory", "events/s"));
  for (const PolicyResult& policy : report.result.policies) {
    const double list = policy.lists > 0 ? 1e6 * policy.recommend_seconds / static_cast<double>(policy.lists) : 0;
    const double event = policy.learned > 0 ? 1e6 * policy.learn_seconds / static_cast<double>(policy.learned) : 0;
    const double rate =
        static_cast<double>(policy.learned) / std::max(policy.recommend_seconds + policy.learn_seconds, 1e-9);
    absl::StrAppend(&out, absl::StrFormat("%-20s%13.1f%13.1f%14s%16.0f\n", policy.name, list, event,
                                          bytes(policy.memory_bytes), rate));
  }
  absl::StrAppend(&out, absl::StrFormat("in all %.1f s, %.0f events/s\n", report.seconds,
                                        static_cast<double>(report.result.events) / std::max(report.seconds, 1e-9)));
}

}  // namespace

std::string protocol_text(const PrequentialOptions& options) {
  std::string text = options.reveal == Reveal::kLine     ? "line by line"
                     : options.reveal == Reveal::kBasket ? "basket by basket"
                                                         : "session by session";
  absl::StrAppend(&text, options.new_only ? ", new items only" : ", repeats allowed");
  if (options.known_items) absl::StrAppend(&text, ", known items only");
  if (options.known_users) absl::StrAppend(&text, ", users with a past only");
  if (!options.types.empty()) absl::StrAppend(&text, ", of ", absl::StrJoin(options.types, ", "));
  if (options.warm_up > 0) absl::StrAppend(&text, ", after ", options.warm_up, " interactions");
  if (options.from) absl::StrAppend(&text, ", from ", records::format_time(*options.from));
  if (options.to) absl::StrAppend(&text, ", before ", records::format_time(*options.to));
  if (options.sample < 1) absl::StrAppend(&text, ", a sample of ", options.sample, " (seed ", options.seed, ")");
  if (options.label_delay.count() > 0) absl::StrAppend(&text, ", learned after ", days(options.label_delay));
  return text;
}

std::string prequential_text(const PrequentialReport& report) {
  std::string out;
  write_log(report, out);
  constexpr std::size_t kOfAccuracy = 7;
  for (std::size_t at = 0; at < report.options.ks.size(); ++at) {
    write_metrics(report, at, all_metrics().first(kOfAccuracy), false, out);
    write_metrics(report, at, all_metrics().subspan(kOfAccuracy), true, out);
  }
  write_intervals(report, out);
  write_breakdowns(report, out);
  write_costs(report, out);
  return out;
}

}  // namespace riffle::evaluation
