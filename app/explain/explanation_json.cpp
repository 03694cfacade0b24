#include "absl/strings/str_cat.h"
#include "app/explain/explanation.h"
#include "app/row_json.h"
#include "features/feature_vector.h"
#include "records/json_text.h"
#include "records/json_writer.h"
#include "serving/candidate.h"

namespace riffle::app {
namespace {

using records::JsonWriter;
using Place = FoundDecision::Place;

template <class Sources>
void sources_member(JsonWriter& json, const FoundDecision& found, const Sources& sources) {
  json.key("sources").begin_array();
  for (const pb::SourceScore& source : sources) {
    json.begin_object();
    if (source.source() < serving::kCandidateSources) {
      json.member("source", serving::name_of(static_cast<serving::CandidateSourceId>(source.source())));
    } else {
      json.member("source", source.source());
    }
    json.member("score", source.score());
    if (source.evidence_item_key() != 0) json.member("because_of", found.name_of(source.evidence_item_key()));
    json.end_object();
  }
  json.end_array();
}

template <class Features>
void features_member(JsonWriter& json, const Features& features) {
  const auto specs = features::feature_specs();
  json.key("features").begin_object();
  for (int i = 0; i < features.size(); ++i)
    json.member(static_cast<std::size_t>(i) < specs.size() ? specs[static_cast<std::size_t>(i)].name
                                                           : std::string_view(absl::StrCat("#", i)),
                features[i]);
  json.end_object();
}

void slots_member(JsonWriter& json, const Explanation& explanation) {
  const FoundDecision& found = explanation.found;
  json.key("slots").begin_array();
  for (int i = 0; i < found.decision.slots_size(); ++i) {
    const pb::Slot& slot = found.decision.slots(i);
    const auto at = static_cast<std::size_t>(i);
    json.begin_object().member("position", i);
    json.member("item_id", slot.item_id().empty() ? found.name_of(slot.item_key()) : slot.item_id());
    json.member("score", slot.score()).member("propensity", slot.propensity());
    if (slot.allowed() > 0) json.member("allowed", slot.allowed());
    if (found.place == Place::kState) json.member("gain", slot.gain());
    if (slot.bonus() != 0) json.member("bonus", slot.bonus());
    if (at < found.rewards.size()) json.member("reward", found.rewards[at]).member("exposed", bool{found.exposed[at]});
    if (at < explanation.again.propensities.size())
      json.member("propensity_made_again", explanation.again.propensities[at]);
    if (found.place == Place::kState) sources_member(json, found, slot.sources());
    features_member(json, slot.features());
    json.end_object();
  }
  json.end_array();
}

void candidates_members(JsonWriter& json, const FoundDecision& found) {
  json.key("candidates").begin_array();
  for (const std::uint64_t key : found.decision.candidate_keys()) json.value(found.name_of(key));
  json.end_array().key("logged_candidates").begin_array();
  for (const pb::CandidateLog& candidate : found.decision.candidates()) {
    json.begin_object().member("item_id", found.name_of(candidate.item_key())).member("score", candidate.score());
    if (candidate.sources_size() > 0) sources_member(json, found, candidate.sources());
    features_member(json, candidate.features());
    json.end_object();
  }
  json.end_array();
}

void again_member(JsonWriter& json, const MadeAgain& again) {
  json.key("made_again").begin_object();
  if (!again.why_no_scores.empty()) {
    json.member("why_not", again.why_no_scores).end_object();
    return;
  }
  json.member("scorer", again.scorer).member("scores", again.scores).member("scores_equal", again.scores_equal);
  json.member("largest_score_difference", again.largest_score_difference);
  if (again.why_no_propensities.empty()) {
    json.member("largest_propensity_difference", again.largest_propensity_difference);
  } else {
    json.member("why_no_propensities", again.why_no_propensities);
  }
  json.end_object();
}

void item_member(JsonWriter& json, const Explanation& explanation) {
  using Stage = ItemFate::Stage;
  const ItemFate& fate = *explanation.fate;
  const auto stage = [&] {
    switch (fate.stage) {
      case Stage::kListed:
        return "listed";
      case Stage::kNotDrawn:
        return "not_drawn";
      case Stage::kNotCandidate:
        return "not_candidate";
      case Stage::kExcluded:
        return "excluded_by_request";
      case Stage::kNotAsked:
        return "not_among_requested";
      case Stage::kUnknown:
        break;
    }
    return "unknown";
  };
  json.key("item").begin_object().member("item_id", explanation.item).member("stage", stage());
  json.member("says", words_of(fate, explanation.found.decision, explanation.item));
  if (fate.slot >= 0) json.member("position", fate.slot);
  if (fate.logged) json.member("score", fate.logged->score()).member("slots_scored_below", fate.slots_scored_below);
  if (fate.rank > 0) json.member("rank", fate.rank);
  if (fate.stage == Stage::kNotDrawn) json.member("slots_with_capped_candidates", fate.slots_with_closed);
  if (fate.logged) features_member(json, fate.logged->features());
  json.end_object();
}

}  // namespace

std::string explanation_json(const Explanation& explanation) {
  const FoundDecision& found = explanation.found;
  const pb::Decision& decision = found.decision;
  JsonWriter json(JsonWriter::Layout::kIndented);
  json.begin_object().member("recommendation_id", decision.recommendation_id());
  json.member("from", found.place == Place::kState      ? "state"
                      : found.place == Place::kOutcomes ? "outcomes"
                                                        : "recommendations");
  json.member("shard", found.shard.value())
      .member("request_id", decision.request_id())
      .member("user_id", decision.user_id());
  json.member("surface", decision.surface()).member("time", from_ms(decision.time_ms()));
  json.member("policy_id", decision.policy_id()).member("policy_version", decision.policy_version());
  json.member("segment", decision.segment()).member("slate_propensity", decision.slate_propensity());
  if (found.place == Place::kState)
    json.member("explore", decision.explore()).member("diversity", decision.diversity());
  learned_weight_members(json, decision);
  json.member("randomised", decision.randomised())
      .member("fully_logged", decision.fully_logged())
      .member("closed", found.closed);
  json.key("degraded").begin_array();
  for (const std::string& cause : decision.degraded()) json.value(cause);
  json.end_array();
  slots_member(json, explanation);
  candidates_members(json, found);
  again_member(json, explanation.again);
  if (explanation.fate) item_member(json, explanation);
  if (const auto list = records::minified_json(found.list_bytes)) json.key("list").json(*list);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace riffle::app
