#include "pipeline/shard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/kill_point.h"
#include "base/log.h"
#include "ingest/dead_letter_record.h"
#include "pipeline/record_checksum.h"
#include "pipeline/shard_probe.h"
#include "records/proto_codec.h"
#include "state/shard_store.h"

namespace riffle::pipeline {
namespace {

// Outcomes of some 10 kB each whose memory is used again.
constexpr int kKeptOutcomes = 256;
// Rough sizes of encoded rows, to end an epoch by bytes before it has been encoded.
constexpr std::size_t kUserRowBytes = 600, kItemRowBytes = 900, kSmallRowBytes = 150;

}  // namespace

std::uint64_t record_checksum(const bus::Record& record) {
  const std::uint64_t key = record.key ? stable_hash(*record.key, 1) : 0;
  const std::uint64_t value = record.value ? stable_hash(*record.value, 2) : 0;
  return key ^ (value * 0x9E3779B97F4A7C15ULL) ^ static_cast<std::uint64_t>(to_ms(record.timestamp));
}

Shard::Shard(ShardSetup setup)
    : id_(setup.shard),
      partitions_(setup.partitions),
      cluster_id_(std::move(setup.cluster_id)),
      store_(std::move(setup.store)),
      lists_(setup.lists),
      options_(*setup.options),
      new_generation_(setup.new_generation),
      users_(store_.get(), state::Column::kUsers, options_.state.cached_users),
      items_(store_.get(), state::Column::kItems, options_.state.cached_items),
      profiles_(store_.get(), state::Column::kProfiles, options_.state.cached_lists),
      decisions_(store_.get(), state::Column::kDecisions, options_.state.cached_decisions),
      joins_(store_.get(), state::Column::kJoins, options_.state.cached_lists),
      user_lists_(store_.get(), state::Column::kUserLists, options_.state.cached_lists),
      waiting_(store_.get(), state::Column::kWaiting, options_.state.cached_lists),
      requests_(store_.get(), state::Column::kRequests, options_.state.cached_lists),
      admission_(options_.admission, setup.partitions),
      rows_(options_.rows, &users_, &items_),
      joiner_(options_.rows, options_.join, {store_.get(), &decisions_, &joins_, &user_lists_, &waiting_}, id_,
              *setup.metrics),
      recommender_(options_.serving, options_.rows, *setup.metrics),
      probe_(std::make_unique<Probe>(*setup.metrics)) {}

Shard::~Shard() = default;

absl::StatusOr<std::unique_ptr<Shard>> Shard::open(ShardSetup setup) {
  std::unique_ptr<Shard> shard(new Shard(std::move(setup)));
  RIFFLE_RETURN_IF_ERROR(shard->load());
  return shard;
}

absl::Status Shard::load() {
  state::ShardIdentity identity;
  identity.shard = id_;
  identity.partitions = partitions_;
  identity.cluster_id = cluster_id_;
  identity.events_topic = options_.topics.events;
  RIFFLE_ASSIGN_OR_RETURN(const state::ShardHeader header,
                          state::open_or_create_header(*store_, identity, new_generation_));
  generation_ = header.generation;
  partitioner_ = header.partitioner;
  admission_.restore_partitioner(partitioner_);
  RIFFLE_ASSIGN_OR_RETURN(meta_, state::load_meta(*store_));
  opened_epoch_ = meta_.epoch();
  if (meta_.epoch() == 0) {
    // Readers skip sequences that they have passed: those of a store made anew lie above all of the one it replaces.
    meta_.set_outcome_sequence(generation_ << 20);
    meta_.set_epoch_sequence(generation_ << 20);
  }
  for (std::size_t i = 0; i < kInputs; ++i) {
    positions_[i].set_input(static_cast<std::uint32_t>(i));
    positions_[i].set_offset(-1);
  }
  RIFFLE_ASSIGN_OR_RETURN(const std::vector<pb::InputPosition> stored, state::load_positions(*store_));
  for (const pb::InputPosition& position : stored) {
    if (position.input() >= kInputs) continue;
    positions_[position.input()] = position;
    positioned_[position.input()] = true;
  }
  RIFFLE_ASSIGN_OR_RETURN(const auto pending, store_->get(state::Column::kMeta, "pending-stats"));
  if (pending) {
    for (std::size_t at = 0; at + 8 <= pending->size(); at += 8) {
      rows_.touch(ItemKey(state::number_of(std::string_view(*pending).substr(at, 8))));
    }
  }
  next_journal_ = journal_frozen_ = journal_kept_ = meta_.journal_number() + 1;
  return joiner_.open();
}

// ---- the life of an event -------------------------------------------------------------------------------------------

absl::Status Shard::process(const MicroBatch& batch) {
  if (batch.empty()) return absl::OkStatus();
  pb::JournalEntry entry;
  entry.set_number(next_journal_);
  state::WriteBatch journal;

  batch_began_ms_ = batch.now_ms ? batch.now_ms() : 0;
  prefetch(batch.events, batch.requests);
  for (const bus::Record& record : batch.events) apply_event(record);
  events_ms_ = batch.now_ms ? batch.now_ms() - batch_began_ms_ : 0;
  note_run(Input::kEvents, batch.events, entry);
  for (const bus::Record& record : batch.users) apply_profile(record);
  note_run(Input::kUsers, batch.users, entry);

  std::vector<Decided> answers;
  if (!batch.requests.empty()) queue_.note(batch.wall, batch.leaves_requests);
  had_deadlines_ = false;
  for (std::size_t i = 0; i < batch.requests.size(); ++i) {
    if (auto decided = answer(i, batch, journal)) {
      *entry.add_pins() = decided->pin;
      answers.push_back(*std::move(decided));
    }
  }
  note_run(Input::kRequests, batch.requests, entry);

  if (batch.tick.count() > 0) {
    tick(shard_time() + batch.tick);
    entry.set_tick_ms(meta_.shard_time_ms());
  }
  take_outcomes();
  RIFFLE_RETURN_IF_ERROR(health());

  kill_point("apply");
  // What decided the order, and the decisions as the final bytes of their lists, are on record before anything leaves.
  if (batch.world.policies && !answers.empty()) {
    for (const auto& [policy, version] : batch.world.policies->versions) {
      auto* adopted = entry.add_adopted();
      adopted->set_policy_id(policy.str());
      adopted->set_version(version.version);
    }
    if (const auto& encoder = batch.world.policies->encoder) {
      auto* adopted = entry.add_adopted();
      adopted->set_policy_id(std::string(learner::kEncoderId));
      adopted->set_version(encoder->version());
    }
  }
  state::append_journal(entry, journal);
  RIFFLE_RETURN_IF_ERROR(store_->write(journal, options_.state.fsync == Fsync::kBatch));
  ++next_journal_;
  entries_.push_back(std::move(entry));

  for (const Decided& decided : answers) {
    kill_point("journaled");
    RIFFLE_RETURN_IF_ERROR(publish(decided));
  }
  if (batch.now_ms) {
    const double wall_ms = static_cast<double>(to_ms(batch.wall)) + batch.now_ms() - batch_began_ms_;
    for (const bus::Record& record : batch.requests) {
      const double late_ms = wall_ms - static_cast<double>(to_ms(record.timestamp));
      probe_->published_seconds.Observe(std::max(0.0, late_ms) / 1000);
    }
  }
  trim();
  return health();
}

void Shard::prefetch(const std::vector<bus::Record>& events, const std::vector<bus::Record>& requests) {
  std::vector<std::string_view> users;
  users.reserve(events.size() + requests.size());
  for (const auto* records : {&events, &requests})
    for (const bus::Record& record : *records)
      if (record.key) users.push_back(*record.key);
  rows_.prefetch(std::move(users));
}

void Shard::apply_event(const bus::Record& record) {
  if (record.offset.value() < positions_[static_cast<int>(Input::kEvents)].offset()) return;
  note_read(Input::kEvents, record);
  if (auto reason = admission_.admit_event(record, event_time(), event_)) return refuse(record, *reason);
  const TimePoint time = event_.timestamp.value_or(record.timestamp);
  switch (rows_.apply(event_, time)) {
    case features::EventRows::Result::kApplied: break;
    case features::EventRows::Result::kDuplicate: return probe_->duplicate.Increment();
    case features::EventRows::Result::kErased: return probe_->erased.Increment();
    case features::EventRows::Result::kCollision:
      return refuse(record, {records::Code::kIdCollision,
                             absl::StrCat("item_id \"", event_.item_id.str(),
                                          "\" has the same 64-bit key as another item's; rename one of them")});
    case features::EventRows::Result::kStoreError: return;  // health() says it
  }
  if (to_ms(time) > meta_.event_time_ms()) meta_.set_event_time_ms(to_ms(time));
  if (meta_.event_time_ms() > meta_.shard_time_ms()) meta_.set_shard_time_ms(meta_.event_time_ms());
  if (event_.kind == records::EventKind::kErase) {
    joiner_.on_erase(event_.user_id);
    profiles_.erase(event_.user_id.str());
  } else {
    joiner_.on_event(event_, time, shard_time(), outcomes_);
  }
  probe_->accepted.Increment();
}

void Shard::apply_profile(const bus::Record& record) {
  if (record.offset.value() < positions_[static_cast<int>(Input::kUsers)].offset()) return;
  note_read(Input::kUsers, record);
  if (auto reason = admission_.admit_profile(record)) return refuse(record, *reason);
  if (!record.value) return profiles_.erase(*record.key);
  if (pb::Profile* profile = profiles_.edit(*record.key)) {
    profile->set_user_id(std::string(*record.key));
    profile->set_json(std::string(*record.value));
  }
}

// Before the first event a request's time is the only time there is, in replay as live: its own where it has one, as a
// history that is played again has requests, too. `request_` is `record`, taken apart.
void Shard::begin_time(const bus::Record& record) {
  if (meta_.shard_time_ms() == 0) meta_.set_shard_time_ms(to_ms(request_.timestamp.value_or(record.timestamp)));
}

void Shard::tick(TimePoint shard_time) {
  if (to_ms(shard_time) > meta_.shard_time_ms()) meta_.set_shard_time_ms(to_ms(shard_time));
  joiner_.on_tick(from_ms(meta_.shard_time_ms()), outcomes_);
}

void Shard::refuse(const bus::Record& record, const records::Reason& reason) {
  probe_->dead_letters(reason.code).Increment();
  if (record.topic == options_.topics.events) probe_->refused.Increment();
  outputs_.push_back(ingest::dead_letter(record, reason, options_.topics.dead_letters));
}

// Numbers the revisions that have just come and puts them among the epoch's outputs.
void Shard::take_outcomes() {
  for (pb::Outcome& outcome : outcomes_) {
    outcome.set_sequence(meta_.outcome_sequence());
    outcome.set_shard(id_.value());
    meta_.set_outcome_sequence(meta_.outcome_sequence() + 1);
    ingest::OwnedRecord out;
    out.topic = options_.topics.outcomes;
    out.partition = id_;
    out.key = outcome.user_id();
    out.value = outcome.SerializeAsString();
    outputs_.push_back(std::move(out));
  }
  if (outcomes_.size() > kKeptOutcomes) {
    features::Outcomes().Swap(&outcomes_);
  } else {
    outcomes_.Clear();
  }
  forget_closed();
}

void Shard::forget_closed() {
  for (const RecommendationId& id : joiner_.take_closed()) {
    if (const pb::Decision* decision = decisions_.find(id.str()); decision && !decision->request_id().empty()) {
      requests_.erase(open_request_key(UserId(decision->user_id()), RequestId(decision->request_id())));
    }
    decisions_.erase(id.str());
  }
}

void Shard::note_read(Input input, const bus::Record& record) {
  pb::InputPosition& position = positions_[static_cast<std::size_t>(input)];
  position.set_last_offset(record.offset.value());
  position.set_last_checksum(record_checksum(record));
  position.set_has_checksum(true);
  ++records_in_epoch_;
}

void Shard::note_run(Input input, const std::vector<bus::Record>& records, pb::JournalEntry& entry) {
  if (records.empty()) return;
  const auto i = static_cast<std::size_t>(input);
  pb::InputPosition& position = positions_[i];
  const std::int64_t from = std::max(position.offset(), records.front().offset.value());
  const std::int64_t to = records.back().offset.value() + 1;
  if (to <= from) return;
  auto* run = entry.add_runs();
  run->set_input(static_cast<std::uint32_t>(i));
  run->set_from(from);
  run->set_to(to);
  position.set_offset(to);
  positioned_[i] = true;
}

void Shard::trim() {
  users_.trim(), items_.trim(), profiles_.trim(), decisions_.trim();
  joins_.trim(), user_lists_.trim(), waiting_.trim(), requests_.trim();
}

absl::Status Shard::health() const {
  for (const absl::Status* status : {&users_.status(), &items_.status(), &profiles_.status(), &decisions_.status(),
                                     &joins_.status(), &user_lists_.status(), &waiting_.status(), &requests_.status()}) {
    if (!status->ok()) return annotate(*status, absl::StrCat("shard ", id_.value()));
  }
  return absl::OkStatus();
}

const serving::PolicyOptions* Shard::policy_of(const UserId& user) const {
  const PolicyId& arm = serving::arm_of(options_.experiments, user);
  for (const serving::PolicyOptions& policy : options_.policies)
    if (policy.id == arm) return &policy;
  RIFFLE_CHECK(false, "no policy", arm.str());  // config/ refuses such an experiment
  return nullptr;
}

std::size_t Shard::dirty_bytes() const {
  return users_.dirty() * kUserRowBytes + items_.dirty() * kItemRowBytes +
         (profiles_.dirty() + joins_.dirty() + user_lists_.dirty() + waiting_.dirty() + requests_.dirty()) * kSmallRowBytes;
}

std::optional<Offset> Shard::next(Input input) const {
  const auto i = static_cast<std::size_t>(input);
  if (!positioned_[i]) return std::nullopt;
  return Offset(positions_[i].offset());
}

void Shard::start_at(Input input, Offset offset) {
  const auto i = static_cast<std::size_t>(input);
  RIFFLE_CHECK(offset.value() >= 0, "offset", offset.value());
  positions_[i].set_offset(offset.value());
  positions_[i].set_has_checksum(false);
  positioned_[i] = true;
}

TimePoint Shard::event_time() const { return meta_.event_time_ms() > 0 ? from_ms(meta_.event_time_ms()) : kNoTime; }
TimePoint Shard::shard_time() const { return from_ms(meta_.shard_time_ms()); }

}  // namespace riffle::pipeline
