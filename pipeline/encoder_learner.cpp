#include "pipeline/encoder_learner.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/log.h"
#include "features/feature_vector.h"
#include "learner/sequence/encoder_snapshot.h"

namespace riffle::pipeline {
namespace {

// A version of S new bytes is followed by S / 1 MiB/s of silence at least.
constexpr std::size_t kBytesPerMillisecond = (1 << 20) / 1000;

std::uint64_t hash_of(std::string_view event_id, std::uint64_t user) { return stable_hash(event_id, user); }

}  // namespace

std::string encoder_scorer(std::string_view kind) { return absl::StrCat("sequence:", std::string(kind)); }

absl::StatusOr<pb::EncoderState> parse_encoder_state(std::string_view bytes) {
  pb::EncoderState state;
  if (!state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::DataLossError("an encoder's state is not an EncoderState message, or cut short");
  return state;
}

absl::StatusOr<std::unique_ptr<EncoderLearner>> EncoderLearner::create(Setup setup, Metrics& metrics) {
  const learner::SequenceOptions& options = setup.learner.sequence;
  RIFFLE_ASSIGN_OR_RETURN(const auto kind, learner::sequence_kind(options.encoder));
  RIFFLE_ASSIGN_OR_RETURN(auto trainer, learner::make_sequence_trainer(kind, options, setup.learner.network));
  return std::unique_ptr<EncoderLearner>(new EncoderLearner(std::move(setup), std::move(trainer), metrics));
}

EncoderLearner::EncoderLearner(Setup setup, std::unique_ptr<learner::SequenceTrainer> trainer, Metrics& metrics)
    : setup_(std::move(setup)),
      metrics_(metrics),
      backlog_(metrics.gauge("riffle_encoder_backlog", "Events that wait for the encoder's learner")),
      share_gauge_(metrics.gauge("riffle_encoder_training_share_ratio", "Of the interactions that come, those trained on at once")),
      rows_(metrics.gauge("riffle_encoder_items", "Items with a row")),
      left_out_(metrics.counter("riffle_encoder_left_out_total", "Interactions taken into the log without training on them at once")),
      published_bytes_(metrics.counter("riffle_encoder_published_bytes_total", "Of encoder versions, as they were sent")),
      types_(setup_.rows.types),
      trainer_(std::move(trainer)),
      seen_(setup_.learner.sequence.log),
      incidents_(metrics, std::string(learner::kEncoderId)) {
  share_gauge_.Set(1);
}

std::string EncoderLearner::scorer() const { return encoder_scorer(setup_.learner.sequence.encoder); }

EncoderLearner::Shard& EncoderLearner::shard(Partition partition) {
  const auto known = shards_.find(partition);
  if (known != shards_.end()) return known->second;
  return shards_.emplace(partition, Shard{.admission = ingest::Admission(setup_.admission, partitions_), .erased_before_ms = {}})
      .first->second;
}

// ---- where it goes on -----------------------------------------------------------------------------------------------

absl::Status EncoderLearner::boot(const learner::PolicyLog& log, std::int32_t partitions) {
  partitions_ = partitions;
  log_ = log;
  const PolicyId id{std::string(learner::kEncoderId)};
  highest_version_ = log.highest_version(id);
  absl::Status first;
  for (const auto* manifest : log.complete_versions(id)) {
    if (manifest->scorer() != scorer()) {
      log::warn("encoder: version {} is {}, not {}: learning starts anew", manifest->version(), manifest->scorer(), scorer());
      break;
    }
    if (const absl::Status loaded = load(log, *manifest); !loaded.ok()) {
      const std::string where = absl::StrCat("encoder version ", manifest->version());
      log::error("{} does not load: {}", where, loaded.ToString());
      first.Update(annotate(loaded, where));
      continue;
    }
    last_ = *manifest;
    left_out_counted_ = trainer_->left_out();
    break;
  }
  return first;
}

absl::Status EncoderLearner::load(const learner::PolicyLog& log, const pb::PolicyManifest& manifest) {
  RIFFLE_ASSIGN_OR_RETURN(const std::string bytes, log.state_of(manifest));
  RIFFLE_ASSIGN_OR_RETURN(const pb::EncoderState state, parse_encoder_state(bytes));
  learner::SeenEvents seen(setup_.learner.sequence.log);
  RIFFLE_RETURN_IF_ERROR(seen.load(state.seen()));
  shards_.clear();
  if (const absl::Status status = load_positions(state); !status.ok()) {
    shards_.clear();
    return status;
  }
  const absl::Status loaded = trainer_->load(state.trainer());
  if (!loaded.ok()) shards_.clear();
  if (loaded.ok()) seen_ = std::move(seen);
  return loaded;
}

absl::Status EncoderLearner::load_positions(const pb::EncoderState& state) {
  for (const pb::EventPosition& position : state.positions()) {
    const std::string& partitioner = position.partitioner();
    if (position.partition() < 0 || position.offset() < 0 || (partitioner != "" && partitioner != "murmur2" && partitioner != "crc32"))
      return absl::InvalidArgumentError("an encoder's state says where it is in a partition of events that cannot be");
    if (position.partition() >= partitions_) continue;  // the topic was made anew with fewer
    Shard& of = shard(Partition(position.partition()));
    of.next = Offset(position.offset());
    if (position.newest_ms() != 0) of.newest = from_ms(position.newest_ms());
    of.admission.restore_partitioner(partitioner);
    for (const pb::ErasedUser& user : position.erased()) of.erased_before_ms[user.user()] = user.before_ms();
  }
  return absl::OkStatus();
}

std::map<Partition, Offset> EncoderLearner::positions() const {
  std::map<Partition, Offset> next;
  for (const auto& [partition, of] : shards_) next[partition] = of.next;
  return next;
}

// ---- an event -------------------------------------------------------------------------------------------------------

void EncoderLearner::learn(const bus::Record& record) {
  Shard& of = shard(record.partition);
  if (record.offset < of.next) return count("repeat");
  of.next = next(record.offset);
  changed_ = true;
  count(take(record, of));
  if (const std::uint64_t left_out = trainer_->left_out(); left_out != left_out_counted_) {
    left_out_.Increment(static_cast<double>(left_out - left_out_counted_));
    left_out_counted_ = left_out;
  }
}

std::string_view EncoderLearner::take(const bus::Record& record, Shard& of) {
  if (of.admission.admit_event(record, of.newest, event_)) return "refused";
  const TimePoint time = event_.timestamp.value_or(record.timestamp);
  const std::uint64_t user = stable_hash(event_.user_id.str());
  if (event_.kind == records::EventKind::kErase) {
    erase(user, time, of);
    return "erase";
  }
  if (const auto erased = of.erased_before_ms.find(user); erased != of.erased_before_ms.end() && to_ms(time) < erased->second)
    return "erased";
  if (event_.kind != records::EventKind::kInteraction) {
    of.newest = std::max(of.newest, time);
    return "other";
  }
  if (!event_.event_id.empty() && !seen_.add(hash_of(event_.event_id.str(), user))) return "duplicate";
  of.newest = std::max(of.newest, time);
  if (event_.item_id.empty()) return "other";
  learner::SequenceEntry entry{key_of(event_.item_id), {}, to_ms(time), event_.type};
  const std::shared_ptr<const World> world = setup_.world->get();
  if (const features::CatalogueItem* item = world->catalogue ? world->catalogue->items.find(entry.item) : nullptr)
    entry.category = item->category;
  trainer_->take(user, entry, types_.weight(event_) > 0, is_trained_on(record));
  return "learned";
}

// Nothing older than admission's lateness comes any more: who was erased before that need not be known.
void EncoderLearner::erase(std::uint64_t user, TimePoint time, Shard& of) const {
  of.newest = std::max(of.newest, time);
  const auto [erased, first] = of.erased_before_ms.try_emplace(user, to_ms(time));
  if (!first && to_ms(time) <= erased->second) return;  // met again, it must not take what came after it
  erased->second = to_ms(time);
  trainer_->forget(user);
  const std::int64_t oldest_ms = to_ms(of.newest - setup_.admission.lateness);
  absl::erase_if(of.erased_before_ms, [&](const auto& one) { return one.second < oldest_ms; });
}

// By its place, so that who learns it again leaves out the same.
bool EncoderLearner::is_trained_on(const bus::Record& record) const {
  if (share_.share() >= 1) return true;
  const std::string place = absl::StrCat(record.partition.value(), "/", record.offset.value());
  return static_cast<double>(stable_hash(place) >> 11) * 0x1p-53 < share_.share();
}

void EncoderLearner::note_backlog(std::uint64_t records) {
  const double before = share_.share();
  share_.note(records);
  backlog_.Set(static_cast<double>(records));
  share_gauge_.Set(share_.share());
  if (share_.share() < before)
    log::warn("encoder: {} events wait, and they become more: from now on {} of the interactions are trained on at once, the rest is "
              "taken into the log", records, share_.share());
}

void EncoderLearner::count(std::string_view result) {
  Counter*& counter = events_[std::string(result)];
  if (counter == nullptr)
    counter = &metrics_.counter("riffle_encoder_events_total", "Events that the encoder's learner took in, by what became of them",
                                {{"result", std::string(result)}});
  counter->Increment();
}

// ---- versions -------------------------------------------------------------------------------------------------------

std::vector<std::string> EncoderLearner::blocks() const {
  std::vector<std::string> blocks;
  pb::EncoderState block;
  trainer_->save_parts([&](const pb::SequenceState& part) {
    block.Clear();
    *block.mutable_trainer() = part;
    blocks.push_back(block.SerializeAsString());
  });
  seen_.save_parts([&](const pb::SeenEventsState& part) {
    block.Clear();
    *block.mutable_seen() = part;
    blocks.push_back(block.SerializeAsString());
  });
  for (const auto& [partition, of] : shards_) {
    block.Clear();
    pb::EventPosition& position = *block.add_positions();
    position.set_partition(partition.value());
    position.set_offset(of.next.value());
    if (of.newest != kNoTime) position.set_newest_ms(to_ms(of.newest));
    position.set_partitioner(of.admission.partitioner_state());
    std::vector<std::pair<std::uint64_t, std::int64_t>> erased(of.erased_before_ms.begin(), of.erased_before_ms.end());
    std::sort(erased.begin(), erased.end());
    for (const auto& [user, before_ms] : erased) {
      pb::ErasedUser& one = *position.add_erased();
      one.set_user(user);
      one.set_before_ms(before_ms);
    }
    blocks.push_back(block.SerializeAsString());
  }
  return blocks;
}

// What no server could load is not published: the last good version goes on serving, and learning goes on.
absl::Status EncoderLearner::check(const std::vector<std::string>& blocks) const {
  std::string bytes;
  for (const std::string& block : blocks) bytes += block;
  RIFFLE_ASSIGN_OR_RETURN(const pb::EncoderState state, parse_encoder_state(bytes));
  return learner::EncoderSnapshot::make(trainer_->encoder().shape().kind, setup_.learner.sequence, state.trainer(), 0).status();
}

std::vector<learner::PolicyRecord> EncoderLearner::publish(TimePoint now, bool at_once) {
  std::vector<learner::PolicyRecord> records;
  if (published_ == kNoTime) {  // the interval begins with the learner: a version of the first few events is worth nothing
    published_ = now;
    pause_ = setup_.learner.sequence.publish_interval;
  }
  const bool waits = now >= published_ && now - published_ < pause_;
  if (!changed_ || (waits && !at_once) || !publish_version(now, records)) return records;
  log_.take(log_.expire(now, {setup_.learner.sequence.keep_versions, false}), records);
  return records;
}

bool EncoderLearner::publish_version(TimePoint now, std::vector<learner::PolicyRecord>& records) {
  published_ = now;
  pause_ = setup_.learner.sequence.publish_interval;
  incidents_.note(trainer_->incidents());
  rows_.Set(static_cast<double>(trainer_->tables().items().admitted().size()));
  const std::vector<std::string> state = blocks();
  if (const absl::Status bad = check(state); !bad.ok()) {
    incidents_.add("unpublishable", 1);
    log::error("encoder: no version after {}: {}", last_.version(), bad.ToString());
    return false;
  }
  pb::PolicyManifest manifest;
  manifest.set_policy_id(std::string(learner::kEncoderId));
  manifest.set_version(++highest_version_);
  manifest.set_parent(last_.version());
  manifest.set_scorer(scorer());
  manifest.set_created_ms(to_ms(now));
  manifest.set_feature_fingerprint(features::feature_fingerprint());
  std::size_t bytes = 0;
  auto version = learner::encode_version(std::move(manifest), {state.begin(), state.end()}, last_.version() == 0 ? nullptr : &last_);
  for (const auto& record : version) bytes += record.key.size() + record.value->size();
  log_.take(std::move(version), records);
  const auto* newest = log_.newest(PolicyId(std::string(learner::kEncoderId)));
  RIFFLE_CHECK(newest != nullptr && newest->version() == highest_version_);
  last_ = *newest;
  changed_ = false;
  published_bytes_.Increment(static_cast<double>(bytes));
  pause_ = std::max(pause_, Milliseconds(bytes / kBytesPerMillisecond));
  return true;
}

}  // namespace riffle::pipeline
