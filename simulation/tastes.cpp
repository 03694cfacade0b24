#include "simulation/tastes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace riffle::simulation {
namespace {

constexpr double kMostAttraction = 0.95;
constexpr std::size_t kPositions = 1000;  // the longest list (records::Limits::list_items)

// Some categories have more friends than others: the weight of rank r is 1/√(1 + r).
std::size_t draw_category(std::size_t categories, const std::vector<bool>& taken, Rng& rng) {
  double total = 0;
  for (std::size_t c = 0; c < categories; ++c)
    if (!taken[c]) total += 1 / std::sqrt(1.0 + static_cast<double>(c));
  double left = rng.uniform() * total;
  std::size_t last = 0;
  for (std::size_t c = 0; c < categories; ++c) {
    if (taken[c]) continue;
    last = c;
    left -= 1 / std::sqrt(1.0 + static_cast<double>(c));
    if (left < 0) break;
  }
  return last;
}

struct Favourite {
  std::size_t category;
  double taste;
};

std::vector<Favourite> draw_favourites(std::size_t count, std::size_t categories, Rng& rng) {
  std::vector<bool> taken(categories, false);
  std::vector<Favourite> favourites;
  for (std::size_t i = 0; i < std::min(count, categories); ++i) {
    const std::size_t category = draw_category(categories, taken, rng);
    taken[category] = true;
    const double rank = 1 - 0.2 * static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(1, count - 1));
    favourites.push_back({category, rank * (0.9 + 0.1 * rng.uniform())});
  }
  return favourites;
}

// Favourites move, in random order, to categories that were none of them, until enough of their mass has moved. The
// amount of liking stays: only where it lies changes.
std::vector<Favourite> drifted(const std::vector<Favourite>& before, double share, std::size_t categories, Rng& rng) {
  std::vector<Favourite> after = before;
  std::vector<bool> taken(categories, false);
  double mass = 0;
  for (const Favourite& f : before) {
    taken[f.category] = true;
    mass += f.taste;
  }
  std::vector<std::size_t> order(after.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  double moved = 0;
  std::size_t free = categories - before.size();
  for (const std::size_t i : order) {
    if (moved >= share * mass || free == 0) break;
    after[i].category = draw_category(categories, taken, rng);
    taken[after[i].category] = true;
    --free;
    moved += after[i].taste;
  }
  return after;
}

void write_tastes(const std::vector<Favourite>& favourites, const ShoppersOptions& options, std::size_t categories,
                  float* out) {
  std::fill(out, out + categories, static_cast<float>(options.other_taste));
  for (const Favourite& f : favourites)
    for (std::size_t c = 0; c < categories; ++c)
      if (branch_of(c) == branch_of(f.category)) out[c] = static_cast<float>(options.sibling_taste);
  for (const Favourite& f : favourites) out[f.category] = static_cast<float>(f.taste);
}

}  // namespace

Tastes::Tastes(const Shop& shop, const ShoppersOptions& options)
    : shop_(shop),
      options_(options),
      start_(options.end - options.span),
      drift_time_(start_ + Milliseconds(std::llround(options.drift_at * static_cast<double>(options.span.count())))) {
  const absl::Status valid = validate(options);
  RIFFLE_CHECK(valid.ok(), valid.ToString());
  const std::size_t categories = shop.categories();
  for (std::size_t k = 0; k < kPositions; ++k)
    examination_.push_back(std::pow(options.examination_decay, static_cast<double>(k)));
  before_.resize(options.users * categories);
  after_.resize(options.users * categories);
  ignored_.resize(options.users * categories);
  pairs_.reserve(options.users * shop.size());
  Rng rng(options.seed);
  for (std::size_t u = 0; u < options.users; ++u) {
    warmth_.push_back(static_cast<float>(options.click_scale * (0.7 + 0.6 * rng.uniform())));
    const auto favourites = draw_favourites(options.favourites, categories, rng);
    write_tastes(favourites, options, categories, &before_[u * categories]);
    write_tastes(drifted(favourites, options.drift_share, categories, rng), options, categories, &after_[u * categories]);
    for (std::size_t i = 0; i < shop.size(); ++i) {
      const double whim = 1 + options.idiosyncrasy * (2 * rng.uniform() - 1);
      pairs_.push_back({static_cast<float>(shop.quality(i) * whim), 0});
    }
  }
}

double Tastes::examination(std::size_t position) const {
  return position < examination_.size() ? examination_[position] : 0;
}

const float* Tastes::tastes(std::size_t user, TimePoint at) const {
  return &(at < drift_time_ ? before_ : after_)[user * shop_.categories()];
}

double Tastes::units(TimePoint at) const {
  return std::exp2(static_cast<double>((at - start_).count()) / static_cast<double>(options_.fatigue_half_life.count()));
}

double Tastes::taste(std::size_t user, std::size_t category, TimePoint at) const { return tastes(user, at)[category]; }

double Tastes::attraction(std::size_t user, std::size_t item, TimePoint at) const {
  const std::size_t category = shop_.category(item);
  const Pair& pair = pairs_[user * shop_.size() + item];
  const double tired = (options_.item_fatigue * pair.ignored +
                        options_.category_fatigue * ignored_[user * shop_.categories() + category]) / units(at);
  return std::min(kMostAttraction, static_cast<double>(warmth_[user]) * tastes(user, at)[category] * pair.own / (1 + tired));
}

void Tastes::attractions(std::size_t user, TimePoint at, std::vector<float>& scores) const {
  const float* taste = tastes(user, at);
  const float* ignored = &ignored_[user * shop_.categories()];
  const Pair* pairs = &pairs_[user * shop_.size()];
  const auto per_item = static_cast<float>(options_.item_fatigue / units(at));
  const auto per_category = static_cast<float>(options_.category_fatigue / units(at));
  scores.resize(shop_.size());
  for (std::size_t i = 0; i < shop_.size(); ++i) {
    const std::size_t c = shop_.category(i);
    const float tired = per_item * pairs[i].ignored + per_category * ignored[c];
    scores[i] = std::min(static_cast<float>(kMostAttraction), warmth_[user] * taste[c] * pairs[i].own / (1 + tired));
  }
}

void Tastes::on_ignored(std::size_t user, std::size_t item, TimePoint at) {
  const auto one = static_cast<float>(units(at));
  pairs_[user * shop_.size() + item].ignored += one;
  ignored_[user * shop_.categories() + shop_.category(item)] += one;
}

void Tastes::on_bought(std::size_t user, std::size_t item) {
  pairs_[user * shop_.size() + item].own *= static_cast<float>(options_.bought_factor);
}

}  // namespace riffle::simulation
