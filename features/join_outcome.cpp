#include "features/join_outcome.h"

namespace riffle::features {

double reward_of(const pb::Join& join, const pb::Decision& decision, int slot) {
  return join.rewards(slot) + (join.exposed(slot) ? decision.slots(slot).bonus() + join.comeback() : 0);
}

pb::Join make_join(const pb::Decision& decision) {
  pb::Join join;
  join.set_recommendation_id(decision.recommendation_id());
  join.set_user_id(decision.user_id());
  join.mutable_rewards()->Resize(decision.slots_size(), 0);
  join.mutable_exposed()->Resize(decision.slots_size(), false);
  return join;
}

void fill_outcome(const pb::Decision& decision, const pb::Join& before, const pb::Join& after,
                  bool closed, std::int64_t time_ms, Partition shard, pb::Outcome& outcome) {
  outcome.set_recommendation_id(decision.recommendation_id());
  outcome.set_revision(after.revision());
  outcome.set_closed(closed);
  outcome.set_user_id(decision.user_id());
  outcome.set_session_id(decision.session_id());
  outcome.set_ordinal(decision.ordinal());
  outcome.set_policy_id(decision.policy_id());
  outcome.set_policy_version(decision.policy_version());
  outcome.set_surface(decision.surface());
  outcome.set_segment(decision.segment());
  outcome.set_decision_ms(decision.time_ms());
  outcome.set_time_ms(time_ms);
  outcome.mutable_slots()->Reserve(decision.slots_size());
  for (int i = 0; i < decision.slots_size(); ++i) {
    const pb::Slot& chosen = decision.slots(i);
    pb::OutcomeSlot& slot = *outcome.add_slots();
    slot.set_item_key(chosen.item_key());
    slot.set_category_key(chosen.category_key());
    slot.set_propensity(chosen.propensity());
    slot.set_reward(reward_of(after, decision, i));
    slot.set_previous_reward(reward_of(before, decision, i));
    slot.set_bonus(chosen.bonus());
    slot.set_exposed(after.exposed(i));
    slot.set_newly_exposed(after.exposed(i) && !before.exposed(i));
    slot.set_allowed(chosen.allowed());
    slot.set_score(chosen.score());
    if (chosen.features_size() > 0) *slot.mutable_features() = chosen.features();
  }
  // Either the table, or what it would spread to: an older build's decision, or one that was asked for it.
  outcome.set_candidate_table(decision.candidate_table());
  *outcome.mutable_candidate_keys() = decision.candidate_keys();
  *outcome.mutable_candidate_categories() = decision.candidate_categories();
  *outcome.mutable_candidates() = decision.candidates();
  outcome.set_fully_logged(decision.fully_logged());
  outcome.set_log_probability(decision.log_probability());
  outcome.set_feature_fingerprint(decision.feature_fingerprint());
  outcome.set_slate_propensity(decision.slate_propensity());
  outcome.set_randomised(decision.randomised());
  outcome.set_shard(shard.value());
  *outcome.mutable_user_features() = decision.user_features();
  if (decision.has_learned_weight()) *outcome.mutable_learned_weight() = decision.learned_weight();
  if (decision.has_choice()) *outcome.mutable_choice() = decision.choice();
  *outcome.mutable_engagements() = after.engagements();
  outcome.set_comeback(after.comeback());
}

bool engage(pb::Join& join, int slot, records::InteractionType type, double dwell_seconds) {
  const auto position = static_cast<std::uint32_t>(slot), number = static_cast<std::uint32_t>(type);
  const bool dwells = type == records::InteractionType::kDwell;
  for (pb::Engagement& engagement : *join.mutable_engagements()) {
    if (engagement.slot() != position || engagement.type() != number) continue;
    if (dwells) engagement.set_dwell_seconds(engagement.dwell_seconds() + dwell_seconds);
    return dwells && dwell_seconds != 0;
  }
  pb::Engagement& engagement = *join.add_engagements();
  engagement.set_slot(position);
  engagement.set_type(number);
  if (dwells) engagement.set_dwell_seconds(dwell_seconds);
  return true;
}

int slot_of(const pb::Decision& decision, std::uint64_t item_key, bool has_item,
            std::int32_t position) {
  if (position >= 0 && position < decision.slots_size() &&
      (!has_item || decision.slots(position).item_key() == item_key))
    return position;
  if (!has_item) return -1;
  for (int i = 0; i < decision.slots_size(); ++i)
    if (decision.slots(i).item_key() == item_key) return i;
  return -1;
}

}  // namespace riffle::features
