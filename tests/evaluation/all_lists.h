// Every list that could be made of a few candidates, with its probability: what drawing is held against.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "evaluation/slate_sampler.h"
#include "serving/slate.h"

namespace riffle::evaluation {

struct PossibleList {
  std::vector<std::uint32_t> candidates;  // by slot
  std::vector<double> conditional;        // of each slot, given those above
  double probability = 1;
};

inline PossibleList followed(serving::SlateBuilder& builder, const serving::SlateInput& input,
                             const std::vector<std::uint32_t>& candidates) {
  PossibleList list{.candidates = candidates, .conditional = {}, .probability = 1};
  builder.walk(input, [&](const serving::Distribution& distribution, std::span<const std::uint32_t> allowed) {
    const std::uint32_t next = candidates[list.conditional.size()];
    list.conditional.push_back(probability_among(distribution, allowed, next));
    list.probability *= list.conditional.back();
    return next;
  });
  return list;
}

inline std::vector<PossibleList> all_lists(const serving::SlateInput& input) {
  serving::SlateBuilder builder;
  std::vector<PossibleList> lists;
  std::vector<std::uint32_t> chosen;
  const std::function<void()> extend = [&] {
    if (chosen.size() == input.slots) {
      lists.push_back(followed(builder, input, chosen));
      return;
    }
    for (std::uint32_t candidate = 0; candidate < input.keys.size(); ++candidate) {
      if (std::find(chosen.begin(), chosen.end(), candidate) != chosen.end()) continue;
      chosen.push_back(candidate);
      extend();
      chosen.pop_back();
    }
  };
  extend();
  return lists;
}

// P(candidate in slot), slot by slot, by candidate.
inline std::vector<std::vector<double>> exact_marginals(const std::vector<PossibleList>& lists, std::size_t slots,
                                                        std::size_t candidates) {
  std::vector<std::vector<double>> marginals(slots, std::vector<double>(candidates, 0));
  for (const PossibleList& list : lists)
    for (std::size_t k = 0; k < slots; ++k) marginals[k][list.candidates[k]] += list.probability;
  return marginals;
}

}  // namespace riffle::evaluation
