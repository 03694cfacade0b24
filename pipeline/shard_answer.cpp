// What becomes of a request: a decision, the list of an open decision once more, or a refusal.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "pipeline/shard.h"
#include "pipeline/shard_probe.h"
#include "records/proto_codec.h"

namespace riffle::pipeline {
namespace {

std::string_view header_of(const bus::Record& record, std::string_view name) {
  for (const bus::Header& header : record.headers)
    if (header.name == name) return header.value;
  return {};
}

std::string origin_of(const bus::Record& record) {
  return absl::StrCat(std::string(record.topic), "/", record.partition.value(), "/", record.offset.value());
}

}  // namespace

std::string open_request_key(const UserId& user, const RequestId& request) {
  std::string key = user.str();
  key.push_back('\0');
  key += request.str();
  return key;
}

TimePoint Shard::wall(const MicroBatch& batch) const {
  if (!batch.now_ms) return batch.wall;
  return batch.wall + Milliseconds(static_cast<std::int64_t>(batch.now_ms() - batch_began_ms_));
}

std::optional<Shard::Decided> Shard::answer(std::size_t index, const MicroBatch& batch, state::WriteBatch& journal) {
  const bus::Record& record = batch.requests[index];
  if (record.offset.value() < positions_[static_cast<int>(Input::kRequests)].offset()) return std::nullopt;
  note_read(Input::kRequests, record);
  if (auto reason = admission_.admit_request(record, event_time(), request_)) {
    refuse(record, *reason);
    return std::nullopt;
  }
  had_deadlines_ |= request_.deadline.has_value();
  begin_time(record);
  const std::uint64_t request_hash = stable_hash(*record.value);
  if (auto repeated = repeat(record, request_hash)) return repeated;

  Decided decided;
  decided.pin.set_request_offset(record.offset.value());
  const TimePoint taken = wall(batch);
  if (batch.now_ms) probe_->wait_seconds.Observe(std::max(0.0, static_cast<double>((taken - record.timestamp).count()) / 1000));
  if (const auto message = too_late(record, batch, taken, index)) {
    const records::Reason reason{records::Code::kDeadlinePassed, *message};
    decided.pin.set_refusal_code(std::string(records::code_name(reason.code)));
    decided.pin.set_refusal_message(reason.message);
    refuse(record, reason);
    return decided;
  }
  return decide(record, batch, taken, journal);
}

// Why the request in request_ is refused: its deadline has passed, or will have when its list leaves, as the queue stands.
std::optional<std::string> Shard::too_late(const bus::Record& record, const MicroBatch& batch, TimePoint taken,
                                           std::size_t index) {
  if (!request_.deadline) return std::nullopt;
  if (taken > record.timestamp + *request_.deadline) {
    return absl::StrCat("taken ", (taken - record.timestamp).count(), " ms after its record time, with deadline_ms ",
                        request_.deadline->count(), "; ask again, or allow more");
  }
  const Milliseconds waited = (index < batch.waited.size() ? batch.waited[index] : Milliseconds(0)) + (taken - batch.wall);
  if (waited <= queue_.patience(*request_.deadline)) return std::nullopt;
  return absl::StrCat("there are more requests than can be answered, and this one has waited ", waited.count(),
                      " ms of deadline_ms ", request_.deadline->count(), " already; ask again later, or allow more");
}

// Null: the statistics do not know yet what this shard's rows were when it was opened.
//
// While events lag, lists read items as the shard told them last, once it has told something since it was opened: nearly every
// row is ahead of that then, and itself behind the log; reading them would make a list cost more than twice as much when there
// is least time.
const features::FreshItems* Shard::fresh_items(const MicroBatch& batch) {
  static const features::FreshItems kNone(nullptr);
  if (!batch.world.stats) return nullptr;
  const auto heard = batch.world.stats->heard.find(id_);
  if (heard == batch.world.stats->heard.end() || heard->second < std::pair(generation_, opened_epoch_)) return nullptr;
  fresh_.heard(heard->second.second);
  return batch.events_lag && heard->second.second > opened_epoch_ ? &kNone : &fresh_;
}

// The request is in request_. Reads rows, and changes nothing.
const pb::Decision& Shard::choose(const bus::Record& record, const MicroBatch& batch, TimePoint taken,
                                  const std::function<double()>& took_ms) {
  const serving::PolicyOptions* policy = policy_of(request_.user_id);
  static const learner::PolicyVersion kNothingLearned;
  const learner::PolicyVersion* version = &kNothingLearned;
  if (const auto it = batch.world.policies->versions.find(policy->id); it != batch.world.policies->versions.end()) {
    version = &it->second;
  }

  const std::string origin = origin_of(record);
  serving::ServingContext context;
  context.shard = id_;
  context.user = users_.find(request_.user_id.str());
  context.items = &items_;
  context.fresh = fresh_items(batch);
  context.stats = batch.world.stats.get();
  context.catalogue = batch.world.catalogue.get();
  context.policy = version;
  context.options = policy;
  context.log_user = batch.world.policies->reads_users;
  context.now = request_.timestamp.value_or(shard_time());
  context.ordinal = joiner_.next_ordinal(request_.user_id);
  if (request_.deadline) {
    const double left_ms = static_cast<double>((record.timestamp + *request_.deadline - taken).count());
    context.hurry = queue_.stands() || left_ms < static_cast<double>(options_.serving.degrade_below.count());
  }
  if (batch.events_lag) context.degraded.emplace_back("events_lag");
  for (std::size_t i = 0; i < kInputs; ++i) {
    if (positioned_[i]) context.as_of.emplace_back(std::string(name_of(static_cast<Input>(i))), positions_[i].offset());
  }
  context.as_of.emplace_back("items", batch.world.catalogue->next_offset);
  context.as_of.emplace_back("policy/" + version->policy_id.str(), static_cast<std::int64_t>(version->version));
  if (const learner::EncoderSnapshot* encoder = batch.world.policies->encoder.get()) {
    context.encoder = encoder;
    context.as_of.emplace_back(absl::StrCat("policy/", std::string(learner::kEncoderId)), static_cast<std::int64_t>(encoder->version()));
  }
  context.origin = origin;
  context.request_hash = stable_hash(*record.value);
  context.traceparent = header_of(record, "traceparent");

  Rng rng(batch.seed ^ (static_cast<std::uint64_t>(record.offset.value()) * 0xD1B54A32D192ED03ULL));
  return recommender_.recommend(request_, context, rng, took_ms);
}

Shard::Decided Shard::decide(const bus::Record& record, const MicroBatch& batch, TimePoint taken,
                             state::WriteBatch& journal) {
  const double began_ms = batch.now_ms ? batch.now_ms() : 0;
  const auto took_ms = [&] { return batch.now_ms ? batch.now_ms() - began_ms : 0.0; };
  const pb::Decision& decision = choose(record, batch, taken, took_ms);
  Decided decided;
  decided.pin.set_request_offset(record.offset.value());
  decided.pin.set_recommendation_id(decision.recommendation_id());
  decided.user_id = decision.user_id();
  decided.traceparent = decision.traceparent();
  const std::string_view bytes = decisions_.put_encoded(decision.recommendation_id(), std::string(recommender_.encoded()));
  decided.list = bytes.substr(bytes.size() - decision.list().size());  // the list comes last
  journal.put_borrowed(state::Column::kDecisions, decision.recommendation_id(), bytes, bytes.size() - decided.list.size());
  joins_.known_absent(decision.recommendation_id());  // its id has just been made
  apply_decision(decision);
  if (batch.now_ms) probe_->decide_seconds.Observe(took_ms() / 1000);
  return decided;
}

// The same in live processing and in replay: what a decision changes in the shard's rows.
void Shard::apply_decision(const pb::Decision& decision) {
  if (!decision.request_id().empty()) {
    const std::string key = open_request_key(UserId(decision.user_id()), RequestId(decision.request_id()));
    if (pb::OpenRequest* open = requests_.edit(key)) {
      open->set_recommendation_id(decision.recommendation_id());
      open->set_request_hash(decision.request_hash());
    }
  }
  joiner_.on_decision(decision, shard_time(), outcomes_);
}

// A request_id whose decision is open gets the same list; with other content it is refused.
std::optional<Shard::Decided> Shard::repeat(const bus::Record& record, std::uint64_t request_hash) {
  if (request_.request_id.empty()) return std::nullopt;
  const std::string key = open_request_key(request_.user_id, request_.request_id);
  // A request's row lives as long as its list is among the user's open ones: without any there is nothing to look for.
  if (const pb::UserLists* lists = user_lists_.find(request_.user_id.str()); !lists || lists->recommendation_ids().empty())
    requests_.known_absent(key);
  const pb::OpenRequest* open = requests_.find(key);
  if (!open) return std::nullopt;
  Decided decided;
  decided.pin.set_request_offset(record.offset.value());
  if (open->request_hash() != request_hash) {
    const records::Reason reason{records::Code::kRequestReused,
                                 absl::StrCat("request_id \"", request_.request_id.str(),
                                              "\" was used by this user for another request whose list is still open; "
                                              "give every request an id of its own")};
    decided.pin.set_refusal_code(std::string(records::code_name(reason.code)));
    decided.pin.set_refusal_message(reason.message);
    refuse(record, reason);
    return decided;
  }
  const pb::Decision* decision = decisions_.find(open->recommendation_id());
  if (!decision) return std::nullopt;
  decided.pin.set_recommendation_id(decision->recommendation_id());
  decided.pin.set_repeat(true);
  decided.list = decision->list();
  decided.user_id = decision->user_id();
  decided.traceparent = std::string(header_of(record, "traceparent"));
  probe_->repeats.Increment();
  return decided;
}

absl::Status Shard::publish(const Decided& decided) {
  if (decided.list.empty()) return absl::OkStatus();
  bus::OutRecord out;
  out.topic = options_.topics.recommendations;
  out.key = decided.user_id;
  out.value = decided.list;
  if (!decided.traceparent.empty()) out.headers.push_back({"traceparent", decided.traceparent});
  RIFFLE_ASSIGN_OR_RETURN(last_list_ticket_, lists_->send(out));
  return absl::OkStatus();
}

}  // namespace riffle::pipeline
