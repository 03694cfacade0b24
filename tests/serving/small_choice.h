// A choice small enough that its distribution is worked out the long way.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "serving/slate.h"
#include "tests/serving/kernels.h"

namespace riffle::serving {

struct Small {
  explicit Small(std::size_t count, std::uint64_t seed = 9) {
    Rng rng(seed);
    kernels = random_kernels(count, rng);
    tastes = {{CategoryKey(1), .3F}, {CategoryKey(2), .1F}, {CategoryKey(3), .2F}};
    Rng doubt(seed + 1);
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back(ItemKey(1000 - i));
      scores.push_back(static_cast<float>(.3 * rng.uniform()));
      paths.push_back({CategoryKey(1 + i % 2)});
      widths.push_back(static_cast<float>(.2 * doubt.uniform()));
      for (std::size_t s = 0; s < kDraws; ++s)
        draws.push_back(scores.back() + static_cast<float>(.2 * (doubt.uniform() - .5)));
    }
    for (const auto& path : paths) path_spans.emplace_back(path);
    kernel_pointers = pointers(kernels);
    policy.reward_ceiling = .25;
    policy.explorer.top = 3;
    policy.explorer.epsilon = .2;
    policy.diversifier.window = 2;  // shorter than the lists
  }

  double gain(const std::vector<std::uint32_t>& above, std::uint32_t item) const {
    return naive_gain(policy.diversifier, {kernels, paths, tastes}, above, item);
  }

  SlateInput input(std::size_t slots) const {
    return {.keys = keys, .scores = scores, .kernels = kernel_pointers, .category_paths = path_spans, .policy = &policy,
            .slots = slots, .explore = explore, .diversity = diversity, .slots_learned = 30, .draws = draws, .widths = widths,
            .tastes = tastes, .arms = arms};
  }

  bool capped(const std::vector<std::uint32_t>& above, std::uint32_t item) const {
    for (const CategoryCap& cap : policy.caps) {
      std::size_t same = 1;
      for (std::size_t back = 1; back < cap.window && back <= above.size(); ++back)
        same += paths[above[above.size() - back]][0] == paths[item][0];
      if (same > cap.most) return true;
    }
    return false;
  }

  std::vector<std::uint32_t> allowed_after(const std::vector<std::uint32_t>& above) const {
    std::vector<std::uint32_t> remaining, allowed;
    for (std::uint32_t i = 0; i < keys.size(); ++i)
      if (std::find(above.begin(), above.end(), i) == above.end()) remaining.push_back(i);
    for (const std::uint32_t i : remaining)
      if (!capped(above, i)) allowed.push_back(i);
    return allowed.empty() ? remaining : allowed;
  }

  // What of `allowed` stage one lists: the best of all candidates, and once nothing of them is left, the best of what is.
  std::vector<std::uint32_t> listed_after(const std::vector<std::uint32_t>& above) const {
    if (policy.shortlist == 0 || keys.size() <= policy.shortlist) return allowed_after(above);
    std::vector<std::uint32_t> listed, open;
    for (std::size_t slots = 0; slots <= above.size(); ++slots) {
      auto allowed = allowed_after({above.begin(), above.begin() + static_cast<std::ptrdiff_t>(slots)});
      const auto among_allowed = [&](std::uint32_t i) { return std::find(allowed.begin(), allowed.end(), i) != allowed.end(); };
      if (std::none_of(listed.begin(), listed.end(), among_allowed)) {
        listed = allowed;
        if (slots == 0)
          for (listed.clear(); listed.size() < keys.size();) listed.push_back(static_cast<std::uint32_t>(listed.size()));
        std::sort(listed.begin(), listed.end(), [&](std::uint32_t a, std::uint32_t b) {
          return scores[a] != scores[b] ? scores[a] > scores[b] : keys[a] < keys[b];
        });
        listed.resize(std::min(listed.size(), policy.shortlist));
      }
      open.clear();
      std::copy_if(listed.begin(), listed.end(), std::back_inserter(open), among_allowed);
    }
    std::sort(open.begin(), open.end());
    return open;
  }

