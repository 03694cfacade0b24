#include "evaluation/json_parts.h"
#include "evaluation/prequential/report.h"
#include "records/time_text.h"

namespace riffle::evaluation {
namespace {

using records::JsonWriter;

void write_time(JsonWriter& json, std::string_view name, const std::optional<TimePoint>& time) {
  json.key(name);
  time ? json.value(*time) : json.null();
}

void write_question(JsonWriter& json, const PrequentialReport& report) {
  const PrequentialOptions& options = report.options;
  json.key("question").begin_object().member("log", report.log).member("protocol", protocol_text(options));
  json.member("reveal", options.reveal == Reveal::kLine     ? "line"
                        : options.reveal == Reveal::kBasket ? "basket"
                                                            : "session")
      .member("new_only", options.new_only)
      .member("known_items", options.known_items)
      .member("known_users", options.known_users)
      .member("warm_up", options.warm_up);
  write_time(json, "from", options.from);
  write_time(json, "to", options.to);
  json.member("sample", options.sample)
      .member("seed", options.seed)
      .member("label_delay_ms", std::int64_t{options.label_delay.count()});
  json.key("types").begin_array();
  for (const std::string& type : options.types) json.value(type);
  json.end_array().key("ks").begin_array();
  for (const std::size_t k : options.ks) json.value(static_cast<std::uint64_t>(k));
  json.end_array();
  json.member("slice_ms", std::int64_t{options.slice.count()})
      .member("confidence", report.intervals.confidence)
      .member("resamples", static_cast<std::uint64_t>(report.intervals.resamples))
      .end_object();
}

void write_log(JsonWriter& json, const PrequentialReport& report) {
  write_reading(json, report.read, report.problems, report.partial, report.cut_short);
  const PrequentialResult& result = report.result;
  json.member("events", result.events)
      .member("interactions", result.interactions)
      .member("users", static_cast<std::uint64_t>(result.users))
      .member("items", static_cast<std::uint64_t>(result.items))
      .member("out_of_order", result.out_of_order)
      .member("without_time", result.without_time)
      .member("points", result.points);
  write_time(json, "first_point", result.first);
  write_time(json, "last_point", result.last);
  const LeftOut& left = result.left_out;
  json.key("left_out")
      .begin_object()
      .member("duplicate", left.duplicate)
      .member("other_type", left.other_type)
      .member("warm_up", left.warm_up)
      .member("period", left.period)
      .member("new_user", left.new_user)
      .member("not_sampled", left.not_sampled)
      .member("had_before", left.had_before)
      .member("unknown_item", left.unknown_item)
      .member("twice_in_basket", left.twice_in_basket)
      .end_object();
  json.member("seconds", report.seconds);
}

void write_metrics(JsonWriter& json, const Sums& sums) {
  for (const MetricFacts& metric : all_metrics()) write(json, metric.name, value_of(metric, sums));
}

void write_breakdowns(JsonWriter& json, const PolicyScores& scores) {
  constexpr double z = 1.96;  // 95 %: a slice's interval is for the eye
  json.key("slices").begin_array();
  for (const auto& [begin, users] : scores.slices) {
    const Sums total = users.total();
    json.begin_object().member("from", from_ms(begin)).member("points", static_cast<std::uint64_t>(total[kPoints]));
    write_metrics(json, total);
    write(json, "recall_interval", users.interval(metric_named("recall"), z));
    write(json, "ndcg_interval", users.interval(metric_named("ndcg"), z));
    json.end_object();
  }
  json.end_array().key("by_activity").begin_array();
  for (std::size_t i = 0; i < kActivityGroups; ++i) {
    json.begin_object()
        .member("taken_before", kActivityNames[i])
        .member("points", static_cast<std::uint64_t>(scores.by_activity[i][kPoints]));
    write_metrics(json, scores.by_activity[i]);
    json.end_object();
  }
  json.end_array().key("by_item").begin_array();
  for (std::size_t i = 0; i < kItemGroups; ++i) {
    const ItemGroupSums& sums = scores.by_item[i];
    json.begin_object().member("taken_before", kItemNames[i]).member("taken", static_cast<std::uint64_t>(sums.taken));
    write(json, "recall", sums.taken > 0 ? std::optional(sums.hits / sums.taken) : std::nullopt);
    json.end_object();
  }
  json.end_array();
}

void write_policy(JsonWriter& json, const PrequentialReport& report, std::size_t number,
                  const PairedBootstrap& bootstrap) {
  const PolicyResult& policy = report.result.policies[number];
  json.begin_object().member("policy", policy.name).key("at").begin_array();
  for (std::size_t at = 0; at < report.options.ks.size(); ++at) {
    const Spread& spread = policy.scores.spread[at];
    json.begin_object().member("k", static_cast<std::uint64_t>(report.options.ks[at]));
    write_metrics(json, policy.scores.at[at]);
    json.member("coverage", spread.coverage(report.result.items))
        .member("gini", spread.gini(report.result.items))
        .member("entropy", spread.entropy())
        .end_object();
  }
  json.end_array().key("intervals").begin_object();
  for (const MetricFacts& metric : all_metrics()) write(json, metric.name, bootstrap.interval(number, metric));
  json.end_object();
  write_breakdowns(json, policy.scores);
  json.member("recommend_seconds", policy.recommend_seconds)
      .member("learn_seconds", policy.learn_seconds)
      .member("lists", policy.lists)
      .member("learned", policy.learned)
      .member("memory_bytes", static_cast<std::uint64_t>(policy.memory_bytes))
      .end_object();
}

}  // namespace

std::string prequential_json(const PrequentialReport& report) {
  std::vector<const UserSums*> sums;
  for (const PolicyResult& policy : report.result.policies) sums.push_back(&policy.scores.users);
  const PairedBootstrap bootstrap(sums, report.intervals);
  JsonWriter json(JsonWriter::Layout::kIndented);
  json.begin_object();
  write_question(json, report);
  write_log(json, report);
  json.key("policies").begin_array();
  for (std::size_t i = 0; i < sums.size(); ++i) write_policy(json, report, i, bootstrap);
  json.end_array().key("differences").begin_array();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    for (std::size_t j = i + 1; j < sums.size(); ++j) {
      json.begin_object()
          .member("policy", report.result.policies[i].name)
          .member("minus", report.result.policies[j].name);
      for (const MetricFacts& metric : all_metrics()) write(json, metric.name, bootstrap.difference(i, j, metric));
      json.end_object();
    }
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace riffle::evaluation
