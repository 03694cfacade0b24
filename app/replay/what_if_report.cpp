// What a replay of the kind "what if" says, for the eye and for programs.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/progress.h"
#include "app/replay/what_if.h"
#include "records/json_writer.h"

namespace riffle::app {
namespace {

using records::JsonWriter;
using replay::PolicyFigures;

void counts_lines(const WhatIfReport& report, std::string& out) {
  const replay::WhatIfFigures& figures = report.figures;
  const auto line = [&](std::string_view name, const std::string& text) {
    absl::StrAppendFormat(&out, "%-10s %s\n", name, text);
  };
  line("replayed", absl::StrCat(report.log, ", what if: ", with_commas(figures.events), " events, ",
                                with_commas(figures.requests), " requests, ", with_commas(figures.users), " profiles, ",
                                with_commas(figures.items), " items, ", absl::StrFormat("%.1f s", report.seconds)));
  for (const auto& [code, count] : figures.refused) line("refused", absl::StrCat(with_commas(count), " ", code));
  for (const ingest::RowCount& count : report.lines)
    if (!count.used && count.rows > 0) line("left out", absl::StrCat(with_commas(count.rows), " lines: ", count.what));
  for (const std::string& problem : report.problems) line("", problem);
  if (figures.items_refused > 0) line("refused", absl::StrCat(with_commas(figures.items_refused), " items"));
  if (figures.without_time > 0)
    line("note",
         absl::StrCat(with_commas(figures.without_time), " records came before the first one that says its time"));
  if (figures.not_asked > 0)
    line("note",
         absl::StrCat(with_commas(figures.not_asked), " requests got no list of their own: repeats, or refused"));
  if (figures.stopped_by_time) line("note", "stopped at --until: later records were left out");
  if (figures.outcomes > 0)
    line("learned",
         absl::StrCat("from ", with_commas(figures.outcomes), " outcomes",
                      figures.foreign_outcomes == 0 ? ""
                                                    : absl::StrCat("; ", with_commas(figures.foreign_outcomes),
                                                                   " are of another version of the features, and "
                                                                   "taught nothing")));
  if (!report.cut_short.empty()) line("CUT SHORT", report.cut_short);
}

void policy_lines(const std::string& name, const PolicyFigures& figures, std::uint64_t items, std::string& out) {
  absl::StrAppendFormat(&out, "%-12s %8d %8d %9.3f %8d", name, figures.lists, figures.version, figures.distance(),
                        figures.items.size());
  if (items > 0)
    absl::StrAppendFormat(&out, " (%.0f %%)",
                          100 * static_cast<double>(figures.items.size()) / static_cast<double>(items));
  if (figures.compared > 0) {
    const auto compared = static_cast<double>(figures.compared);
    absl::StrAppendFormat(&out, "   %.3f  %.3f  %.3f", figures.overlap(),
                          static_cast<double>(figures.same_first) / compared,
                          static_cast<double>(figures.identical) / compared);
  }
  out += '\n';
  for (const auto& [cause, count] : figures.degraded)
    absl::StrAppendFormat(&out, "%-12s %8d degraded: %s\n", "", count, cause);
}

void write_policy(JsonWriter& json, const PolicyFigures& figures) {
  json.member("lists", figures.lists).member("slots", figures.slots).member("newest_version", figures.version);
  json.key("degraded").begin_object();
  for (const auto& [cause, count] : figures.degraded) json.member(cause, count);
  json.end_object();
  json.member("category_distance", figures.distance()).member("lists_measured", figures.measured);
  json.member("items_listed", static_cast<std::uint64_t>(figures.items.size()));
  json.key("agreement").begin_object().member("compared", figures.compared);
  if (figures.compared > 0) {
    const auto compared = static_cast<double>(figures.compared);
    json.member("overlap", figures.overlap());
    json.member("same_first", static_cast<double>(figures.same_first) / compared);
    json.member("identical", static_cast<double>(figures.identical) / compared);
  }
  json.end_object();
}

}  // namespace

std::string what_if_text(const WhatIfReport& report) {
  std::string out;
  counts_lines(report, out);
  const PolicyFigures all = report.figures.lists.all();
  const bool compared = all.compared > 0;
  absl::StrAppend(&out, "policy          lists  version  distance    items",
                  compared ? "       overlap first  identical" : "", "\n");
  for (const auto& [policy, figures] : report.figures.lists.by_policy())
    policy_lines(policy.str(), figures, report.figures.items, out);
  if (report.figures.lists.by_policy().size() > 1) policy_lines("all", all, report.figures.items, out);
  if (compared)
    absl::StrAppend(&out,
                    "overlap with the logged lists, share of lists with the same first item, share of identical ones; ",
                    with_commas(report.figures.untold), " lists have no logged one to be held against\n");
  return out;
}

std::string what_if_json(const WhatIfReport& report) {
  const replay::WhatIfFigures& figures = report.figures;
  JsonWriter json;
  json.begin_object().member("log", report.log).member("mode", "what if");
  json.member("events", figures.events).member("requests", figures.requests).member("users", figures.users);
  json.member("items", figures.items).member("items_refused", figures.items_refused);
  json.key("refused").begin_object();
  for (const auto& [code, count] : figures.refused) json.member(code, count);
  json.end_object().key("lines_left_out").begin_object();
  for (const ingest::RowCount& count : report.lines)
    if (!count.used && count.rows > 0) json.member(count.what, count.rows);
  json.end_object().key("problems").begin_array();
  for (const std::string& problem : report.problems) json.value(problem);
  json.end_array();
  json.member("records_without_time", figures.without_time);
  json.member("requests_without_list", figures.not_asked).member("lists_not_compared", figures.untold);
  json.member("outcomes_learned", figures.outcomes - figures.foreign_outcomes)
      .member("outcomes_foreign", figures.foreign_outcomes);
  json.member("stopped_by_until", figures.stopped_by_time).member("seconds", report.seconds);
  if (!report.cut_short.empty()) json.member("cut_short", report.cut_short);
  json.key("lists").begin_object();
  write_policy(json, figures.lists.all());
  json.end_object().key("policies").begin_object();
  for (const auto& [policy, of] : figures.lists.by_policy()) {
    json.key(policy.str()).begin_object();
    write_policy(json, of);
    json.end_object();
  }
  json.end_object().end_object();
  return json.take() + "\n";
}

}  // namespace riffle::app
