#include "evaluation/json_parts.h"
#include "evaluation/ope_report.h"
#include "records/time_text.h"

namespace riffle::evaluation {
namespace {

using records::JsonWriter;

void write_question(JsonWriter& json, const OpeQuestion& question, const OpeResult& result) {
  const OpeOptions& options = question.options;
  json.key("question").begin_object();
  json.member("log", question.log).member("target", question.target);
  json.key("reward_model");
  question.reward_model.empty() ? json.null() : json.value(question.reward_model);
  write(json, "clip",
        options.weights.clip > 0 ? std::optional(options.weights.clip) : std::nullopt);
  json.member("confidence", options.intervals.confidence)
      .member("resamples", static_cast<std::uint64_t>(options.intervals.resamples))
      .member("seed", options.intervals.seed)
      .member("assume_uniform", options.assume_uniform)
      .member("force", options.force);
  json.key("notes").begin_array();
  for (const std::string& note : question.notes) json.value(note);
  json.end_array().end_object();

  write_reading(json, result.read, result.problems, result.partial, result.cut_short);
}

void write_slots(JsonWriter& json, const std::vector<SlotDiagnostics>& slots) {
  json.key("slots").begin_array();
  for (const SlotDiagnostics& slot : slots) {
    if (slot.rounds == 0) continue;
    json.begin_object()
        .member("position", slot.position)
        .member("rounds", slot.rounds)
        .member("rewarded", slot.rewarded)
        .member("mean_reward", slot.mean_reward())
        .member("mean_weight", slot.mean_weight())
        .member("ess", slot.ess())
        .member("largest_weight", slot.largest_weight)
        .member("value", slot.value())
        .member("smallest_propensity", slot.smallest_propensity)
        .end_object();
  }
  json.end_array();
}

void write_marginals(JsonWriter& json, const std::optional<MarginalFigures>& marginals) {
  json.key("marginals");
  if (!marginals) {
    json.null();
    return;
  }
  const Evidence& evidence = marginals->evidence;
  json.begin_object()
      .member("rounds", evidence.rounds)
      .member("rewarded_rounds", evidence.rewarded)
      .member("left_out", marginals->left_out)
      .member("unanswerable", evidence.unanswerable)
      .member("unmodelled", evidence.unmodelled)
      .member("draws", static_cast<std::uint64_t>(marginals->draws))
      .member("ess", evidence.ess)
      .member("largest", marginals->largest_weight)
      .member("mean", evidence.mean_weight)
      .member("mean_error", evidence.mean_weight_error);
  write(json, "pareto_k", evidence.k_hat);
  write_slots(json, marginals->slots);
  json.end_object();
}

void write_diagnostics(JsonWriter& json, const OpeResult& result) {
  const Evidence& evidence = result.evidence;
  json.member("rounds", evidence.rounds)
      .member("rewarded_rounds", evidence.rewarded)
      .member("groups_of_users", result.users)
      .member("left_out", result.left_out)
      .member("bad_propensities", evidence.bad_propensities)
      .member("unanswerable", evidence.unanswerable)
      .member("unmodelled", evidence.unmodelled)
      .member("longest_list", result.longest)
      .member("shortest_list", result.shortest)
      .member("logged_value", result.logged_value)
      .member("logged_value_error", result.logged_error);
  json.key("logged_by").begin_array();
  for (const auto& [policy, rounds] : result.logged_by)
    json.begin_object().member("policy", policy).member("rounds", rounds).end_object();
  json.end_array();
  json.key("weights").begin_object();
  json.member("ess", evidence.ess)
      .member("largest", result.weights.largest_weight())
      .member("mean", evidence.mean_weight)
      .member("mean_error", evidence.mean_weight_error)
      .member("clipped_rounds", result.weights.clipped())
      .member("smallest_propensity", result.weights.smallest_propensity())
      .member("slots_below_0.0001", result.weights.small_propensities());
  write(json, "pareto_k", evidence.k_hat);
  json.key("histogram").begin_array();
  for (const std::uint64_t rounds : result.weights.histogram()) json.value(rounds);
  json.end_array().end_object();
  json.key("off_support")
      .begin_object()
      .member("mass", evidence.off_support)
      .member("estimated", result.off_support_estimated)
      .end_object();
  write_slots(json, result.weights.slots());
  write_marginals(json, result.marginals);
}

void write_estimate(JsonWriter& json, const EstimateRow& row) {
  json.begin_object().member("estimator", facts_of(row.estimator).name);
  write(json, "value", row.given ? std::optional(row.value) : std::nullopt);
  write(json, "bootstrap", row.bootstrap);
  write(json, "bernstein", row.bernstein);
  write(json, "shrinkage", row.shrinkage);
  write(json, "monte_carlo_error", row.monte_carlo_error);
  json.member("given", row.given).key("refusals").begin_array();
  for (const Refusal& refusal : row.refusals)
    json.begin_object()
        .member("reason", refusal.reason)
        .member("message", refusal.message)
        .member("advice", refusal.advice)
        .end_object();
  json.end_array().end_object();
}

void write_folds(JsonWriter& json, const OpeQuestion& question, const OpeResult& result) {
  json.key("folds").begin_array();
  for (std::size_t fold = 0; fold < question.folds.size(); ++fold) {
    const Stats& sums = result.folds[fold];
    json.begin_object()
        .member("revisions_learned", question.folds[fold].outcomes)
        .member("slots_learned", question.folds[fold].slots)
        .member("rounds", static_cast<std::uint64_t>(sums[kRounds]))
        .member("logged_value", sums[kReward] / sums[kRounds]);
    json.key("values").begin_array();
    for (const EstimateRow& row : result.estimates)
      if (row.given)
        json.begin_object()
            .member("estimator", facts_of(row.estimator).name)
            .member("value", estimate(row.estimator, sums, row.lambda))
            .end_object();
    json.end_array().end_object();
  }
  json.end_array();
}

void write_slices(JsonWriter& json, const OpeResult& result) {
  json.member("slice_ms", static_cast<std::int64_t>(result.slice_width.count())).key("slices").begin_array();
  for (const OpeSlice& slice : result.slices) {
    json.begin_object()
        .member("from", records::format_time(slice.from))
        .member("rounds", slice.rounds)
        .member("logged_value", slice.logged_value)
        .member("logged_error", slice.logged_error);
    json.key("values").begin_array();
    for (const OpeSlice::Value& of : slice.values)
      json.begin_object()
          .member("estimator", facts_of(of.estimator).name)
          .member("value", of.value)
          .member("error", of.error)
          .end_object();
    json.end_array().end_object();
  }
  json.end_array();
}

}  // namespace

std::string ope_json(const OpeQuestion& question, const OpeResult& result) {
  JsonWriter json(JsonWriter::Layout::kIndented);
  json.begin_object();
  write_question(json, question, result);
  write_diagnostics(json, result);
  json.key("estimates").begin_array();
  for (const EstimateRow& row : result.estimates) write_estimate(json, row);
  json.end_array();
  write_folds(json, question, result);
  write_slices(json, result);
  json.end_object();
  return json.take();
}

}  // namespace riffle::evaluation
