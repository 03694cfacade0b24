// Small decision processes with known optimal values, and their decisions as outcomes: a state is a segment and some
// features, an action an item of its own category, shown alone in a list.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "learner/outcomes.h"
#include "learner/scorer.h"

namespace riffle::learner::testing {

struct Step {
  double probability = 1;
  std::size_t next = 0;
  double reward = 0;
};

struct Mdp {
  std::string name;
  std::size_t states = 0;
  std::size_t actions = 0;
  double discount = 0.9;
  std::vector<std::vector<std::vector<Step>>> steps;  // [state][action]: what may happen
};

// Small change at the left end for the patient's large reward at the right end, which starts anew.
inline Mdp chain() {
  Mdp mdp{"Chain", 5, 2, .9, {}};
  for (std::size_t s = 0; s < 5; ++s) {
    const Step back{1, 0, s == 0 ? .2 : .05}, on{1, s == 4 ? 0 : s + 1, s == 4 ? 4.0 : 0.0};
    mdp.steps.push_back({{back}, {on}});
  }
  return mdp;
}

// Two categories and how often in a row the user has seen the one he likes: it earns most when fresh, the other lets it
// recover, and leaving it (action 2) earns a little whatever he has seen.
inline Mdp satiation() {
  Mdp mdp{"Satiation", 4, 3, .8, {}};
  for (std::size_t tired = 0; tired < 4; ++tired) {
    const std::array liked{1.0, .5, .1, 0.0};
    mdp.steps.push_back({{{1, std::min<std::size_t>(tired + 1, 3), liked[tired]}},
                         {{1, tired >= 2 ? tired - 2 : 0, .1}},
                         {{1, tired, .15}}});
  }
  return mdp;
}

// A user who comes back or is gone for a while, by chance: pushing (action 1) earns more now and drives him away.
inline Mdp loyalty() {
  Mdp mdp{"Loyalty", 3, 2, .9, {}};
  mdp.steps.push_back({{{.9, 0, .4}, {.1, 1, .4}}, {{.3, 0, .8}, {.7, 1, .8}}});
  mdp.steps.push_back({{{.7, 0, .2}, {.3, 2, .2}}, {{.2, 0, .5}, {.8, 2, .5}}});
  mdp.steps.push_back({{{.3, 0, 0}, {.7, 2, 0}}, {{.1, 0, .05}, {.9, 2, .05}}});
  return mdp;
}

using Values = std::vector<std::vector<double>>;  // Q[state][action]

inline double expected(const Mdp& mdp, const std::vector<double>& values, std::size_t state, std::size_t action) {
  double sum = 0;
  for (const Step& step : mdp.steps[state][action])
    sum += step.probability * (step.reward + mdp.discount * values[step.next]);
  return sum;
}

inline Values value_iteration(const Mdp& mdp) {
  std::vector<double> values(mdp.states, 0);
  Values q(mdp.states, std::vector<double>(mdp.actions));
  for (int sweep = 0; sweep < 1000; ++sweep) {
    for (std::size_t s = 0; s < mdp.states; ++s)
      for (std::size_t a = 0; a < mdp.actions; ++a) q[s][a] = expected(mdp, values, s, a);
    for (std::size_t s = 0; s < mdp.states; ++s) values[s] = *std::max_element(q[s].begin(), q[s].end());
  }
  return q;
}

// Mean over the states to start in of what a policy (an action a state) earns.
inline double return_of_policy(const Mdp& mdp, const std::vector<std::size_t>& policy) {
  std::vector<double> values(mdp.states, 0);
  for (int sweep = 0; sweep < 1000; ++sweep)
    for (std::size_t s = 0; s < mdp.states; ++s) values[s] = expected(mdp, values, s, policy[s]);
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(mdp.states);
}

inline std::vector<std::size_t> greedy(const Values& q) {
  std::vector<std::size_t> policy;
  for (const auto& row : q)
    policy.push_back(static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  return policy;
}

inline std::vector<float> mdp_features(std::size_t state, std::size_t action) {
  std::vector<float> row(features::kFeatureCount, 0.0F);
  row[state] = 1;
  row[8 + action] = 1;
  return row;
}

inline const std::array<std::string, 5> kStates{"s0", "s1", "s2", "s3", "s4"};

// The decision of user u in this state, a minute after his last, with what it earned at once.
inline pb::Outcome mdp_outcome(const Mdp& mdp, std::uint64_t ordinal, std::size_t state, std::size_t action, double reward) {
  pb::Outcome made = outcome("u", ordinal, kStartMs + static_cast<std::int64_t>(ordinal) * 60'000);
  made.set_segment(kStates[state]);
  add_slot(made, action, reward, mdp_features(state, action));
  for (std::size_t a = 0; a < mdp.actions; ++a) {
    made.add_candidate_categories(a);
    auto& candidate = *made.add_candidates();
    for (const float x : mdp_features(state, a)) candidate.add_features(x);
  }
  return made;
}

// Walks on with actions as `choose(state)` has them and hands each decision's outcome on.
template <class Choose, class Learn>
void walk(const Mdp& mdp, Rng& rng, std::uint64_t decisions, const Choose& choose, const Learn& learn) {
  std::size_t state = 0;
  for (std::uint64_t n = 0; n < decisions; ++n) {
    const std::size_t action = choose(state);
    const auto& steps = mdp.steps[state][action];
    std::size_t i = 0;
    for (double rest = rng.uniform(); i + 1 < steps.size() && rest >= steps[i].probability; ++i)
      rest -= steps[i].probability;
    learn(mdp_outcome(mdp, n, state, action, steps[i].reward));
    state = steps[i].next;
  }
}

inline std::vector<std::size_t> greedy_of(const Mdp& mdp, const Scorer& scorer) {
  std::vector<std::size_t> policy;
  for (std::size_t s = 0; s < mdp.states; ++s) {
    std::vector<float> rows, scores(mdp.actions), given(mdp.actions);
    std::vector<CategoryKey> categories;
    for (std::size_t a = 0; a < mdp.actions; ++a) {
      const auto row = mdp_features(s, a);
      rows.insert(rows.end(), row.begin(), row.end());
      categories.emplace_back(a);
    }
    scorer.score({rows, categories, given, kStates[s]}, scores);
    policy.push_back(static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()));
  }
  return policy;
}

}  // namespace riffle::learner::testing
