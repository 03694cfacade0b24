// What the rows keep and how they forget. config/ fills it; config/default.yaml documents each key.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/time.h"
#include "records/event.h"

namespace riffle::features {

// What an interaction of a type is worth, to popularity, affinity and neighbours (weight) and to a
// list's slot (reward).
struct TypeOptions {
  std::string name;
  double weight = 0;
  double reward = 0;
  Milliseconds reward_window{std::chrono::minutes(30)};  // from the list's time
};

// What a slot of a list earns:
//
//   reward = relevance·A + [seen]·(diversity·d + novelty·n + comeback·2^(−Δt/h))
//
// A: its events' rewards (TypeOptions), of several the `aggregate`. d and n are of the list as it was made (serving/list_terms.h).
// The last: where the user's next list comes at Δt between `comeback_after` and `comeback_within`, h the
// `comeback_half_life`; the list's outcome stays open for so long.
struct RewardOptions {
  enum class Aggregate { kSum, kFirst, kLast, kMax };  // in the order in which the shard applies them
  Aggregate aggregate = Aggregate::kSum;
  double relevance = 1, diversity = 0, novelty = 0, comeback = 0;
  Milliseconds comeback_after{std::chrono::hours(8)};
  Milliseconds comeback_within{std::chrono::hours(24 * 7)};
  Milliseconds comeback_half_life{std::chrono::hours(24 * 2)};
};

struct RowOptions {
  std::size_t history_length = 50;
  std::size_t impressions_length = 100;
  std::size_t dedup_length = 128;  // event ids remembered a user
  // A half-life of 0 never forgets.
  Milliseconds slow_half_life{std::chrono::hours(24 * 14)};
  Milliseconds fast_half_life{std::chrono::hours(24)};
  Milliseconds neighbour_half_life{std::chrono::hours(24 * 30)};
  std::size_t neighbours = 64;      // kept an item and kind
  std::size_t together_window = 5;  // co-visitation with the user's last so many items
  std::size_t next_window = 10;     // sequential: follows the last so many, weighted by 1/distance
  Milliseconds session_gap{std::chrono::minutes(30)};
  std::vector<TypeOptions> types;  // by name; custom names allowed. Empty: default_types()
  RewardOptions reward;
};
std::vector<TypeOptions> default_types();

struct JoinOptions {
  std::size_t open_decisions_per_user = 64;  // beyond it the oldest closes early
  std::size_t waiting_rewards = 100000;      // a shard; beyond it the oldest stops waiting at once
  Milliseconds last_touch_window{std::chrono::minutes(30)};
  std::vector<std::string> impression_surfaces;  // surfaces that send impressions; on the others
                                                 // all slots count as exposed
};

}  // namespace riffle::features
