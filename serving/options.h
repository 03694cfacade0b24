// A policy as configured: scorer + explorer + diversifier, and where its candidates come from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "learner/policy_version.h"

namespace riffle::serving {

struct ExplorerOptions {
  std::string kind = "squarecb";     // greedy | epsilon | squarecb | softmax | thompson | regcb | ucb1 | uniform
  double epsilon = 0.02;             // share drawn uniformly over everything allowed (all but greedy and uniform)
  double epsilon_start = 0;          // epsilon: the share before anything was learned, where above `epsilon` …
  double epsilon_half_life = 10000;  // … which comes half the way to `epsilon` with so many slots learned
  double gamma_scale = 10;           // squarecb: γ = gamma_scale · t^gamma_exponent
  double gamma_exponent = 0.5;
  std::size_t top = 20;              // squarecb, softmax: m
  double max_slots_learned = 10000;  // squarecb: t is capped here
  double temperature = 0.05;         // softmax: p ∝ exp(u / temperature)
  double mellowness = 0.01;          // regcb: c₀ of the excess loss that an estimate may have
};

constexpr std::size_t kMostWindow = 100;

struct DiversifierOptions {
  std::string kind = "dpp";          // none | mmr | dpp | ssd | calibration
  double weight = 0.1;               // λ; a request's `diversity` takes its place
  std::size_t window = 5;            // ssd: neighbouring slots that are to differ
  std::size_t depth = 1;             // calibration: of the category path that counts
  learner::WeightOptions adapt = {};  // how λ is learned in the place of `weight`; its `first` is `weight`
};

struct CategoryCap {
  std::size_t depth = 1;             // of the category path that counts
  std::size_t most = 3;              // items of one category …
  std::size_t window = 10;           // … among so many neighbouring slots
};

struct PolicyOptions {
  PolicyId id;
  std::string scorer = "linear";     // learner/registry.cpp has them
  ExplorerOptions explorer;
  DiversifierOptions diversifier;
  std::vector<CategoryCap> caps;
  std::vector<std::string> sources;  // names of the candidate sources that it asks; empty: every one
  double reward_ceiling = 1.0;       // r̂ is clipped to [0, ceiling] and divided by it before λ·g is added
  std::size_t shortlist = 500;       // candidates of highest r̂ that explorer and diversifier look at; 0: all (serving/shortlist.h)
};

// What is learned for it. Without a diversifier there is no weight to learn.
inline learner::LearnedPolicy learned_policy(const PolicyOptions& policy) {
  learner::LearnedPolicy learned{policy.id, policy.scorer, policy.diversifier.adapt};
  learned.weight.first = policy.diversifier.weight;
  if (policy.diversifier.kind == "none") learned.weight.kind = "none";
  return learned;
}

struct SourceOptions {
  std::size_t together = 100;        // candidates wanted of each source; 0: off
  std::size_t next = 50;
  std::size_t category = 100;        // popular in the user's favourite categories
  std::size_t popular = 100;
  std::size_t trending = 30;
  std::size_t own = 20;
  std::size_t fresh = 20;
  std::size_t explore = 20;          // of the catalogue, whatever is known of them
  std::size_t similar = 0;           // with titles like those of the user's recent items
  std::size_t sequence = 50;         // what the live encoder thinks comes next, where one runs
  std::size_t recent_items = 5;      // of the user, as the start of neighbours
};

struct ServingOptions {
  std::size_t default_n = 10;
  std::size_t candidates = 200;      // kept after merging the sources
  SourceOptions sources;
  bool repeat_purchased = false;     // may what the user bought be listed again?
  bool repeat_seen = true;           // … and what he clicked or viewed?
  bool serve_unknown_items = true;   // items seen in events that the catalogue does not have
  double full_log_share = 0.01;      // decisions that log all candidates, by hash
  std::size_t sampled_candidates = 16;
  std::string language = "en";       // en | zh
  Milliseconds degrade_below{5};     // with less time left than this a list is made the short way
};

struct Arm {
  PolicyId policy;
  double share = 0;
};
struct ExperimentOptions {
  std::string salt = "riffle";
  std::vector<Arm> arms;             // shares sum to 1; the arm of a user is hash(salt, user_id)
};

const PolicyId& arm_of(const ExperimentOptions& options, const UserId& user);

}  // namespace riffle::serving
