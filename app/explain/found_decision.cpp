#include "app/explain/found_decision.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "app/system.h"
#include "base/errors.h"
#include "base/hash.h"
#include "features/event_rows.h"
#include "features/join_outcome.h"
#include "records/candidate_table.h"
#include "records/proto_codec.h"
#include "records/rows.h"
#include "replay/logged_decisions.h"
#include "replay/partition_reader.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"

namespace riffle::app {
namespace {

constexpr std::int64_t kRequestsLookedAt = 20'000;

// The keys whose ids a reader wants.
std::vector<std::uint64_t> keys_of(const pb::Decision& decision) {
  std::vector<std::uint64_t> keys(decision.candidate_keys().begin(), decision.candidate_keys().end());
  for (const pb::Slot& slot : decision.slots()) {
    keys.push_back(slot.item_key());
    for (const pb::SourceScore& source : slot.sources())
      if (source.evidence_item_key() != 0) keys.push_back(source.evidence_item_key());
  }
  for (const pb::CandidateLog& candidate : decision.candidates())
    for (const pb::SourceScore& source : candidate.sources())
      if (source.evidence_item_key() != 0) keys.push_back(source.evidence_item_key());
  return keys;
}

absl::Status name_items(const state::Store& store, FoundDecision& found) {
  for (const std::uint64_t key : keys_of(found.decision)) {
    if (found.names.contains(key)) continue;
    RIFFLE_ASSIGN_OR_RETURN(const auto bytes, store.get(state::Column::kItems, features::item_row_key(ItemKey(key))));
    records::ItemRow row;
    if (bytes && records::decode(*bytes, row).ok() && !row.item_id.empty()) found.names[key] = row.item_id.str();
  }
  return absl::OkStatus();
}

void take_list(std::string_view bytes, FoundDecision& found) {
  auto list = records::decode_recommendation(bytes);
  if (!list.ok()) return;
  for (const records::ListedItem& item : list->items) found.names[key_of(item.item_id).value()] = item.item_id.str();
  found.list = *std::move(list);
  found.list_bytes = bytes;
}

// What the published list has of a decision that no outcome tells, or that outcomes leave out.
void fill_from_list(FoundDecision& found) {
  pb::Decision& decision = found.decision;
  const records::Recommendation& list = *found.list;
  decision.set_recommendation_id(list.recommendation_id.str());
  decision.set_request_id(list.request_id.str());
  decision.set_user_id(list.user_id.str());
  decision.set_surface(list.surface);
  decision.set_time_ms(to_ms(list.timestamp));
  decision.set_policy_id(list.policy_id.str());
  decision.set_policy_version(list.policy_version);
  decision.set_slate_propensity(list.slate_propensity);
  decision.clear_degraded();
  for (const std::string& cause : list.degraded) decision.add_degraded(cause);
  for (const auto& [input, offset] : list.as_of) {
    auto* as_of = decision.add_as_of();
    as_of->set_input(input);
    as_of->set_offset(offset);
  }
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const records::ListedItem& item = list.items[i];
    const bool known = i < static_cast<std::size_t>(decision.slots_size());
    pb::Slot& slot = known ? *decision.mutable_slots(static_cast<int>(i)) : *decision.add_slots();
    slot.set_item_id(item.item_id.str());
    if (known) continue;
    slot.set_item_key(key_of(item.item_id).value());
    slot.set_propensity(item.propensity);
    slot.set_score(static_cast<float>(item.score));
  }
}

class LogSearch {
 public:
  LogSearch(bus::Bus& bus, const config::Config& config, const std::string& id)
      : bus_(bus), topics_(topic_names(config)), limits_(config.ingest.limits), id_(id) {}

  absl::StatusOr<std::optional<FoundDecision>> run() {
    RIFFLE_RETURN_IF_ERROR(each(topics_.outcomes, [this](const bus::Record& record) { return take_outcome(record); }));
    RIFFLE_RETURN_IF_ERROR(
        each(topics_.recommendations, [this](const bus::Record& record) { return take_published(record); }));
    if (!found_) return std::optional<FoundDecision>();
    if (found_->list) {
      fill_from_list(*found_);
      RIFFLE_RETURN_IF_ERROR(find_request());
    }
    RIFFLE_RETURN_IF_ERROR(name_by_catalogue());
    return std::move(found_);
  }

 private:
  // Every record of a topic, until `take` answers false for its partition. No such topic: nothing of it.
  template <class Take>
  absl::Status each(const std::string& topic, Take&& take) {
    RIFFLE_ASSIGN_OR_RETURN(const auto info, bus_.describe(topic));
    for (std::int32_t p = 0; info && p < info->partitions; ++p) {
      RIFFLE_ASSIGN_OR_RETURN(auto reader, replay::PartitionReader::open(bus_, {topic, Partition(p)}, bus::kEarliest));
      while (true) {
        RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader.next());
        if (!record || !take(*record)) break;
      }
    }
    return absl::OkStatus();
  }

