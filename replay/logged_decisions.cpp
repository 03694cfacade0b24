#include "replay/logged_decisions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "records/proto_codec.h"

namespace riffle::replay {

pb::Decision decision_of(const pb::Outcome& outcome) {
  pb::Decision decision;
  decision.set_recommendation_id(outcome.recommendation_id());
  decision.set_user_id(outcome.user_id());
  decision.set_session_id(outcome.session_id());
  decision.set_surface(outcome.surface());
  decision.set_time_ms(outcome.decision_ms());
  decision.set_policy_id(outcome.policy_id());
  decision.set_policy_version(outcome.policy_version());
  decision.set_ordinal(outcome.ordinal());
  decision.set_segment(outcome.segment());
  for (const pb::OutcomeSlot& slot : outcome.slots()) {
    pb::Slot& chosen = *decision.add_slots();
    chosen.set_item_key(slot.item_key());
    chosen.set_category_key(slot.category_key());
    chosen.set_propensity(slot.propensity());
    chosen.set_score(slot.score());
    chosen.set_allowed(slot.allowed());
    chosen.set_bonus(slot.bonus());
    *chosen.mutable_features() = slot.features();
  }
  decision.set_slate_propensity(outcome.slate_propensity());
  *decision.mutable_candidate_keys() = outcome.candidate_keys();
  *decision.mutable_candidate_categories() = outcome.candidate_categories();
  *decision.mutable_candidates() = outcome.candidates();
  decision.set_fully_logged(outcome.fully_logged());
  decision.set_log_probability(outcome.log_probability());
  decision.set_feature_fingerprint(outcome.feature_fingerprint());
  decision.set_randomised(outcome.randomised());
  decision.set_candidate_table(outcome.candidate_table());
  *decision.mutable_user_features() = outcome.user_features();
  if (outcome.has_learned_weight()) *decision.mutable_learned_weight() = outcome.learned_weight();
  if (outcome.has_choice()) *decision.mutable_choice() = outcome.choice();
  return decision;
}

absl::StatusOr<LoggedDecisions> LoggedDecisions::open(bus::Bus& bus, const bus::TopicPartition& where,
                                                      std::uint64_t generation, Milliseconds longest_window) {
  RIFFLE_ASSIGN_OR_RETURN(auto reader, PartitionReader::open(bus, where, bus::kEarliest));
  return LoggedDecisions(std::move(reader), generation, longest_window);
}

absl::StatusOr<std::optional<pb::Decision>> LoggedDecisions::find(const std::string& recommendation_id,
                                                                  TimePoint decided) {
  auto at = found_.find(recommendation_id);
  while (at == found_.end() && closed_until_ <= decided + longest_window_) {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, read());
    if (!more) break;
    at = found_.find(recommendation_id);
  }
  if (at == found_.end()) return std::optional<pb::Decision>();
  pb::Decision decision;
  RIFFLE_RETURN_IF_ERROR(pb::decode(at->second, decision));
  found_.erase(at);
  return std::optional<pb::Decision>(std::move(decision));
}

absl::StatusOr<bool> LoggedDecisions::read() {
  RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader_.next());
  if (!record) return false;
  if (!record->value || !pb::decode(*record->value, outcome_).ok())
    return fatal_error(absl::StatusCode::kDataLoss,
                       absl::StrCat(std::string(record->topic), "/", record->partition.value(), "/",
                                    record->offset.value(), " is no outcome: Riffle did not write it"));
  if (outcome_.sequence() < first_sequence_ || outcome_.sequence() < next_sequence_) return true;
  next_sequence_ = outcome_.sequence() + 1;
  // One tick closes many windows, all at its own time: they are all read when the next time appears.
  if (const TimePoint closed = from_ms(outcome_.time_ms()); outcome_.closed() && closed > closing_)
    closed_until_ = std::exchange(closing_, closed);
  if (outcome_.revision() == 0) found_.emplace(outcome_.recommendation_id(), decision_of(outcome_).SerializeAsString());
  return true;
}

}  // namespace riffle::replay
