// The restart of DESIGN §5: publish all uncommitted pinned lists again, unchanged; read the journal's runs again by
// offset and apply them in their order with the pins; the outcomes get the same sequences. Then go on.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/kill_point.h"
#include "base/log.h"
#include "pipeline/record_checksum.h"
#include "pipeline/shard.h"
#include "records/proto_codec.h"
#include "state/shard_store.h"

namespace riffle::pipeline {
namespace {

// The records of an input that the journal's runs name, read once and handed out run by run.
class Rerun {
 public:
  absl::Status read(const std::vector<pb::JournalEntry>& entries, Partition shard, InputLog& log) {
    for (std::size_t i = 0; i < kInputs; ++i) {
      std::int64_t from = -1, to = -1;
      for (const pb::JournalEntry& entry : entries) {
        for (const pb::Run& run : entry.runs()) {
          if (run.input() != i) continue;
          if (from < 0) from = run.from();
          to = run.to();
        }
      }
      if (from < 0) continue;
      RIFFLE_ASSIGN_OR_RETURN(inputs_[i].batch, log.read(static_cast<Input>(i), shard, Offset(from), Offset(to)));
    }
    return absl::OkStatus();
  }

  std::vector<bus::Record> take(const pb::Run& run) {
    Read& read = inputs_[run.input()];
    std::vector<bus::Record> records;
    auto& all = read.batch.records;
    while (read.at < all.size() && all[read.at].offset.value() < run.from()) ++read.at;
    while (read.at < all.size() && all[read.at].offset.value() < run.to()) records.push_back(all[read.at++]);
    return records;
  }

