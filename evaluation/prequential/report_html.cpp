#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluation/html_parts.h"
#include "evaluation/prequential/plots.h"
#include "evaluation/prequential/report.h"
#include "records/time_text.h"

namespace riffle::evaluation {
namespace {

using Cells = std::vector<std::optional<double>>;

std::string named(const PrequentialReport& report, std::size_t policy) {
  return absl::StrCat("<td><span class=\"dot\" style=\"background:var(--series-", policy % kSeriesColours,
                      ")\"></span>", html_escaped(report.result.policies[policy].name), "</td>");
}

// A row a policy; the best of each column is bold where `more_is_better` says which way that is. A column without a value is
// left out.
void table(const PrequentialReport& report, std::string_view first, const std::vector<std::string>& columns,
           const std::vector<Cells>& rows, const std::vector<std::optional<bool>>& more_is_better, std::string& out) {
  std::vector<std::size_t> shown;
  std::vector<std::string> names;
  for (std::size_t column = 0; column < columns.size(); ++column) {
    if (std::none_of(rows.begin(), rows.end(), [&](const Cells& row) { return row[column].has_value(); })) continue;
    shown.push_back(column);
    names.push_back(columns[column]);
  }
  begin_table(first, names, out);
  for (std::size_t policy = 0; policy < rows.size(); ++policy) {
    absl::StrAppend(&out, "<tr>", named(report, policy));
    for (const std::size_t column : shown) {
      const std::optional<double>& value = rows[policy][column];
      bool best = value.has_value() && more_is_better[column].has_value();
      for (const Cells& other : rows)
        if (best && other[column] && (*more_is_better[column] ? *other[column] > *value : *other[column] < *value))
          best = false;
      absl::StrAppend(&out, best ? "<td class=\"best\">" : "<td>", value ? absl::StrFormat("%.4f", *value) : "–",
                      "</td>");
    }
    absl::StrAppend(&out, "</tr>\n");
  }
  end_table(out);
}

void write_head(const PrequentialReport& report, std::string& out) {
  const PrequentialResult& result = report.result;
  absl::StrAppend(&out, page_head("riffle evaluate"), "<h1>Prequential evaluation</h1>\n<p>",
                  html_escaped(report.log), "</p>\n<p>",
                  html_escaped(protocol_text(report.options)), "</p>\n<p>", result.interactions, " interactions, ",
                  result.users, " users, ", result.items, " items, ", result.points, " points");
  if (result.first)
    absl::StrAppend(&out, ", ", records::format_time(*result.first).substr(0, 10), " to ",
                    records::format_time(*result.last).substr(0, 10));
  absl::StrAppend(&out, "</p>\n");
  if (report.partial) absl::StrAppend(&out, "<p class=\"warn\">PARTIAL: stopped before the log's end</p>\n");
  if (!report.cut_short.empty())
    absl::StrAppend(&out, "<p class=\"warn\">PARTIAL: the log broke off: ", html_escaped(report.cut_short), "</p>\n");
}

void write_curves(const PrequentialReport& report, std::string_view name, std::string& out) {
  const MetricFacts& metric = metric_named(name);
  std::vector<PlotSeries> series;
  std::vector<std::pair<double, std::string>> ticks;
  for (std::size_t i = 0; i < report.result.policies.size(); ++i) {
    PlotSeries& one = series.emplace_back();
    one.name = report.result.policies[i].name;
    one.colour = i;
    for (const auto& [begin, users] : report.result.policies[i].scores.slices) {
      const std::optional<double> value = value_of(metric, users.total());
      if (!value) continue;
      const std::optional<Interval> interval = users.interval(metric, 1.96);
      one.points.push_back(
          {static_cast<double>(begin), *value, interval ? interval->low : *value, interval ? interval->high : *value});
      if (i == 0) ticks.emplace_back(static_cast<double>(begin), records::format_time(from_ms(begin)).substr(0, 10));
    }
  }
  absl::StrAppend(&out, "<section><h2>", std::string(name) == "ndcg" ? "NDCG" : "Recall", " at ", report.options.ks[0],
                  " over time</h2>\n<p>A point a slice, with 95 % intervals over users.</p>\n",
                  curves_svg(series, ticks, std::string(name) == "ndcg" ? "NDCG" : "recall"), "</section>\n");
}

// Diversity on categories where the log has them, else on titles.
void write_trade_off(const PrequentialReport& report, std::string& out) {
  const MetricFacts& ndcg = metric_named("ndcg");
  const std::vector<PolicyResult>& policies = report.result.policies;
  const auto known = [&](std::string_view name) {
    return std::any_of(policies.begin(), policies.end(),
                       [&](const PolicyResult& p) { return value_of(metric_named(name), p.scores.at[0]); });
  };
  const std::string_view name = known("ild_category") ? "ild_category" : "ild_text";
  if (!known(name)) return;
  std::vector<PlotSeries> series;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    PlotSeries& one = series.emplace_back();
    one.name = policies[i].name;
    one.colour = i;
    const auto x = value_of(ndcg, policies[i].scores.at[0]), y = value_of(metric_named(name), policies[i].scores.at[0]);
    if (x && y) one.points.push_back({*x, *y});
  }
  absl::StrAppend(&out, "<section><h2>Relevance and diversity</h2>\n<p>Up and to the right is better on both.</p>\n",
                  scatter_svg(series, absl::StrCat("NDCG at ", report.options.ks[0]),
                              name == "ild_text" ? "mean distance of titles" : "mean distance of categories"),
                  "</section>\n");
}

void write_metrics(const PrequentialReport& report, std::string& out) {
  constexpr std::size_t kOfAccuracy = 7;
  for (std::size_t at = 0; at < report.options.ks.size(); ++at) {
    for (const bool accuracy : {true, false}) {
      const auto metrics = accuracy ? all_metrics().first(kOfAccuracy) : all_metrics().subspan(kOfAccuracy);
      std::vector<std::string> columns;
      std::vector<std::optional<bool>> better;
      for (const MetricFacts& metric : metrics) {
        columns.emplace_back(metric.name);
        better.push_back(accuracy ? std::optional(metric.more_is_better) : std::nullopt);
      }
      if (!accuracy) columns.insert(columns.end(), {"coverage", "gini", "entropy"}), better.resize(columns.size());
      std::vector<Cells> rows;
      for (const PolicyResult& policy : report.result.policies) {
        Cells& row = rows.emplace_back();
        for (const MetricFacts& metric : metrics) row.push_back(value_of(metric, policy.scores.at[at]));
        const Spread& spread = policy.scores.spread[at];
        if (!accuracy)
          row.insert(row.end(),
                     {spread.coverage(report.result.items), spread.gini(report.result.items), spread.entropy()});
      }
      absl::StrAppend(&out, "<section><h2>", accuracy ? "Accuracy" : "Beyond accuracy", " at ", report.options.ks[at],
                      "</h2>\n");
      table(report, "policy", columns, rows, better, out);
      absl::StrAppend(&out, "</section>\n");
    }
  }
}

void write_intervals(const PrequentialReport& report, std::string& out) {
  const std::vector<PolicyResult>& policies = report.result.policies;
  if (policies.empty() || report.result.points == 0) return;
  const MetricFacts &ndcg = metric_named("ndcg"), &recall = metric_named("recall");
  std::vector<const UserSums*> sums;
  std::size_t best = 0;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    sums.push_back(&policies[i].scores.users);
    if (value_of(ndcg, policies[i].scores.at[0]) > value_of(ndcg, policies[best].scores.at[0])) best = i;
  }
  const PairedBootstrap bootstrap(sums, report.intervals);
  absl::StrAppend(&out, "<section><h2>Intervals at ", report.options.ks[0], "</h2>\n<p>",
                  absl::StrFormat("%g %% over users; differences are paired, to ", 100 * report.intervals.confidence),
                  html_escaped(policies[best].name), ".</p>\n");
  begin_table("policy", {"recall", "difference", "ndcg", "difference"}, out);
  const auto cell = [&](const std::optional<Interval>& interval) {
    absl::StrAppend(&out, "<td>", interval ? absl::StrFormat("%.4f … %.4f", interval->low, interval->high) : "–",
                    "</td>");
  };
  for (std::size_t i = 0; i < policies.size(); ++i) {
    absl::StrAppend(&out, "<tr>", named(report, i));
    for (const MetricFacts* metric : {&recall, &ndcg}) {
      cell(bootstrap.interval(i, *metric));
      cell(i == best ? std::nullopt : bootstrap.difference(i, best, *metric));
    }
    absl::StrAppend(&out, "</tr>\n");
  }
  end_table(out);
  absl::StrAppend(&out, "</section>\n");
}

