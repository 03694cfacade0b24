#include "serving/shortlist.h"

#include <algorithm>

#include "serving/slate.h"

namespace riffle::serving {

void Shortlist::take_all(const SlateInput& input) {
  whole_ = true;
  all_keys_ = input.keys;
  all_scores_ = input.scores;
  all_kernels_ = input.kernels;
  all_paths_ = input.category_paths;
  all_draws_ = input.draws;
  all_widths_ = input.widths;
}

void Shortlist::take_best(const SlateInput& input, std::span<const std::uint32_t> allowed,
                          std::span<const std::uint32_t> filled) {
  whole_ = false;
  candidates_ = top_.select({.utility = input.scores, .keys = input.keys, .allowed = allowed}, input.policy->shortlist);
  candidates_.insert(candidates_.end(), filled.begin(), filled.end());
  std::sort(candidates_.begin(), candidates_.end());
  gather(input);
}

void Shortlist::take_in(const SlateInput& input, std::uint32_t candidate) {
  candidates_.insert(std::lower_bound(candidates_.begin(), candidates_.end(), candidate), candidate);
  gather(input);
}

void Shortlist::gather(const SlateInput& input) {
  const std::size_t each = input.draws.size() / input.keys.size();
  keys_.clear(), scores_.clear(), kernels_.clear(), paths_.clear(), draws_.clear(), widths_.clear();
  for (const std::uint32_t candidate : candidates_) {
    keys_.push_back(input.keys[candidate]);
    scores_.push_back(input.scores[candidate]);
    kernels_.push_back(input.kernels[candidate]);
    if (!input.category_paths.empty()) paths_.push_back(input.category_paths[candidate]);
    const auto drawn = input.draws.subspan(candidate * each, each);
    draws_.insert(draws_.end(), drawn.begin(), drawn.end());
    if (!input.widths.empty()) widths_.push_back(input.widths[candidate]);
  }
}

std::optional<std::uint32_t> Shortlist::place_of(std::uint32_t candidate) const {
  if (whole_) return candidate;
  const auto at = std::lower_bound(candidates_.begin(), candidates_.end(), candidate);
  if (at == candidates_.end() || *at != candidate) return std::nullopt;
  return static_cast<std::uint32_t>(at - candidates_.begin());
}

void Shortlist::widen(Distribution& distribution, std::size_t open, std::size_t allowed) const {
  if (whole_) return;
  distribution.everywhere *= static_cast<double>(open) / static_cast<double>(allowed);
  distribution.best = candidates_[distribution.best];
  for (auto& [item, mass] : distribution.peaks) item = candidates_[item];
}

}  // namespace riffle::serving
