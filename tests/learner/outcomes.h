// Outcomes for the learners' tests: single ones by hand, and stories: a decision's revisions as a joiner makes them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/rng.h"
#include "features/feature_vector.h"
#include "records/riffle.pb.h"

namespace riffle::learner::testing {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kStartMs = 1'760'000'000'000;

inline pb::Outcome outcome(const std::string& user, std::uint64_t ordinal, std::int64_t decision_ms = kStartMs) {
  pb::Outcome made;
  made.set_user_id(user);
  made.set_ordinal(ordinal);
  made.set_recommendation_id(user + "#" + std::to_string(ordinal));
  made.set_segment("s");
  made.set_decision_ms(decision_ms);
  made.set_time_ms(decision_ms);
  made.set_feature_fingerprint(features::feature_fingerprint());
  return made;
}

// Features are 0 but for those given, from the first.
inline pb::OutcomeSlot& add_slot(pb::Outcome& outcome, std::uint64_t category, double reward,
                                 const std::vector<float>& features = {}) {
  auto& slot = *outcome.add_slots();
  slot.set_category_key(category);
  slot.set_reward(reward);
  slot.set_exposed(true);
  slot.set_newly_exposed(true);
  for (std::size_t i = 0; i < features::kFeatureCount; ++i) slot.add_features(i < features.size() ? features[i] : 0);
  return slot;
}

// The revision after `before`: nothing newly exposed, rewards as they were.
inline pb::Outcome next_revision(const pb::Outcome& before) {
  pb::Outcome next = before;
  next.set_revision(before.revision() + 1);
  for (auto& slot : *next.mutable_slots()) {
    slot.set_previous_reward(slot.reward());
    slot.set_newly_exposed(false);
  }
  return next;
}

// A random decision's revisions, the last one closed: rewards come and are taken back, slots are exposed late or never,
// and some get their reward before they count as exposed.
inline std::vector<pb::Outcome> story(Rng& rng, const std::string& user, std::uint64_t ordinal,
                                      std::int64_t decision_ms) {
  pb::Outcome now = outcome(user, ordinal, decision_ms);
  now.set_segment("segment " + std::to_string(rng.below(3)));
  now.set_randomised(rng.below(3) == 0);
  for (std::uint64_t c = 0; c < 4; ++c) now.add_candidate_categories(c);
  const std::uint64_t slots = 1 + rng.below(20);
  for (std::uint64_t k = 0; k < slots; ++k) {
    std::vector<float> features(features::kFeatureCount);
    for (float& x : features) x = static_cast<float>(2 * rng.uniform() - 1);
    auto& slot = add_slot(now, rng.below(4), rng.below(4) == 0 ? rng.uniform() : 0, features);
    const bool exposed = rng.below(2) == 0;
    slot.set_exposed(exposed);
    slot.set_newly_exposed(exposed);
  }
  std::vector<pb::Outcome> revisions{now};
  for (std::uint64_t more = 1 + rng.below(4); more > 0; --more) {
    now = next_revision(now);
    for (auto& slot : *now.mutable_slots()) {
      if (rng.below(3) == 0) slot.set_reward(3 * rng.uniform() - 1);
      if (!slot.exposed() && rng.below(3) == 0) {
        slot.set_exposed(true);
        slot.set_newly_exposed(true);
      }
    }
    if (more == 1) now.set_closed(true);
    revisions.push_back(now);
  }
  return revisions;
}

// What someone learns who waited for the last revision.
inline pb::Outcome last_state(const std::vector<pb::Outcome>& revisions) {
  pb::Outcome last = revisions.back();
  last.set_revision(0);
  for (auto& slot : *last.mutable_slots()) {
    slot.set_previous_reward(0);
    slot.set_newly_exposed(slot.exposed());
  }
  return last;
}

// The stories' revisions in a random order that keeps each story's own.
inline std::vector<pb::Outcome> interleaved(Rng& rng, const std::vector<std::vector<pb::Outcome>>& stories) {
  std::vector<std::size_t> order;
  for (std::size_t s = 0; s < stories.size(); ++s) order.insert(order.end(), stories[s].size(), s);
  std::shuffle(order.begin(), order.end(), rng);
  std::vector<std::size_t> next(stories.size(), 0);
  std::vector<pb::Outcome> all;
  for (const std::size_t s : order) all.push_back(stories[s][next[s]++]);
  return all;
}

}  // namespace riffle::learner::testing