  // The id's text is in the bytes: most need no decoding.
  bool take_outcome(const bus::Record& record) {
    if (!record.value || record.value->find(id_) == std::string_view::npos) return true;
    pb::Outcome outcome;
    if (!pb::decode(*record.value, outcome).ok() || outcome.recommendation_id() != id_) return true;
    pb::Decision decision = replay::decision_of(outcome);
    if (!records::spread_candidates(decision).ok()) return true;
    if (found_ && outcome.revision() < revision_) return true;  // published again
    revision_ = outcome.revision();
    if (!found_) found_.emplace();
    found_->place = FoundDecision::Place::kOutcomes;
    found_->shard = record.partition;
    found_->decision = std::move(decision);
    found_->rewards.clear(), found_->exposed.clear();
    for (const pb::OutcomeSlot& slot : outcome.slots()) {
      found_->rewards.push_back(slot.reward());
      found_->exposed.push_back(slot.exposed());
    }
    found_->closed = outcome.closed();
    return !found_->closed;
  }

  bool take_published(const bus::Record& record) {
    if (found_ && found_->list) return false;
    if (!record.value || record.value->find(id_) == std::string_view::npos) return true;
    FoundDecision listed;
    take_list(*record.value, listed);
    if (!listed.list || listed.list->recommendation_id.str() != id_) return true;
    if (!found_) {
      found_.emplace();
      found_->place = FoundDecision::Place::kListOnly;
      found_->shard = record.partition;
    }
    take_list(*record.value, *found_);
    return false;
  }

  // A request without an id is named by its place; the others lie soon after what was read when it was answered.
  absl::Status find_request() {
    std::int64_t from = 0, last = -1;
    for (const auto& [input, offset] : found_->list->as_of)
      if (input == "requests") from = offset, last = offset + kRequestsLookedAt;
    const std::string prefix = absl::StrCat(topics_.requests, "/", found_->shard.value(), "/");
    const std::string& name = found_->list->request_id.str();
    const bool by_place = name.starts_with(prefix) && absl::SimpleAtoi(name.substr(prefix.size()), &from);
    if (by_place) last = from;
    auto reader = replay::PartitionReader::open(bus_, {topics_.requests, found_->shard}, Offset(from));
    if (!reader.ok())
      return absl::IsOutOfRange(reader.status()) || absl::IsNotFound(reader.status()) ? absl::OkStatus()
                                                                                      : reader.status();
    records::JsonDecoder decoder(limits_);
    records::Request request;
    while (true) {
      RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader->next());
      if (!record || record->offset.value() > last) return absl::OkStatus();
      if (!record->value || decoder.decode(*record->value, request)) continue;
      if (request.user_id != found_->list->user_id || (!by_place && request.request_id.str() != name)) continue;
      found_->request = request;
      return absl::OkStatus();
    }
  }

  absl::Status name_by_catalogue() {
    absl::flat_hash_map<std::uint64_t, bool> wanted;
    for (const std::uint64_t key : keys_of(found_->decision))
      if (!found_->names.contains(key)) wanted[key] = true;
    if (wanted.empty()) return absl::OkStatus();
    return each(topics_.items, [&](const bus::Record& record) {
      if (!record.key) return true;
      const std::uint64_t key = stable_hash(*record.key);
      if (wanted.contains(key)) found_->names[key] = *record.key;
      return true;
    });
  }

  bus::Bus& bus_;
  const bus::TopicNames topics_;
  const records::Limits limits_;
  const std::string& id_;
  std::optional<FoundDecision> found_;
  std::uint32_t revision_ = 0;
};

}  // namespace

std::string FoundDecision::name_of(std::uint64_t item_key) const {
  const auto at = names.find(item_key);
  return at != names.end() ? at->second : absl::StrCat("key:", absl::Hex(item_key, absl::kZeroPad16));
}

absl::StatusOr<std::optional<FoundDecision>> find_in_state(const std::string& directory,
                                                           const std::string& recommendation_id) {
  RIFFLE_ASSIGN_OR_RETURN(const auto shards, state::shards_in(directory));
  for (const Partition shard : shards) {
    state::RocksDbOptions options;
    options.directory = state::shard_directory(directory, shard);
    options.create = false;
    options.read_only = true;
    RIFFLE_ASSIGN_OR_RETURN(const auto store, state::open_rocksdb_store(options));
    RIFFLE_ASSIGN_OR_RETURN(const auto bytes, store->get(state::Column::kDecisions, recommendation_id));
    if (!bytes) continue;
    FoundDecision found;
    found.shard = shard;
    RIFFLE_RETURN_IF_ERROR(pb::decode(*bytes, found.decision));
    RIFFLE_RETURN_IF_ERROR(records::spread_candidates(found.decision));
    RIFFLE_ASSIGN_OR_RETURN(const auto joined, store->get(state::Column::kJoins, recommendation_id));
    pb::Join join;
    if (joined && pb::decode(*joined, join).ok()) {
      for (int i = 0; i < std::min(join.rewards_size(), found.decision.slots_size()); ++i)
        found.rewards.push_back(features::reward_of(join, found.decision, i));
      found.exposed.assign(join.exposed().begin(), join.exposed().end());
    }
    for (const pb::Slot& slot : found.decision.slots()) found.names[slot.item_key()] = slot.item_id();
    take_list(found.decision.list(), found);
    RIFFLE_RETURN_IF_ERROR(name_items(*store, found));
    return std::optional<FoundDecision>(std::move(found));
  }
  return std::optional<FoundDecision>();
}

absl::StatusOr<std::optional<FoundDecision>> find_in_log(bus::Bus& bus, const config::Config& config,
                                                         const std::string& recommendation_id) {
  return LogSearch(bus, config, recommendation_id).run();
}

}  // namespace riffle::app