  // P(item in the next slot | above), by item.
  std::map<std::uint32_t, double> next(const std::vector<std::uint32_t>& above) const {
    const std::vector<std::uint32_t> allowed = allowed_after(above), listed = listed_after(above);
    std::vector<std::pair<double, std::uint32_t>> ranked;
    for (const std::uint32_t i : listed) {
      const double relevance = std::clamp(static_cast<double>(scores[i]) / policy.reward_ceiling, 0.0, 1.0);
      ranked.emplace_back(-(relevance + diversity * gain(above, i)), i);
    }
    std::sort(ranked.begin(), ranked.end());
    std::map<std::uint32_t, double> p;
    const auto count = static_cast<double>(allowed.size());
    const ExplorerOptions& options = policy.explorer;
    if (options.kind == "greedy") p[ranked[0].second] = 1;
    if (options.kind == "uniform")
      for (const std::uint32_t i : allowed) p[i] = 1 / count;
    if (options.kind == "epsilon") {
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      p[ranked[0].second] += 1 - options.epsilon;
    }
    if (options.kind == "squarecb") {
      const std::size_t m = std::min(options.top, ranked.size());
      const double gamma = options.gamma_scale * std::sqrt(30.0);
      double rest = 1;
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      for (std::size_t k = 1; k < m; ++k) {
        const double mass = 1 / (static_cast<double>(m) + gamma * (ranked[k].first - ranked[0].first));
        p[ranked[k].second] += (1 - options.epsilon) * mass;
        rest -= mass;
      }
      p[ranked[0].second] += (1 - options.epsilon) * rest;
    }
    if (options.kind == "softmax") {
      const std::size_t m = std::min(options.top, ranked.size());
      double sum = 0;
      for (std::size_t k = 0; k < m; ++k) sum += std::exp(-ranked[k].first / options.temperature);
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      for (std::size_t k = 0; k < m; ++k)
        p[ranked[k].second] += (1 - options.epsilon) * std::exp(-ranked[k].first / options.temperature) / sum;
    }
    const auto best_by = [&](const auto& value) {
      return *std::max_element(listed.begin(), listed.end(),
                               [&](std::uint32_t a, std::uint32_t b) { return value(a) < value(b); });
    };
    const auto bonus = [&](std::uint32_t i) { return diversity * gain(above, i); };
    if (options.kind == "thompson") {
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      for (std::size_t s = 0; s < kDraws; ++s)
        p[best_by([&](std::uint32_t i) { return draws[i * kDraws + s] / policy.reward_ceiling + bonus(i); })] +=
            (1 - options.epsilon) / kDraws;
    }
    if (options.kind == "regcb" || options.kind == "ucb1") {
      const double reach = options.kind == "regcb" ? std::sqrt(options.mellowness * std::log(30 * static_cast<double>(listed.size())))
                                                   : std::sqrt(2 * std::log(30));
      for (const std::uint32_t i : allowed) p[i] = options.epsilon / count;
      p[best_by([&](std::uint32_t i) {
        return std::clamp(scores[i] / policy.reward_ceiling, 0.0, 1.0) + bonus(i) + reach * widths[i];
      })] += 1 - options.epsilon;
    }
    for (auto& [i, mass] : p) mass *= explore;
    p[ranked[0].second] += 1 - explore;
    return p;
  }

  // Every list that can come out, with its probability.
  void enumerate(std::size_t slots, std::vector<std::uint32_t> above, double mass,
                 std::map<std::vector<std::uint32_t>, double>& lists) const {
    if (above.size() == std::min(slots, keys.size())) {
      lists[above] += mass;
      return;
    }
    for (const auto& [item, p] : next(above)) {
      std::vector<std::uint32_t> longer = above;
      longer.push_back(item);
      enumerate(slots, longer, mass * p, lists);
    }
  }

  std::vector<ItemKey> keys;
  std::vector<float> scores;
  static constexpr std::size_t kDraws = 16;
  std::vector<float> draws, widths;
  std::vector<features::KernelVector> kernels;
  std::vector<const features::KernelVector*> kernel_pointers;
  std::vector<std::vector<CategoryKey>> paths;
  std::vector<std::span<const CategoryKey>> path_spans;
  std::vector<CategoryShare> tastes;
  PolicyOptions policy;
  double explore = 1, diversity = .4;
  std::vector<learner::WeightArm> arms;
};

inline std::vector<std::uint32_t> items_of(const Slate& slate) {
  std::vector<std::uint32_t> items;
  for (const FilledSlot& slot : slate.slots) items.push_back(slot.candidate);
  return items;
}

struct Kinds {
  std::string explorer, diversifier;
  bool caps;
  std::size_t shortlist = 0;
};

inline void set_kinds(Small& small, const Kinds& kinds) {
  small.policy.explorer.kind = kinds.explorer;
  small.policy.diversifier.kind = kinds.diversifier;
  if (kinds.caps) small.policy.caps = {{.depth = 1, .most = 1, .window = 2}};
  small.policy.shortlist = kinds.shortlist;
}

// Of a test's parameter.
inline std::string name_of_kinds(const ::testing::TestParamInfo<Kinds>& kinds) {
  return kinds.param.explorer + "_" + kinds.param.diversifier + (kinds.param.caps ? "_caps" : "") +
         (kinds.param.shortlist > 0 ? "_of_the_best_" + std::to_string(kinds.param.shortlist) : "");
}

}  // namespace riffle::serving
