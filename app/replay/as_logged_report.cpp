// What a replay as logged says, for the eye and for programs.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/progress.h"
#include "app/replay/as_logged.h"
#include "records/json_writer.h"

namespace riffle::app {
namespace {

using records::JsonWriter;

struct Sums {
  std::uint64_t entries = 0, events = 0, requests = 0, users = 0, refused = 0, decisions = 0, untold = 0, earlier = 0;
  std::uint64_t equal = 0, different = 0, not_in_log = 0;
  state::RowComparison user_rows, item_rows;
  std::size_t without_state = 0;
  bool begins_late = false, stopped_by_time = false;
};

void add(const state::RowComparison& more, state::RowComparison& sum) {
  sum.equal += more.equal;
  sum.only_left += more.only_left;
  sum.only_right += more.only_right;
  sum.different += more.different;
}

Sums sums_of(const AsLoggedReport& report) {
  Sums sums;
  for (const ShardReport& shard : report.shards) {
    const replay::AsLoggedFigures& figures = shard.figures;
    sums.entries += figures.entries;
    sums.events += figures.events;
    sums.requests += figures.requests;
    sums.users += figures.users;
    sums.refused += figures.refused;
    sums.decisions += figures.decisions;
    sums.untold += figures.decisions_untold;
    sums.earlier += figures.earlier_stores;
    sums.equal += figures.outcomes.equal;
    sums.different += figures.outcomes.different;
    sums.not_in_log += figures.outcomes.not_in_log;
    sums.begins_late |= figures.outcomes.begins_late;
    sums.stopped_by_time |= figures.stopped_by_time;
    sums.without_state += shard.no_state ? 1 : 0;
    add(shard.users, sums.user_rows);
    add(shard.items, sums.item_rows);
  }
  return sums;
}

std::string outcomes_line(const Sums& sums) {
  if (sums.begins_late)
    return "the log no longer has its first outcomes: decisions are missing, and outcomes are not held against it; "
           "rows do "
           "not depend on them";
  std::string line = absl::StrCat(with_commas(sums.equal), " made again as they are in the log");
  if (sums.different > 0) absl::StrAppend(&line, ", ", with_commas(sums.different), " are DIFFERENT");
  if (sums.not_in_log > 0) absl::StrAppend(&line, ", ", with_commas(sums.not_in_log), " are not in the log (yet)");
  return line;
}

std::string rows_line(const char* kind, const state::RowComparison& rows) {
  if (rows.same()) return absl::StrCat(with_commas(rows.equal), " ", kind, ", byte for byte");
  return absl::StrCat(with_commas(rows.equal), " ", kind, " as they are; ", with_commas(rows.different), " DIFFERENT, ",
                      with_commas(rows.only_right), " that the log does not make, ", with_commas(rows.only_left),
                      " that the state does not have");
}

void json_rows(JsonWriter& json, std::string_view name, const state::RowComparison& rows) {
  json.key(name).begin_object();
  json.member("equal", rows.equal).member("different", rows.different);
  json.member("only_in_state", rows.only_right).member("only_in_replay", rows.only_left).end_object();
}

}  // namespace

std::string as_logged_text(const AsLoggedReport& report) {
  const Sums sums = sums_of(report);
  std::string out;
  const auto line = [&](std::string_view name, const std::string& text) {
    absl::StrAppendFormat(&out, "%-10s %s\n", name, text);
  };
  line("replayed", absl::StrCat(report.log, ", as logged: ", report.shards.size(), " shards, ",
                                with_commas(sums.entries), " journal entries, ", with_commas(sums.events), " events, ",
                                with_commas(sums.requests), " requests, ", with_commas(sums.users), " profiles, ",
                                with_commas(sums.refused), " records refused as they were"));
  line("speed",
       absl::StrFormat(
           "%.1f s, %s records/s", report.seconds,
           with_commas(static_cast<std::uint64_t>(static_cast<double>(sums.events + sums.requests + sums.users) /
                                                  std::max(report.seconds, 1e-3)))));
  line("outcomes", outcomes_line(sums));
  if (sums.untold > 0)
    line("decisions",
         absl::StrCat(with_commas(sums.untold), " of ", with_commas(sums.decisions),
                      " have no outcome in the log: still open where it ends, or of users who were erased"));
  if (sums.earlier > 0)
    line("note", absl::StrCat(sums.earlier, " earlier stores of these shards are in the log; the newest was replayed"));
  if (sums.stopped_by_time) line("note", "stopped at --until: later records were left out");
  for (const ShardReport& shard : report.shards)
    for (const std::string& id : shard.figures.outcomes.first_different)
      line("", absl::StrCat("shard ", shard.shard.value(), ": outcome of ", id, " differs"));
  if (!report.verify.empty()) {
    line("rows", rows_line("users", sums.user_rows));
    line("", rows_line("items", sums.item_rows));
    for (const ShardReport& shard : report.shards) {
      if (shard.no_state)
        line("", absl::StrCat("shard ", shard.shard.value(), ": ", report.verify, " has no state of it"));
      for (const std::string& row : shard.first) line("", absl::StrCat("shard ", shard.shard.value(), ": ", row));
    }
    line("verified", report.same() ? absl::StrCat("yes: ", report.verify, " is what the log makes")
                                   : absl::StrCat("NO: ", report.verify,
                                                  " is not what the log makes. Is the configuration "
                                                  "(rows, events, ingest, join) the one that it ran with?"));
  }
  if (report.user)
    absl::StrAppend(&out, report.user->empty() ? "the log makes no row of this user\n" : *report.user + "\n");
  return out;
}

std::string as_logged_json(const AsLoggedReport& report) {
  const Sums sums = sums_of(report);
  JsonWriter json;
  json.begin_object().member("log", report.log).member("mode", "as logged");
  json.member("shards", static_cast<std::uint64_t>(report.shards.size())).member("journal_entries", sums.entries);
  json.member("events", sums.events).member("requests", sums.requests).member("users", sums.users);
  json.member("refused", sums.refused)
      .member("seconds", report.seconds)
      .member("stopped_by_until", sums.stopped_by_time);
  json.member("earlier_stores", sums.earlier);
  json.key("decisions")
      .begin_object()
      .member("logged", sums.decisions)
      .member("without_outcome", sums.untold)
      .end_object();
  json.key("outcomes").begin_object().member("equal", sums.equal).member("different", sums.different);
  json.member("not_in_log", sums.not_in_log).member("log_begins_late", sums.begins_late).end_object();
  if (!report.verify.empty()) {
    json.key("verify").begin_object().member("directory", report.verify).member("same", report.same());
    json_rows(json, "users", sums.user_rows);
    json_rows(json, "items", sums.item_rows);
    json.key("first_differences").begin_array();
    for (const ShardReport& shard : report.shards) {
      if (shard.no_state) json.value(absl::StrCat("shard ", shard.shard.value(), ": no state"));
      for (const std::string& row : shard.first) json.value(absl::StrCat("shard ", shard.shard.value(), ": ", row));
    }
    json.end_array().end_object();
  }
  if (report.user) report.user->empty() ? json.key("user").null() : json.key("user").json(*report.user);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace riffle::app
