#include "serving/diversifiers/calibration.h"

#include <algorithm>
#include <cmath>

namespace riffle::serving {
namespace {

// One category's part of C, of a list of `slots` slots that has it in `own` of them.
double divergence(double wanted, double own, double slots) {
  if (wanted <= 0) return 0;
  constexpr double a = Calibration::kOwn;
  return wanted * std::log(wanted / ((1 - a) * own / slots + a * wanted));
}

}  // namespace

void Calibration::reset(const DiversifierInput& input) {
  depth_ = std::max<std::size_t>(input.options->depth, 1);
  categories_.clear();
  numbers_.clear();
  slots_ = 0;
  // What a user wants is asked of all that could be listed, and not of what a shortlist has left of it.
  number(input.all_paths.empty() ? input.category_paths : input.all_paths);
  find_wanted(input);
  if (!input.all_paths.empty()) number(input.category_paths);
  terms_.resize(categories_.size());
  gains_.resize(categories_.size() + 1);
  find_gains();
}

// `category_` of each path.
void Calibration::number(std::span<const std::span<const CategoryKey>> paths) {
  category_.clear();
  for (const std::span<const CategoryKey> path : paths) {
    if (path.empty()) {
      category_.push_back(0);
      continue;
    }
    const auto [entry, made] = numbers_.insert(path[std::min(depth_, path.size()) - 1].value());
    if (made) {
      categories_.emplace_back();
      entry->value = static_cast<std::uint32_t>(categories_.size());
    }
    category_.push_back(entry->value);
  }
}

void Calibration::find_wanted(const DiversifierInput& input) {
  double known = 0, categorised = 0;
  for (const CategoryShare& taste : input.tastes) {
    const auto* const number = numbers_.find(taste.category.value());
    if (number == nullptr || !(taste.share > 0)) continue;
    categories_[number->value - 1].wanted = static_cast<double>(taste.share);
    known += static_cast<double>(taste.share);
  }
  for (const std::uint32_t number : category_) categorised += number > 0;
  const double rest = std::max(0.0, 1 - known);
  for (const std::uint32_t number : category_)
    if (number > 0) categories_[number - 1].wanted += rest / categorised;
  for (Category& category : categories_) category.wanted /= known + rest;
}

void Calibration::find_gains() {
  static const double kMost = std::log(1 / kOwn);
  const auto slots = static_cast<double>(slots_ + 1);
  double without = 0;  // C where the next slot's item is of no category
  for (std::size_t c = 0; c < categories_.size(); ++c) {
    terms_[c] = divergence(categories_[c].wanted, categories_[c].slots, slots);
    without += terms_[c];
  }
  const auto gain = [](double all) { return static_cast<float>(std::clamp(1 - all / kMost, 0.0, 1.0)); };
  gains_[0] = gain(without);
  for (std::size_t c = 0; c < categories_.size(); ++c)
    gains_[c + 1] = gain(without - terms_[c] + divergence(categories_[c].wanted, categories_[c].slots + 1.0, slots));
}

void Calibration::gains(std::span<float> out) const {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = gains_[category_[i]];
}

void Calibration::add(std::uint32_t candidate) {
  ++slots_;
  if (category_[candidate] > 0) ++categories_[category_[candidate] - 1].slots;
  find_gains();
}

}  // namespace riffle::serving