 private:
  struct Read {
    bus::Batch batch;
    std::size_t at = 0;
  };
  std::array<Read, kInputs> inputs_;
};

}  // namespace

absl::Status Shard::restore(InputLog& log) {
  kill_point("open");
  RIFFLE_RETURN_IF_ERROR(check_not_recreated(log));
  std::vector<pb::JournalEntry> entries;
  RIFFLE_RETURN_IF_ERROR(state::scan_journal(*store_, meta_.journal_number(), [&](const pb::JournalEntry& entry) {
    entries.push_back(entry);
    return true;
  }));
  for (const pb::JournalEntry& entry : entries) RIFFLE_RETURN_IF_ERROR(republish(entry));

  Rerun rerun;
  RIFFLE_RETURN_IF_ERROR(rerun.read(entries, id_, log));
  for (const pb::JournalEntry& entry : entries) {
    kill_point("restore");
    RunRecords records;
    for (const pb::Run& run : entry.runs()) records[run.input()] = rerun.take(run);
    RIFFLE_RETURN_IF_ERROR(apply_entry(entry, records, nullptr));
    entries_.push_back(entry);
  }
  if (!entries.empty()) log::info("shard {}: {} journal entries applied again", id_.value(), entries.size());
  return absl::OkStatus();
}

// `logged`: null where the store has the decisions.
absl::Status Shard::apply_entry(const pb::JournalEntry& entry, const RunRecords& records, const Logged* logged) {
  RIFFLE_CHECK(entry.number() == next_journal_, "entry", entry.number(), "expected", next_journal_);
  for (const pb::Run& run : entry.runs()) {
    for (const bus::Record& record : records[run.input()]) {
      switch (static_cast<Input>(run.input())) {
        case Input::kEvents: apply_event(record); break;
        case Input::kUsers: apply_profile(record); break;
        case Input::kRequests: RIFFLE_RETURN_IF_ERROR(replay_request(record, entry, logged)); break;
      }
    }
    positions_[run.input()].set_offset(run.to());
    positioned_[run.input()] = true;
  }
  if (entry.tick_ms() > 0) tick(from_ms(entry.tick_ms()));
  take_outcomes();
  RIFFLE_RETURN_IF_ERROR(health());
  ++next_journal_;
  return absl::OkStatus();
}

absl::Status Shard::replay(const pb::JournalEntry& entry, const RunRecords& records, const Logged& logged) {
  const auto& requests = records[static_cast<std::size_t>(Input::kRequests)];
  prefetch(records[static_cast<std::size_t>(Input::kEvents)], requests);
  RIFFLE_RETURN_IF_ERROR(apply_entry(entry, records, &logged));
  trim();
  return health();
}

absl::Status Shard::check_not_recreated(InputLog& log) {
  for (const Input input : {Input::kEvents, Input::kRequests}) {
    const auto i = static_cast<std::size_t>(input);
    if (!positioned_[i] || !positions_[i].has_checksum()) continue;
    RIFFLE_ASSIGN_OR_RETURN(const auto checksum, log.checksum(input, id_, Offset(positions_[i].last_offset())));
    if (checksum && *checksum != positions_[i].last_checksum()) {
      return fatal_error(
          absl::StatusCode::kFailedPrecondition,
          absl::StrCat("shard ", id_.value(), ": record ", positions_[i].last_offset(), " of ", std::string(name_of(input)),
                       " is not the one that was applied: the topic was deleted and made again. Move the shard's state "
                       "directory away and start with --rebuild"));
    }
  }
  return absl::OkStatus();
}

absl::Status Shard::republish(const pb::JournalEntry& entry) {
  for (const pb::Pin& pin : entry.pins()) {
    if (pin.recommendation_id().empty()) continue;
    const pb::Decision* decision = decisions_.find(pin.recommendation_id());
    RIFFLE_RETURN_IF_ERROR(health());
    if (!decision) {
      return fatal_error(absl::StatusCode::kDataLoss,
                         absl::StrCat("shard ", id_.value(), ": decision ", pin.recommendation_id(), " of journal entry ",
                                      entry.number(), " is gone; restore the shard from a checkpoint"));
    }
    Decided decided;
    decided.list = decision->list();
    decided.user_id = decision->user_id();
    decided.traceparent = decision->traceparent();
    RIFFLE_RETURN_IF_ERROR(publish(decided));
  }
  return absl::OkStatus();
}

absl::Status Shard::replay_request(const bus::Record& record, const pb::JournalEntry& entry, const Logged* logged) {
  note_read(Input::kRequests, record);
  const auto pin = std::find_if(entry.pins().begin(), entry.pins().end(), [&](const pb::Pin& p) {
    return p.request_offset() == record.offset.value();
  });
  if (pin == entry.pins().end()) {  // it was malformed then, and still is
    if (auto reason = admission_.admit_request(record, event_time(), request_)) refuse(record, *reason);
    return absl::OkStatus();
  }
  // A pinned request was taken then: taking it apart again gives the same.
  if (meta_.shard_time_ms() == 0 && !admission_.admit_request(record, event_time(), request_)) begin_time(record);
  if (!pin->refusal_code().empty()) {
    refuse(record, {records::code_of(pin->refusal_code()), pin->refusal_message()});
    return absl::OkStatus();
  }
  if (pin->repeat()) return absl::OkStatus();
  if (logged) return replay_logged(record, *pin, *logged);
  const pb::Decision* decision = decisions_.find(pin->recommendation_id());
  RIFFLE_RETURN_IF_ERROR(health());
  apply_decision(*decision);  // republish() found it
  return absl::OkStatus();
}

// A decision out of the log: what the log does not say of it the request does.
absl::Status Shard::replay_logged(const bus::Record& record, const pb::Pin& pin, const Logged& logged) {
  if (const auto reason = admission_.admit_request(record, event_time(), request_)) {
    return fatal_error(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat(std::string(record.topic), "/", id_.value(), "/", record.offset.value(),
                                    " was answered, and this configuration refuses it (", reason->message,
                                    "): it is not the one that the log was made with"));
  }
  const TimePoint time = request_.timestamp.value_or(shard_time());
  RIFFLE_ASSIGN_OR_RETURN(auto decision, logged.decision_of(pin, std::max(shard_time(), time)));
  if (!decision) {
    decision.emplace();
    decision->set_recommendation_id(pin.recommendation_id());
    decision->set_user_id(request_.user_id.str());
    decision->set_surface(request_.surface);
    decision->set_time_ms(to_ms(time));
    decision->set_ordinal(joiner_.next_ordinal(request_.user_id));
  }
  decision->set_request_id(request_.request_id.str());
  decision->set_request_hash(stable_hash(*record.value));
  if (logged.world) logged.answered(choose(record, *logged.world, wall(*logged.world), nullptr), *decision);
  std::string bytes = decision->SerializeAsString();
  state::WriteBatch batch;
  decisions_.put_encoded(decision->recommendation_id(), bytes);
  batch.put(state::Column::kDecisions, decision->recommendation_id(), std::move(bytes));
  RIFFLE_RETURN_IF_ERROR(store_->write(batch, false));
  apply_decision(*decision);
  return absl::OkStatus();
}

}  // namespace riffle::pipeline
