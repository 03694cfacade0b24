#include "app/row_json.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "features/event_rows.h"
#include "features/feature_vector.h"
#include "features/join_outcome.h"
#include "records/candidate_table.h"
#include "records/event.h"
#include "records/json_text.h"
#include "records/json_writer.h"
#include "records/proto_codec.h"
#include "records/riffle.pb.h"
#include "records/rows.h"
#include "serving/candidate.h"

namespace riffle::app {
namespace {

using records::JsonWriter;
using state::Column;

// The row under a key, decoded; nothing where there is none.
template <class Row>
absl::StatusOr<std::optional<Row>> read(const state::Store& store, Column column,
                                        std::string_view key) {
  RIFFLE_ASSIGN_OR_RETURN(const auto bytes, store.get(column, key));
  if (!bytes) return std::optional<Row>();
  Row row;
  RIFFLE_RETURN_IF_ERROR(decode(*bytes, row));
  if constexpr (std::is_same_v<Row, pb::Decision>) RIFFLE_RETURN_IF_ERROR(records::spread_candidates(row));
  return std::optional<Row>(std::move(row));
}

std::string id_of(const state::Store& store, ItemKey key) {
  const auto row = read<records::ItemRow>(store, Column::kItems, features::item_row_key(key));
  if (row.ok() && *row && !(*row)->item_id.empty()) return (*row)->item_id.str();
  return absl::StrCat("key:", absl::Hex(key.value(), absl::kZeroPad16));
}

void time_member(JsonWriter& json, std::string_view name, std::int64_t ms) {
  if (ms != 0) json.member(name, from_ms(ms));
}

void counts_member(JsonWriter& json, const records::TypeCounts& counts) {
  json.key("counts").begin_object();
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0)
      json.member(records::name_of(static_cast<records::InteractionType>(i)), counts[i]);
  json.end_object();
}

void counter_member(JsonWriter& json, std::string_view name,
                    const records::DecayedCounter& counter) {
  json.key(name).begin_object().member("value", counter.value);
  time_member(json, "as_of", counter.time_ms);
  json.end_object();
}

void neighbours_member(JsonWriter& json, std::string_view name, const state::Store& store,
                       std::vector<records::Neighbour> neighbours) {
  std::sort(neighbours.begin(), neighbours.end(), [](const auto& a, const auto& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
  });
  json.key(name).begin_array();
  for (const records::Neighbour& neighbour : neighbours) {
    json.begin_object()
        .member("item_id", id_of(store, neighbour.item))
        .member("weight", neighbour.weight)
        .end_object();
  }
  json.end_array();
}

void row_members(JsonWriter& json, const state::Store& store, const records::UserRow& row) {
  time_member(json, "first_event", row.first_ms);
  time_member(json, "last_event", row.last_ms);
  time_member(json, "erased_before", row.erased_before_ms);
  if (!row.session_id.empty()) json.member("session_id", row.session_id);
  time_member(json, "session_start", row.session_start_ms);
  counts_member(json, row.counts);
  json.member("impressions_total", row.impression_count);
  counter_member(json, "activity", row.activity);
  json.key("history").begin_array();
  for (const records::HistoryEntry& entry : row.history) {
    json.begin_object()
        .member("item_id", id_of(store, entry.item))
        .member("time", from_ms(entry.time_ms));
    json.member("type", records::name_of(entry.type))
        .member("weight", entry.weight)
        .member("value", entry.value)
        .end_object();
  }
  json.end_array().key("impressions").begin_array();
  for (const records::ImpressionEntry& entry : row.impressions) {
    json.begin_object()
        .member("item_id", id_of(store, entry.item))
        .member("time", from_ms(entry.time_ms))
        .end_object();
  }
  json.end_array();
}

template <class Scores>
void sources_member(JsonWriter& json, const state::Store& store, const Scores& sources) {
  json.key("sources").begin_array();
  for (const pb::SourceScore& source : sources) {
    json.begin_object();
    if (source.source() < serving::kCandidateSources) {
      json.member("source",
                  serving::name_of(static_cast<serving::CandidateSourceId>(source.source())));
    } else {
      json.member("source", source.source());
    }
    json.member("score", source.score());
    if (source.evidence_item_key() != 0)
      json.member("because_of", id_of(store, ItemKey(source.evidence_item_key())));
    json.end_object();
  }
  json.end_array();
}

void features_member(JsonWriter& json, const google::protobuf::RepeatedField<float>& features) {
  const auto specs = features::feature_specs();
  json.key("features").begin_object();
  for (int i = 0; i < features.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    json.key(at < specs.size() ? specs[at].name : std::string_view(absl::StrCat("#", i)))
        .value(features[i]);
  }
  json.end_object();
}

// By type, of a dwell its seconds.
void engagements_member(JsonWriter& json, const pb::Join& join, std::uint32_t slot) {
  json.key("engagements").begin_object();
  for (const pb::Engagement& engagement : join.engagements()) {
    if (engagement.slot() != slot || engagement.type() >= records::kInteractionTypes) continue;
    const auto type = static_cast<records::InteractionType>(engagement.type());
    json.key(records::name_of(type));
    if (type == records::InteractionType::kDwell) {
      json.value(engagement.dwell_seconds());
    } else {
      json.value(true);
    }
  }
  json.end_object();
}

void slots_member(JsonWriter& json, const state::Store& store, const pb::Decision& decision,
                  const pb::Join* join) {
  json.key("slots").begin_array();
  for (int i = 0; i < decision.slots_size(); ++i) {
    const pb::Slot& slot = decision.slots(i);
    json.begin_object()
        .member("position", i)
        .member("item_id", slot.item_id())
        .member("propensity", slot.propensity());
    json.member("score", slot.score())
        .member("gain", slot.gain())
        .member("allowed", slot.allowed());
    if (slot.bonus() != 0) json.member("bonus", slot.bonus());
    if (join != nullptr && i < join->rewards_size()) json.member("reward", features::reward_of(*join, decision, i));
    if (join != nullptr && i < join->exposed_size()) json.member("exposed", join->exposed(i));
    if (join != nullptr) engagements_member(json, *join, static_cast<std::uint32_t>(i));
    sources_member(json, store, slot.sources());
    features_member(json, slot.features());
    json.end_object();
  }
  json.end_array();
}

void choice_members(JsonWriter& json, const pb::Decision& decision) {
  json.member("policy_id", decision.policy_id())
      .member("policy_version", decision.policy_version());
  json.member("segment", decision.segment()).member("ordinal", decision.ordinal());
  json.member("slate_propensity", decision.slate_propensity())
      .member("explore", decision.explore());
  json.member("diversity", decision.diversity());
  learned_weight_members(json, decision);
  json.member("randomised", decision.randomised());
  json.key("degraded").begin_array();
  for (const std::string& what : decision.degraded()) json.value(what);
  json.end_array();
  json.member("candidates", decision.candidate_keys_size())
      .member("fully_logged", decision.fully_logged());
  json.key("as_of").begin_object();
  for (const pb::AsOf& as_of : decision.as_of()) json.member(as_of.input(), as_of.offset());
  json.end_object();
}

}  // namespace