void write_groups(const PrequentialReport& report, std::string& out) {
  const std::vector<PolicyResult>& policies = report.result.policies;
  if (policies.empty() || report.result.points == 0) return;
  std::vector<std::string> by_user, by_item;
  for (std::size_t i = 0; i < kActivityGroups; ++i)
    by_user.push_back(absl::StrFormat("%s: %.0f points", std::string(kActivityNames[i]),
                                      policies.front().scores.by_activity[i][kPoints]));
  for (std::size_t i = 0; i < kItemGroups; ++i)
    by_item.push_back(
        absl::StrFormat("%s: %.0f", std::string(kItemNames[i]), policies.front().scores.by_item[i].taken));
  std::vector<Cells> users, items;
  for (const PolicyResult& policy : policies) {
    Cells& user = users.emplace_back();
    for (const Sums& sums : policy.scores.by_activity) user.push_back(value_of(metric_named("ndcg"), sums));
    Cells& item = items.emplace_back();
    for (const ItemGroupSums& sums : policy.scores.by_item)
      item.push_back(sums.taken > 0 ? std::optional(sums.hits / sums.taken) : std::nullopt);
  }
  absl::StrAppend(&out, "<section><h2>NDCG by how much the user had taken before</h2>\n");
  table(report, "policy", by_user, users, std::vector<std::optional<bool>>(kActivityGroups, true), out);
  absl::StrAppend(&out, "</section><section><h2>Recall by how often the item had been taken before</h2>\n");
  table(report, "policy", by_item, items, std::vector<std::optional<bool>>(kItemGroups, true), out);
  absl::StrAppend(&out, "</section>\n");
}

