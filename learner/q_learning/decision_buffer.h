// The newest decisions with their slots' features and rewards as they are known by now, and who comes after whom: what deep
// Q-learning replays. A user's decision n is paired with the next of his that is held, n + 1 as a rule, whichever came
// first; a session's end changes nothing about it.
//
// Bounded: decision number i (as they came) lies at place i mod capacity, so the oldest makes room. Of a decision are kept the
// first kMostSlots exposed slots and kMostCandidates of the candidates logged.
//
// A checkpoint names what is held (recommendation ids, as hashes); the content comes from `outcomes` again, as every
// revision stands by itself: restore(), then refill() with what the checkpoint had learned. A place that is not filled (its
// outcome has left the log) is empty until its turn to make room comes.
//
// One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "learner/trainer.h"

namespace riffle::learner {

// What was done with a slot, besides what it earned.
struct Engaged {
  bool clicked = false, purchased = false;
  float dwell_seconds = 0;
};

struct HeldDecision {
  std::uint64_t recommendation = 0;   // stable_hash of the id
  std::uint64_t user = 0;             // likewise
  std::uint64_t ordinal = 0;
  std::int64_t decision_ms = 0;
  std::uint32_t revision = 0;
  bool closed = false;
  bool filled = false;
  OutcomePlace place;                 // of the newest revision
  std::vector<float> features;        // of exposed slots, kFeatureCount each
  std::vector<std::uint16_t> positions;
  std::vector<float> rewards;         // within ± the limit
  std::vector<Engaged> engaged;
  float comeback = 0;                 // what each of them earned by the user's coming back
  std::vector<float> candidates;      // features of those logged

  std::size_t slots() const { return rewards.size(); }
  std::size_t candidate_count() const;
  double sum_reward() const;          // of the exposed slots
  double mean_reward() const;         // likewise; 0 without any
};

class DecisionBuffer {
 public:
  static constexpr std::size_t kMostSlots = 64;       // few look further down
  static constexpr std::size_t kMostCandidates = 16;  // a fully logged decision's are thinned evenly

  using Place = std::size_t;
  enum class Taken { kNew, kRevised, kStale, kTooOld };
  struct Result {
    Taken taken = Taken::kNew;
    Place place = 0;                  // of kNew and kRevised
    std::size_t newly_exposed = 0;    // slots that were not held as exposed before
    std::size_t cut_rewards = 0;      // beyond the limit
    std::size_t bad_candidates = 0;   // left out: no features, or not finite, or far out of range
  };

  DecisionBuffer(std::size_t capacity, double reward_limit);

  // An outcome that outcome_problem() finds nothing wrong with.
  //   kStale   this revision or a later one is held: nothing changes
  //   kTooOld  a later revision of a decision that is not held (any more): nothing changes
  Result take(const pb::Outcome& outcome, const OutcomePlace& place);
  // After restore(): the place that the outcome filled, if there is one for it.
  std::optional<Place> refill(const pb::Outcome& outcome, const OutcomePlace& place);

  const HeldDecision& at(Place place) const { return ring_[place]; }
  std::optional<Place> next_of(Place place) const;       // the user's next decision
  std::optional<Place> previous_of(Place place) const;

  std::size_t capacity() const { return ring_.size(); }
  std::uint64_t inserted() const { return inserted_; }    // decisions so far; held are the newest min(inserted, capacity)
  Place place_of(std::uint64_t number) const { return number % ring_.size(); }
  std::uint64_t oldest() const { return inserted_ - std::min<std::uint64_t>(inserted_, ring_.size()); }
  // The smallest offset of each shard that what is held, or still to be filled, was read at.
  std::vector<OutcomePlace> held_from() const;

  // The newest of `held` (oldest first) that fit, empty yet, numbered up to `inserted`. False, nothing changed: one is named
  // twice, or more than `inserted` are.
  bool restore(std::span<const std::uint64_t> held, std::uint64_t inserted, const std::vector<OutcomePlace>& read_from);

 private:
  using UserKey = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;  // user, ordinal, recommendation

  static std::vector<Engaged> engaged_of(const pb::Outcome& outcome, std::span<const std::uint16_t> positions);
  void fill(HeldDecision& decision, const pb::Outcome& outcome, const OutcomePlace& place, Result& result);
  void make_room(Place place);
  void no_longer_empty();
  static UserKey key_of(const HeldDecision& decision) {
    return {decision.user, decision.ordinal, decision.recommendation};
  }

  double reward_limit_;
  std::vector<HeldDecision> ring_;
  std::uint64_t inserted_ = 0;
  std::size_t empty_ = 0;                                        // restored, not filled
  absl::flat_hash_map<std::uint64_t, Place> by_recommendation_;
  std::map<UserKey, Place> by_user_;                             // of filled places
  std::map<std::int32_t, std::int64_t> restored_from_;           // as long as a place is empty
};

}  // namespace riffle::learner