void learned_weight_members(JsonWriter& json, const pb::Decision& decision) {
  if (!decision.has_learned_weight()) return;
  const pb::LearnedWeight& learned = decision.learned_weight();
  json.key("diversity_weights").begin_array();
  const int count = std::min({learned.weights_size(), learned.probabilities_size(), learned.log_slates_size()});
  for (int i = 0; i < count; ++i)
    json.begin_object()
        .member("weight", learned.weights(i))
        .member("probability", learned.probabilities(i))
        .member("slate_propensity", std::exp(learned.log_slates(i)))
        .end_object();
  json.end_array();
  if (learned.has_distance()) json.member("distance", learned.distance());
}

RowJson user_json(const state::Store& store, Partition shard, std::string_view user_id) {
  RIFFLE_ASSIGN_OR_RETURN(const auto row, read<records::UserRow>(store, Column::kUsers, user_id));
  RIFFLE_ASSIGN_OR_RETURN(const auto profile, read<pb::Profile>(store, Column::kProfiles, user_id));
  RIFFLE_ASSIGN_OR_RETURN(const auto lists,
                          read<pb::UserLists>(store, Column::kUserLists, user_id));
  if (!row && !profile && !lists) return std::optional<std::string>();
  JsonWriter json(JsonWriter::Layout::kIndented);
  json.begin_object().member("user_id", user_id).member("shard", shard.value());
  if (row) row_members(json, store, *row);
  if (profile) {
    if (const auto attributes = records::minified_json(profile->json()))
      json.key("profile").json(*attributes);
  }
  if (lists) {
    json.member("decisions_total", lists->next_ordinal()).key("open_decisions").begin_array();
    for (const std::string& id : lists->recommendation_ids()) json.value(id);
    json.end_array();
  }
  json.end_object();
  return std::optional<std::string>(json.take());
}

RowJson item_json(const state::Store& store, Partition shard, std::string_view item_id) {
  RIFFLE_ASSIGN_OR_RETURN(
      const auto row,
      read<records::ItemRow>(store, Column::kItems, features::item_row_key(item_key(item_id))));
  if (!row) return std::optional<std::string>();
  JsonWriter json(JsonWriter::Layout::kIndented);
  json.begin_object().member("item_id", row->item_id).member("shard", shard.value());
  time_member(json, "first_event", row->first_ms);
  time_member(json, "last_event", row->last_ms);
  counts_member(json, row->counts);
  json.member("impressions_total", row->impressions);
  counter_member(json, "popularity", row->popularity);
  counter_member(json, "trend", row->trend);
  counter_member(json, "recent_clicks", row->recent_clicks);
  counter_member(json, "recent_impressions", row->recent_impressions);
  counter_member(json, "recent_expected", row->recent_expected);
  neighbours_member(json, "together", store, row->together);
  neighbours_member(json, "next", store, row->next);
  json.end_object();
  return std::optional<std::string>(json.take());
}

RowJson decision_json(const state::Store& store, Partition shard,
                      std::string_view recommendation_id) {
  RIFFLE_ASSIGN_OR_RETURN(const auto decision,
                          read<pb::Decision>(store, Column::kDecisions, recommendation_id));
  if (!decision) return std::optional<std::string>();
  RIFFLE_ASSIGN_OR_RETURN(const auto join,
                          read<pb::Join>(store, Column::kJoins, recommendation_id));
  JsonWriter json(JsonWriter::Layout::kIndented);
  json.begin_object().member("recommendation_id", recommendation_id).member("shard", shard.value());
  json.member("request_id", decision->request_id()).member("user_id", decision->user_id());
  json.member("session_id", decision->session_id()).member("surface", decision->surface());
  time_member(json, "time", decision->time_ms());
  choice_members(json, *decision);
  if (join) {
    json.member("revisions", join->revision());
    time_member(json, "closes", join->closes_ms());
  }
  slots_member(json, store, *decision, join ? &*join : nullptr);
  if (const auto list = records::minified_json(decision->list())) json.key("list").json(*list);
  json.end_object();
  return std::optional<std::string>(json.take());
}

}  // namespace riffle::app