void write_costs(const PrequentialReport& report, std::string& out) {
  absl::StrAppend(&out, "<section><h2>Time and memory</h2>\n");
  begin_table("policy", {"µs a list", "µs an event", "MB"}, out);
  for (std::size_t i = 0; i < report.result.policies.size(); ++i) {
    const PolicyResult& policy = report.result.policies[i];
    absl::StrAppend(
        &out, "<tr>", named(report, i),
        absl::StrFormat("<td>%.1f</td><td>%.1f</td><td>%.1f</td></tr>\n",
                        policy.lists > 0 ? 1e6 * policy.recommend_seconds / static_cast<double>(policy.lists) : 0,
                        policy.learned > 0 ? 1e6 * policy.learn_seconds / static_cast<double>(policy.learned) : 0,
                        static_cast<double>(policy.memory_bytes) / 1e6));
  }
  end_table(out);
  absl::StrAppend(&out, "</section>\n");
}

void write_log(const PrequentialReport& report, std::string& out) {
  absl::StrAppend(&out, "<section><h2>What was read</h2>\n<div class=\"scroll\"><table><tbody>\n");
  for (const ingest::RowCount& count : report.read)
    if (count.rows > 0)
      absl::StrAppend(&out, "<tr><td>", html_escaped(count.what), count.used ? "" : " (not used)", "</td><td>",
                      count.rows, "</td></tr>\n");
  const LeftOut& left = report.result.left_out;
  const auto row = [&](const char* what, std::uint64_t count) {
    if (count > 0) absl::StrAppend(&out, "<tr><td>left out: ", what, "</td><td>", count, "</td></tr>\n");
  };
  row("duplicates", left.duplicate);
  row("interactions of other types", left.other_type);
  row("points of the warm-up", left.warm_up);
  row("points outside of the period", left.period);
  row("points of users without a past", left.new_user);
  row("points not sampled", left.not_sampled);
  row("interactions with items that the user had", left.had_before);
  row("interactions with items that had not appeared", left.unknown_item);
  row("interactions with an item of the basket once more", left.twice_in_basket);
  row("events out of order (learned as of then)", report.result.out_of_order);
  row("events without a time (learned as of then)", report.result.without_time);
  absl::StrAppend(&out, "</tbody></table></div>\n");
  for (const std::string& problem : report.problems) absl::StrAppend(&out, "<p>", html_escaped(problem), "</p>\n");
  absl::StrAppend(&out, "</section>\n");
}

}  // namespace

std::string prequential_html(const PrequentialReport& report) {
  std::string out;
  write_head(report, out);
  write_curves(report, "ndcg", out);
  write_curves(report, "recall", out);
  write_trade_off(report, out);
  write_metrics(report, out);
  write_intervals(report, out);
  write_groups(report, out);
  write_costs(report, out);
  write_log(report, out);
  return out + kPageEnd;
}

}  // namespace riffle::evaluation
