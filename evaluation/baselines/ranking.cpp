#include "evaluation/baselines/ranking.h"

#include <algorithm>
#include <limits>

namespace riffle::evaluation {
namespace {

// The n best so far, sorted: higher scores first, of equal ones the item that appeared first.
bool before(const std::pair<double, ItemIndex>& a, const std::pair<double, ItemIndex>& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

void keep(std::vector<std::pair<double, ItemIndex>>& best, std::size_t n, std::pair<double, ItemIndex> entry) {
  if (best.size() == n) best.pop_back();
  best.insert(std::upper_bound(best.begin(), best.end(), entry, before), entry);
}

}  // namespace

void Ranking::set(ItemIndex item, double score) {
  if (item >= scores_.size())
    scores_.resize(item + 1, std::numeric_limits<double>::quiet_NaN());
  else if (!std::isnan(scores_[item]))
    order_.erase({-scores_[item], item});
  scores_[item] = score;
  order_.insert({-score, item});
}

std::size_t Ranking::memory_bytes() const {
  constexpr std::size_t kNode = 48;  // of a red-black tree: three pointers, a colour, the pair
  return scores_.capacity() * sizeof(double) + order_.size() * kNode;
}

Popularity Popularity::decayed(Milliseconds half_life) {
  Popularity popularity;
  popularity.half_life_ = half_life;
  return popularity;
}

double Popularity::half_lives(TimePoint time) const {
  return static_cast<double>((time - origin_).count()) / static_cast<double>(half_life_.count());
}

void Popularity::add(ItemIndex item, TimePoint time) {
  if (half_life_.count() == 0) {
    ranking_.set(item, (ranking_.has(item) ? ranking_.score(item) : 0) + 1);
    return;
  }
  if (origin_ == kNoTime) origin_ = time;
  const double now = half_lives(time);
  const double before = ranking_.has(item) ? std::exp2(ranking_.score(item) - now) : 0;
  ranking_.set(item, std::log2(before + 1) + now);
}

double Popularity::worth(ItemIndex item, TimePoint now) const {
  if (!ranking_.has(item)) return 0;
  return half_life_.count() == 0 ? ranking_.score(item) : std::exp2(ranking_.score(item) - half_lives(now));
}

void ScoreBoard::top(const Query& query, const Popularity& popularity, double share, std::vector<ItemIndex>& list) {
  best_.clear();
  const auto full = [&] { return best_.size() == query.n; };
  for (const ItemIndex item : touched_) {
    const std::pair<double, ItemIndex> entry{scores_[item] + share * popularity.worth(item, query.time), item};
    if (full() && !before(entry, best_.back())) continue;
    if (query.allowed(item)) keep(best_, query.n, entry);
  }
  // Of the others the most popular: once one of them is not good enough, none that follows is.
  for (const auto& [level, item] : popularity.ranking().order()) {
    if (item < scores_.size() && scores_[item] != kUntouched) continue;
    const std::pair<double, ItemIndex> entry{share * popularity.worth(item, query.time), item};
    if (full() && !before(entry, best_.back())) break;
    if (query.allowed(item)) keep(best_, query.n, entry);
  }
  list.clear();
  for (const auto& [score, item] : best_) list.push_back(item);
}

}  // namespace riffle::evaluation
